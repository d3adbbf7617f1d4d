"""The generator: it turns a photograph into a painting of the same size, with a finite receptive field.

There is no spatial normalization and no attention, so each output pixel depends on a finite neighborhood of the input.
Painting in tiles that overlap by :attr:`GeneratorConfig.margin` gives the same result as painting at once, at any size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_style.edge_flow import CELL
from gan_style.models import kuwahara as simplification
from gan_style.models import streaks
from gan_style.models.kuwahara import kuwahara_filter
from gan_style.models.layers import conv3x3, initialize_weights, leaky
from gan_style.models.streaks import CHANNELS, line_integral_convolution

MANNER_SCALE = 0.5
"""Standard deviation of the latent shifts at initialization; the activations have one of about 1."""

UNSEEN = 0.25
"""Factor on the initial weights of inputs that a pretrained generator did not have."""

LIMITS = {
    "channels": (4, 512),
    "blocks": (0, 32),
    "refine_channels": (4, 256),
    "refine_blocks": (0, 32),
    "noise": (0, 64),
    "simplify": (0, 16),
    "streaks": (0, 32),
    "residual": (0, 1),
}
"""Smallest and largest value of each field of a generator's config."""


@dataclass(frozen=True)
class GeneratorConfig:
    """Shape of a generator.

    Attributes:
        channels: width of the residual trunk, which runs at a quarter of the resolution.
        blocks: number of residual blocks in the trunk.
        refine_channels: width of the layers at half resolution, the first of which combines trunk and photograph.
        refine_blocks: number of residual blocks there, for grain finer than the trunk's grid.
        noise: size of the latent vector that selects the variation; 0 makes the generator deterministic.
        simplify: size in pixels of the textures to remove from photographs first; 0 keeps them.
        streaks: half length, in cells of two pixels, of the noise streaks along the edges of the photograph from which
            strokes are made; 0 uses the photograph alone.
        residual: 1 adds the network's output to the photograph; 0 uses the output alone, for drawings on paper.
    """

    channels: int = 96
    blocks: int = 6
    refine_channels: int = 32
    refine_blocks: int = 1
    noise: int = 0
    simplify: int = 0
    streaks: int = 0
    residual: int = 1

    STRIDE = 4
    """Height and width of the input, and the offset of a tile, must be multiples of this."""

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise ValueError(f"generator {name} must be a whole number from {low} to {high}, not {value!r}")

    @property
    def margin(self) -> int:
        """Receptive field radius in pixels, rounded up to a multiple of ``STRIDE``."""
        trunk = self.STRIDE * (1 + 2 * self.blocks)
        upsample = self.STRIDE
        refine = 2 * (2 + 2 * self.refine_blocks)
        blur = 1
        seen = max(simplification.reach_of(self.simplify), streaks.reach_of(self.streaks))
        return self.STRIDE * sum(math.ceil(part / self.STRIDE) for part in (trunk + upsample + refine + blur, seen))

    @property
    def inputs(self) -> tuple[int, int]:
        """Input channels of the stem, per cell of ``STRIDE`` pixels, and of refinement, per cell of half that size."""
        beside = CHANNELS if self.streaks else 0
        return 3 * self.STRIDE**2 + beside * (self.STRIDE // CELL) ** 2, 3 * CELL**2 + beside

    def shapes(self) -> dict[str, list[int]]:
        """Return the shape of each tensor of a generator, by name, without building one."""
        trunk, fine = self.channels, self.refine_channels
        squares = [(f"trunk.{index}", trunk) for index in range(self.blocks)]
        squares += [(f"finish.{index}", fine) for index in range(self.refine_blocks)]
        convolutions = {
            "stem": [trunk, self.inputs[0], 3, 3],
            **{f"{block}.{part}": [width, width, 3, 3] for block, width in squares for part in ("first", "second")},
            "squeeze": [fine, trunk, 1, 1],
            "refine": [fine, fine + self.inputs[1], 3, 3],
            "head": [12, fine, 3, 3],
        }
        shapes = {f"{name}.weight": shape for name, shape in convolutions.items()}
        shapes |= {f"{name}.bias": shape[:1] for name, shape in convolutions.items()}
        if self.noise and squares:
            shapes["manner.weight"] = [sum(width for _, width in squares), self.noise]
        return shapes


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a skip connection; the identity at initialization."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv3x3(channels, channels)
        self.second = conv3x3(channels, channels)

    def forward(self, x: Tensor, shift: Tensor | None = None) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W); ``shift``, (N, C), is added between the convolutions."""
        hidden: Tensor = self.first(leaky(x))
        if shift is not None:
            hidden = hidden + shift[:, :, None, None].to(hidden.dtype)
        change: Tensor = self.second(leaky(hidden, inplace=True))
        return x + change


class Generator(nn.Module):
    """``painting = photograph + delta``, with dense convolutions at a quarter of the resolution.

    Two design choices prevent lattice artifacts: the trunk is upsampled to half resolution by bilinear interpolation
    (Odena et al., "Deconvolution and Checkerboard Artifacts", Distill 2016), and the output of the last pixel shuffle
    (Shi et al., CVPR 2016) is smoothed by a binomial filter whose response at a period of two pixels is zero. Without
    streaks, a flat photograph therefore stays flat.

    A latent vector, the same for the whole picture, selects the variation: a linear projection of it shifts the hidden
    activations of each residual block. Zero is the mean variation.
    """

    binomial: Tensor

    def __init__(self, config: GeneratorConfig | None = None) -> None:
        super().__init__()
        self.config = config or GeneratorConfig()
        channels, refine = self.config.channels, self.config.refine_channels
        self.stem = conv3x3(self.config.inputs[0], channels)
        self.trunk = nn.Sequential(*(ResidualBlock(channels) for _ in range(self.config.blocks)))
        self.squeeze = nn.Conv2d(channels, refine, 1)
        self.refine = conv3x3(refine + self.config.inputs[1], refine)
        self.finish = nn.Sequential(*(ResidualBlock(refine) for _ in range(self.config.refine_blocks)))
        self.head = conv3x3(refine, 3 * 4)
        self.widths = [channels] * self.config.blocks + [refine] * self.config.refine_blocks
        shifted = self.config.noise and self.widths
        self.manner = nn.Linear(self.config.noise, sum(self.widths), bias=False) if shifted else None
        kernel = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("binomial", (kernel[:, None] * kernel / 16).expand(3, 1, 3, 3).clone(), persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialize with Kaiming-normal weights; zero where this makes the network start as the identity."""
        initialize_weights(self)
        for module in self.modules():
            if isinstance(module, ResidualBlock):
                nn.init.zeros_(module.second.weight)
        if self.manner is not None:
            nn.init.normal_(self.manner.weight, std=MANNER_SCALE * self.config.noise**-0.5)
        with torch.no_grad():
            # The same kernel for the four pixels of a cell (ICNR, Aitken et al., 2017): no lattice at the start.
            # A tenth of the usual scale: near the identity, but not at it, so that every layer has a gradient.
            cell = self.head.weight[::4] * 0.1
            self.head.weight.copy_(cell.repeat_interleave(4, 0))

    def forward(self, photo: Tensor, noise: Tensor | None = None, grain: Tensor | None = None) -> Tensor:
        """Paint a batch.

        Args:
            photo: (N, 3, H, W) in [-1, 1], RGB; H and W multiples of ``GeneratorConfig.STRIDE``.
            noise: (N, Z) latent vectors, standard normal, Z as in the config; zero if None.
            grain: (N, 3, H / 2, W / 2) noise, standard normal, for streaks; drawn at random if None. Unused if the
                config has no streaks.

        Returns:
            (N, 3, H, W), float32, about [-1, 1] and not clamped.
        """
        beside = self.beside(photo, grain)
        photo = kuwahara_filter(photo, self.config.simplify)
        shifts = iter(self.shifts(noise))
        quarter = self.stem(torch.cat([F.pixel_unshuffle(photo, 4), *(F.pixel_unshuffle(one, 2) for one in beside)], 1))
        for block in self.trunk:
            quarter = block(quarter, next(shifts))
        squeezed = self.squeeze(leaky(quarter, inplace=True))
        half = F.interpolate(squeezed, scale_factor=2, mode="bilinear", align_corners=False)
        half = torch.cat([half, *(one.to(half.dtype) for one in (F.pixel_unshuffle(photo, 2), *beside))], 1)
        half = self.refine(leaky(half, inplace=True))
        for block in self.finish:
            half = block(half, next(shifts))
        delta = F.pixel_shuffle(self.head(leaky(half, inplace=True)), 2).float()
        smooth = F.conv2d(F.pad(delta, (1, 1, 1, 1), mode="replicate"), self.binomial.to(delta.dtype), groups=3)
        return photo + smooth.float() if self.config.residual else smooth.float()

    def beside(self, photo: Tensor, grain: Tensor | None) -> list[Tensor]:
        """Return the inputs besides the photograph: streaks, (N, 3, H / 2, W / 2), or nothing."""
        if not self.config.streaks:
            return []
        if grain is None:
            count, _, height, width = photo.shape
            grain = torch.randn(count, CHANNELS, height // CELL, width // CELL, device=photo.device)
        return [line_integral_convolution(grain, photo, self.config.streaks)]

    def load_matching_weights(self, other: Generator) -> None:
        """Copy the weights of another generator as far as they match.

        Args:
            other: a generator of the same shape except for its additional inputs and its latent size. New inputs keep
                small initial weights; if the latent size differs, the latent projection keeps its initial weights.
        """
        weights = other.state_dict()
        if other.config.noise != self.config.noise:
            weights.pop("manner.weight", None)
        mine = self.state_dict()
        for name in ("stem.weight", "refine.weight"):
            old, new = weights[name], UNSEEN * mine[name]
            if old.shape != new.shape:
                shared = min(old.shape[1], new.shape[1])
                weights[name] = torch.cat([old[:, :shared].to(new.device), new[:, shared:]], 1)
        self.load_state_dict(weights, strict=False)

    def shifts(self, noise: Tensor | None) -> Sequence[Tensor | None]:
        """Return the latent shift of each residual block, (N, C) or None."""
        if self.manner is None or noise is None:
            return [None] * len(self.widths)
        return self.manner(noise).split(self.widths, 1)  # type: ignore[no-any-return]  # torch says Any
