"""Pointing games: whether the map lies where a person says the object is.

Zhang et al., "Top-down Neural Attention by Excitation Backprop", 2016 (arXiv:1608.00507), with 15 pixels of tolerance;
Wang et al., "Score-CAM", 2020 (arXiv:1910.01279), for the energy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import distance_transform_edt

TOLERANCE = 15  # pixels

Box = tuple[float, float, float, float]  # x0, y0, x1, y1, the last two outside


def pointing_game(
    values: Float[np.ndarray, "h w"], region: Bool[np.ndarray, "h w"], tolerance: float = TOLERANCE
) -> float:
    """The chance that the map's peak is in the region, or no further than `tolerance` from a pixel of it.

    Of a plateau, the share that is: what choosing among equals by lot would score. So a constant map scores what a
    random point does, and a flat cell on the border of the object is not decided by the order of its pixels.
    """
    if not region.any():
        raise ValueError("region must hold at least one pixel; got none")
    near = distance_transform_edt(~region) <= tolerance
    return float(near[values == values.max()].mean())


def energy_pointing(values: Float[np.ndarray, "h w"], region: Bool[np.ndarray, "h w"]) -> float:
    """The share of the map's positive values that lies in the region; without any, the region's share of the image."""
    positive = np.clip(values.astype(np.float64), 0, None)
    whole = positive.sum()
    return float(positive[region].sum() / whole if whole > 0 else region.mean())


def boxes(found: Sequence[Box], size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """The pixels whose centre lies in one of the boxes."""
    y, x = (np.arange(side) + 0.5 for side in size)
    region = np.zeros(size, bool)
    for x0, y0, x1, y1 in found:
        region |= ((y >= y0) & (y < y1))[:, None] & ((x >= x0) & (x < x1))
    return region
