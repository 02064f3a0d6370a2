"""The one table of colour maps, for Python and, handed over as data, for JavaScript.

Diverging: RdBu of ColorBrewer (Brewer and Harrower), safe for colour-blind eyes, zero in the middle. Sequential:
inferno (Smith and van der Walt), evenly rising in lightness. Categorical: Okabe and Ito (2008), told apart by
colour-blind eyes, without its black, which is the text's, and its yellow, which white swallows; the page pairs each
with a shape.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8

Stop = tuple[int, int, int]

DIVERGING: tuple[Stop, ...] = (
    (5, 48, 97), (33, 102, 172), (67, 147, 195), (146, 197, 222), (209, 229, 240), (247, 247, 247),
    (253, 219, 199), (244, 165, 130), (214, 96, 77), (178, 24, 43), (103, 0, 31),
)  # fmt: skip
SEQUENTIAL: tuple[Stop, ...] = (
    (0, 0, 3), (22, 11, 57), (65, 9, 103), (106, 23, 110), (147, 37, 103), (187, 54, 84),
    (221, 81, 58), (243, 118, 27), (251, 164, 10), (246, 215, 70), (252, 254, 164),
)  # fmt: skip
CATEGORICAL: tuple[Stop, ...] = (
    (0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (213, 94, 0), (86, 180, 233),
)  # fmt: skip


def stops(*, signed: bool) -> tuple[Stop, ...]:
    return DIVERGING if signed else SEQUENTIAL


def limits(values: Float[np.ndarray, "*shape"], *, signed: bool) -> tuple[float, float]:
    """What the ends of the scale stand for: symmetric about zero when signed, from zero (or below) when not."""
    if signed:
        reach = float(np.abs(values).max()) or 1.0  # a map of zeros keeps its zero in the middle
        return -reach, reach
    low, high = min(0.0, float(values.min())), float(values.max())
    return (low, high) if high > low else (low, low + 1.0)


def paint(
    values: Float[np.ndarray, "h w"], *, signed: bool, within: tuple[float, float] | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """Colours of a map on its own scale, or on another's, `within` whose ends it is cut."""
    low, high = within or limits(values, signed=signed)
    table = np.asarray(stops(signed=signed), dtype=np.float64)
    place = (np.clip((values - low) / (high - low), 0, 1) * (len(table) - 1)).astype(np.float64)
    channels = [np.interp(place, np.arange(len(table)), table[:, c]) for c in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)
