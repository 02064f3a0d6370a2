"""A map over what the model sees: where the evidence is weak, the picture shows through, as on the page."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from app.views import colours
from explainers.types import Attribution

OPACITY = 0.85


def grey(pixels: UInt8[np.ndarray, "h w 3"]) -> Image.Image:
    """Colour means evidence, and only that."""
    return Image.fromarray(pixels).convert("L").convert("RGB")


def layer(attribution: Attribution) -> Image.Image:
    """The map alone, RGBA."""
    low, high = colours.limits(attribution.values, signed=attribution.signed)
    share = np.minimum(np.abs(attribution.values) / max(abs(low), abs(high)), 1)
    alpha = (255 * OPACITY * share * (2 - share)).astype(np.uint8)
    return Image.fromarray(np.dstack([colours.paint(attribution.values, signed=attribution.signed), alpha]))


def laid(attribution: Attribution, pixels: UInt8[np.ndarray, "h w 3"], side: int | None = None) -> Image.Image:
    """Both together; `side` pixels of the longer side, where it is given."""
    below, above = grey(pixels), layer(attribution)
    if side is not None:
        size = scaled(below.size, side)
        below, above = (image.resize(size, Image.Resampling.BICUBIC) for image in (below, above))
    return Image.alpha_composite(below.convert("RGBA"), above).convert("RGB")


def scaled(size: tuple[int, int], side: int) -> tuple[int, int]:
    longer = max(size)
    return max(1, round(size[0] * side / longer)), max(1, round(size[1] * side / longer))
