"""Picture metadata, adjusted for an upright picture."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from PIL import Image

from gan_style.imaging import vips
from gan_style.imaging.exif import ORIENTATION, density_of, orientation_of, upright, with_software
from gan_style.imaging.profiles import profile_of
from gan_style.imaging.tiff import descriptive_tags, exif_block

EXIF, XMP, IPTC, RESOURCES = "exif-data", "xmp-data", "iptc-data", "photoshop-data"
IRB = b"Photoshop 3.0\0"
"""Prefix of Photoshop resources (which include IPTC) in JPEG, absent in TIFF."""

XMP_KEY = b"XML:com.adobe.xmp"
"""Keyword of an XMP packet in a PNG text chunk."""

CREATED = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" \
xmlns:xmp="http://ns.adobe.com/xap/1.0/"><xmp:CreatorTool>{}</xmp:CreatorTool></rdf:Description></rdf:RDF>\
</x:xmpmeta><?xpacket end="r"?>"""
"""A minimal XMP packet with the creating program (ISO 16684-1)."""

XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>))([1-8])""")

INCH = 25.4
MAX_DENSITY = 1e6
"""Maximum plausible density in pixels per inch."""

X_RESOLUTION = 0x011A
LONGEST_JPEG_BLOCK = 65533
"""Maximum bytes of an EXIF block in a JPEG."""


@dataclass(frozen=True)
class Details:
    """Metadata of a picture.

    Attributes:
        profile: ICC profile to which the picture is converted on output; None for sRGB.
        exif: EXIF block, starting with ``Exif``, with neutral orientation and without thumbnail; or None.
        xmp: XMP packet, or None.
        iptc: IPTC block in its JPEG form, within Photoshop resources; or None.
        density: pixels per millimeter, horizontal and vertical; None if the file does not specify it.
    """

    profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    density: tuple[float, float] | None = None

    def with_profile(self, profile: bytes | None) -> Details:
        """Return a copy with another profile."""
        return replace(self, profile=profile)

    def without_metadata(self) -> Details:
        """Return a copy with only profile and density, which affect display and print."""
        return Details(self.profile, density=self.density)

    def signed(self, words: str, *, exif: bool = False) -> Details:
        """Return a copy that names the creating program: in an existing EXIF block, or else in XMP.

        libvips adds other fields such as a density to an EXIF block, and leaves an XMP packet unchanged.

        Args:
            words: name and version.
            exif: whether to use EXIF in any case.
        """
        if exif or self.exif or self.xmp:
            return replace(self, exif=with_software(self.exif, words) or None)
        return replace(self, xmp=CREATED.format(escape(words)).encode("utf-8", "replace"))

    def without_exif(self) -> Details:
        """Return a copy without the EXIF block."""
        return replace(self, exif=None)


def details_of(image: vips.Image) -> Details:
    """Read the metadata of a file opened by libvips."""
    turned = orientation_of_vips(image) >= 5
    size = (image.height, image.width) if turned else (image.width, image.height)
    exif = bytes(image.get(EXIF)) if image.get_typeof(EXIF) else None
    # libvips defaults to one pixel per millimeter.
    density = (float(image.xres), float(image.yres)) if image.get_typeof("resolution-unit") else None
    if density in (None, (1.0, 1.0)) and exif:
        density = density_in(exif)
    if density is not None and turned:
        density = density[::-1]
    return Details(
        profile_of(image),
        upright(exif, size) if exif else None,
        upright_xmp(bytes(image.get(XMP))) if image.get_typeof(XMP) else None,
        iptc_of(image),
        density,
    )


def density_in(exif: bytes) -> tuple[float, float] | None:
    """Read the density from an EXIF block, in pixels per millimeter, horizontal and vertical."""
    density = density_of(exif)
    return (density[0] / INCH, density[1] / INCH) if density and max(density) < MAX_DENSITY else None


def with_exif(image: vips.Image, block: bytes) -> vips.Image:
    """Return an image with another EXIF block and its orientation."""
    image = image.copy()
    image.set_type(vips.BLOB, EXIF, block)
    image.set_type(vips.INT, "orientation", orientation_of(block))
    return image


def with_density(image: vips.Image, density: tuple[float, float]) -> vips.Image:
    """Return an image with another density, in pixels per millimeter, horizontal and vertical."""
    image = image.copy(xres=density[0], yres=density[1])
    image.set_type(vips.STRING, "resolution-unit", "in")
    return image


def upright_xmp(packet: bytes) -> bytes:
    """Set the orientation in an XMP packet to upright."""
    return XMP_ORIENTATION.sub(rb"\g<1>1", packet)


def orientation_of_vips(image: vips.Image) -> int:
    """Orientation, 1 to 8, from EXIF, or else from XMP as in Pillow; 1 by default."""
    if image.get_typeof("orientation"):
        return int(image.get("orientation"))
    loader = str(image.get("vips-loader")) if image.get_typeof("vips-loader") else ""
    if not image.get_typeof(XMP) or loader.startswith("heif"):  # HEIF stores it elsewhere and is upright already.
        return 1
    found = XMP_ORIENTATION.search(bytes(image.get(XMP)))
    return int(found[2]) if found else 1


def iptc_of(image: vips.Image) -> bytes | None:
    """The IPTC block in its JPEG form."""
    if image.get_typeof(RESOURCES):
        return IRB + bytes(image.get(RESOURCES))
    block = bytes(image.get(IPTC)) if image.get_typeof(IPTC) else b""
    return block if block.startswith(IRB) else None


def details_of_pillow(image: Image.Image) -> Details:
    """Read the metadata of a file opened by Pillow, before its orientation is applied."""
    info = image.info
    exif = info.get("exif")
    if image.format == "TIFF":
        exif = exif_from_tiff(image)
    elif not isinstance(exif, bytes):
        try:
            block = image.getexif()
            exif = block.tobytes() if len(block) else None
        except Exception:  # A broken block can raise anything; the picture is valid without it.
            exif = None
    turned = exif is not None and orientation_of(exif) >= 5
    size = image.size[::-1] if turned else image.size
    # Pillow decodes PNG text other than iTXt as Latin-1.
    xmp = info.get("xmp") or str(info.get(XMP_KEY.decode(), "")).encode("latin-1", "replace")
    profile, dpi = info.get("icc_profile"), info.get("dpi")
    if X_RESOLUTION not in getattr(image, "tag_v2", (X_RESOLUTION,)):
        dpi = None  # A default of Pillow.
    density = None
    if isinstance(dpi, tuple) and len(dpi) == 2 and all(0 < one < MAX_DENSITY for one in dpi):
        density = (float(dpi[0]) / INCH, float(dpi[1]) / INCH)
    elif exif:
        density = density_in(exif)
    return Details(
        profile if isinstance(profile, bytes) else None,
        upright(exif, size) if exif else None,
        upright_xmp(xmp.encode() if isinstance(xmp, str) else xmp) if xmp else None,
        None,
        density[::-1] if density and turned else density,
    )


def exif_from_tiff(image: Image.Image) -> bytes | None:
    """Build an EXIF block from the tags of a TIFF, including orientation."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = image.getexif()
            values = descriptive_tags(whole)
            if ORIENTATION in whole:
                values[ORIENTATION] = whole[ORIENTATION]
            return exif_block(values) if values else None
    except Exception:  # As above.
        return None
