"""Regions of a picture as players: cells of a grid, or superpixels that follow its edges.

Achanta et al., "SLIC Superpixels Compared to State-of-the-Art Superpixel Methods", 2012.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from explainers.masking import Cells
from explainers.types import InputError, Word

Regions = Literal["grid", "superpixels"]

COMPACTNESS = (10, 30, 100, 1000)  # SLIC's trade of colour against distance, from supple to nearly a grid


@dataclass(frozen=True, eq=False)
class Segments:
    """Any partition of the pixels, its parts numbered from 0."""

    cell: Int[Tensor, "h w"]

    @cached_property
    def d(self) -> int:
        return int(self.cell.max()) + 1

    @property
    def words(self) -> tuple[Word, ...]:
        return ()

    def lift(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b 1 h w"]:
        return z[:, self.cell.to(z.device)][:, None]

    def paint(self, values: Float[Tensor, "t d"]) -> Float[Tensor, "t h w"]:
        return self.lift(values)[:, 0]


def divided(x: Float[Tensor, "c h w"], regions: Regions, cells: int) -> Cells | Segments:
    """cells × cells rectangles, or about as many superpixels."""
    match regions:
        case "grid":
            return Cells(cells, cells, (x.shape[-2], x.shape[-1]))
        case "superpixels":
            return superpixels(x, cells**2)


def superpixels(x: Float[Tensor, "c h w"], n: int) -> Segments:
    """About n, of the most supple outline that gives at least half as many: on texture they fall apart and vanish."""
    try:
        from skimage.segmentation import slic
    except ImportError as error:
        raise InputError("superpixels need scikit-image, which is not installed; choose the grid") from error
    pixels = x.permute(1, 2, 0).double().numpy(force=True)
    for compactness in COMPACTNESS:
        labels = torch.from_numpy(slic(pixels, n, compactness, sigma=1, start_label=0))
        segments = Segments(labels.unique(return_inverse=True)[1])
        if 2 * segments.d >= n:
            break
    if segments.d < 2:
        raise InputError("this picture does not divide into superpixels; choose the grid")
    return segments
