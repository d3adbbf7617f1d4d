"""What files hold beside pixels, made true for an upright picture."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from PIL import Image

from gan_style.imaging import vips
from gan_style.imaging.exif import ORIENTATION, density_of, orientation_of, signed, upright
from gan_style.imaging.profiles import profile_of
from gan_style.imaging.tiff import as_block, describing

EXIF, XMP, IPTC, RESOURCES = "exif-data", "xmp-data", "iptc-data", "photoshop-data"
IRB = b"Photoshop 3.0\0"
"""What stands before Photoshop's resources, IPTC among them, in a JPEG and not in a TIFF."""

XMP_KEY = b"XML:com.adobe.xmp"
"""How a PNG calls the text that is an XMP packet."""

CREATED = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" \
xmlns:xmp="http://ns.adobe.com/xap/1.0/"><xmp:CreatorTool>{}</xmp:CreatorTool></rdf:Description></rdf:RDF>\
</x:xmpmeta><?xpacket end="r"?>"""
"""An XMP packet that names a program and says nothing else (ISO 16684-1)."""

XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>))([1-8])""")

INCH = 25.4
MOST_DENSE = 1e6
"""Pixels per inch from which on a density is nonsense."""

X_RESOLUTION = 0x011A
LONGEST_JPEG_BLOCK = 65533
"""Bytes of an EXIF block."""


@dataclass(frozen=True)
class Details:
    """What a picture's file holds beside its pixels.

    Attributes:
        profile: the ICC profile that the picture goes back to when it is written; None for sRGB.
        exif: the EXIF block, beginning with ``Exif``, without orientation and thumbnail; or None.
        xmp: the XMP packet, or None.
        iptc: the IPTC block as a JPEG holds it, among Photoshop's resources; or None.
        density: pixels per millimetre, across and down; None where the file says nothing.
    """

    profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    density: tuple[float, float] | None = None

    def with_profile(self, profile: bytes | None) -> Details:
        """The same with another profile."""
        return replace(self, profile=profile)

    def without_metadata(self) -> Details:
        """What the picture needs to look and print the same: its profile and density."""
        return Details(self.profile, density=self.density)

    def signed(self, words: str, *, exif: bool = False) -> Details:
        """The same, naming the program that made the picture: in the EXIF block that there is, or else in XMP.

        libvips makes up the rest of an EXIF block, such as a density, and leaves an XMP packet as it is.

        Args:
            words: name and version.
            exif: whether it has to be EXIF.
        """
        if exif or self.exif or self.xmp:
            return replace(self, exif=signed(self.exif, words) or None)
        return replace(self, xmp=CREATED.format(escape(words)).encode("utf-8", "replace"))

    def without_exif(self) -> Details:
        """The same without the EXIF block."""
        return replace(self, exif=None)


def details_of(image: vips.Image) -> Details:
    """What lies beside the pixels of a file that libvips has opened."""
    turned = orientation_of_vips(image) >= 5
    size = (image.height, image.width) if turned else (image.width, image.height)
    exif = bytes(image.get(EXIF)) if image.get_typeof(EXIF) else None
    # libvips gives one pixel per millimetre where a file says nothing.
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
    """Pixels per millimetre, across and down, where nothing but the EXIF block says them."""
    density = density_of(exif)
    return (density[0] / INCH, density[1] / INCH) if density and max(density) < MOST_DENSE else None


def with_exif(image: vips.Image, block: bytes) -> vips.Image:
    """A picture with another EXIF block, and turned as that says."""
    image = image.copy()
    image.set_type(vips.BLOB, EXIF, block)
    image.set_type(vips.INT, "orientation", orientation_of(block))
    return image


def with_density(image: vips.Image, density: tuple[float, float]) -> vips.Image:
    """A picture with another density, in pixels per millimetre, across and down."""
    image = image.copy(xres=density[0], yres=density[1])
    image.set_type(vips.STRING, "resolution-unit", "in")
    return image


def upright_xmp(packet: bytes) -> bytes:
    """An XMP packet that says upright, too."""
    return XMP_ORIENTATION.sub(rb"\g<1>1", packet)


def orientation_of_vips(image: vips.Image) -> int:
    """1 to 8: what EXIF says, or where it does not, as Pillow has it, what XMP says; 1 where neither does."""
    if image.get_typeof("orientation"):
        return int(image.get("orientation"))
    loader = str(image.get("vips-loader")) if image.get_typeof("vips-loader") else ""
    if not image.get_typeof(XMP) or loader.startswith("heif"):  # HEIF has another place for it, and has been turned.
        return 1
    found = XMP_ORIENTATION.search(bytes(image.get(XMP)))
    return int(found[2]) if found else 1


def iptc_of(image: vips.Image) -> bytes | None:
    """The IPTC block as a JPEG holds it."""
    if image.get_typeof(RESOURCES):
        return IRB + bytes(image.get(RESOURCES))
    block = bytes(image.get(IPTC)) if image.get_typeof(IPTC) else b""
    return block if block.startswith(IRB) else None


def details_of_pillow(image: Image.Image) -> Details:
    """What lies beside the pixels of a file that Pillow has opened, as it is (so maybe not upright yet)."""
    info = image.info
    exif = info.get("exif")
    if image.format == "TIFF":
        exif = tiff_exif(image)
    elif not isinstance(exif, bytes):
        try:
            block = image.getexif()
            exif = block.tobytes() if len(block) else None
        except Exception:  # A broken block can raise anything, and the picture is fine without it.
            exif = None
    turned = exif is not None and orientation_of(exif) >= 5
    size = image.size[::-1] if turned else image.size
    # Pillow takes what a PNG holds as anything but iTXt for Latin-1.
    xmp = info.get("xmp") or str(info.get(XMP_KEY.decode(), "")).encode("latin-1", "replace")
    profile, dpi = info.get("icc_profile"), info.get("dpi")
    if X_RESOLUTION not in getattr(image, "tag_v2", (X_RESOLUTION,)):
        dpi = None  # Pillow's own.
    density = None
    if isinstance(dpi, tuple) and len(dpi) == 2 and all(0 < one < MOST_DENSE for one in dpi):
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


def tiff_exif(image: Image.Image) -> bytes | None:
    """The EXIF block of a TIFF, orientation included, as other formats hold it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = image.getexif()
            values = describing(whole)
            if ORIENTATION in whole:
                values[ORIENTATION] = whole[ORIENTATION]
            return as_block(values) if values else None
    except Exception:  # As above.
        return None
