"""A map over what the model sees: where the evidence is weak, the picture shows through, as on the page."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from app.export.finding import Hand
from app.views import colours
from explainers.types import Attribution

OPACITY = 0.85
HATCH = 8  # pixels from stripe to stripe over what is painted, and
STRIPE = 2  # pixels of one: the map is seen between them
VEIL = 0.8


def grey(pixels: UInt8[np.ndarray, "h w 3"]) -> Image.Image:
    """Colour means evidence, and only that."""
    return Image.fromarray(pixels).convert("L").convert("RGB")


def layer(attribution: Attribution, within: tuple[float, float] | None = None) -> Image.Image:
    """The map alone, RGBA, on its own scale or on another's."""
    values, signed = attribution.values, attribution.signed
    low, high = within or colours.limits(values, signed=signed)
    share = np.minimum(np.abs(values) / max(abs(low), abs(high)), 1)
    alpha = (255 * OPACITY * share * (2 - share)).astype(np.uint8)
    return Image.fromarray(np.dstack([colours.paint(values, signed=signed, within=(low, high)), alpha]))


def hatched(amount: UInt8[np.ndarray, "h w"]) -> Image.Image:
    """What a brush lies on, striped, RGBA."""
    h, w = amount.shape
    striped = (np.arange(h)[:, None] + np.arange(w)) % HATCH < STRIPE
    ink = np.full((h, w, 3), (26, 28, 34), np.uint8)
    return Image.fromarray(np.dstack([ink, (VEIL * amount * striped).astype(np.uint8)]))


def layers(
    attribution: Attribution, pixels: UInt8[np.ndarray, "h w 3"], hand: Hand | None = None
) -> dict[str, Image.Image]:
    """From the lowest up."""
    found = {"picture": grey(pixels), "map": layer(attribution, None if hand is None else hand.limits)}
    if hand is not None and hand.amount.any():
        found["painted"] = hatched(hand.amount)
    return found


def laid(
    attribution: Attribution, pixels: UInt8[np.ndarray, "h w 3"], side: int | None = None, hand: Hand | None = None
) -> Image.Image:
    """All of them together; `side` pixels of the longer side, where it is given."""
    below, *above = layers(attribution, pixels, hand).values()
    size = below.size if side is None else scaled(below.size, side)
    whole = below.resize(size, Image.Resampling.BICUBIC).convert("RGBA")
    for each in above:
        whole = Image.alpha_composite(whole, each.resize(size, Image.Resampling.BICUBIC))
    return whole.convert("RGB")


def scaled(size: tuple[int, int], side: int) -> tuple[int, int]:
    longer = max(size)
    return max(1, round(size[0] * side / longer)), max(1, round(size[1] * side / longer))
