"""Exact Shapley values of a few players, from every set of them.

Shapley, "A Value for n-Person Games", 1953.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.board import RegionBoard, Shares
from explainers.game import Game
from explainers.masking import FIRST, batches
from explainers.params import Range
from explainers.registry import register
from explainers.text.board import TextBoard
from explainers.types import Attributions, InputError, Progress

MOST = 12  # players: 4,096 forwards


@dataclass(frozen=True, kw_only=True)
class ExactShapley(Shares):
    """Without sampling error. Costs 2^d forwards for d players."""

    def share(self, game: Game, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        if game.d > MOST:
            raise InputError(f"all sets are scored of at most {MOST} {self.part}s; this {self.whole} has {game.d}")
        z = everything(game.d)
        means, done, total = SizeMeans(game.d, len(game.full)), 2, len(z)
        means.add(z[[0, -1]].double(), game.ends)
        z = z[1:-1][torch.randperm(total - 2, generator=rng)]  # a preview has sets of all sizes
        for batch in game.value.stream(z[part] for part in batches(len(z), game.value.score, FIRST)):
            means.add(batch.z.cpu().double(), batch.score.cpu().double())
            done += len(batch.z)
            yield Progress(done, total, game.shares(means.shapley()))


@register("exact_shapley", revision=1)
@dataclass(frozen=True, kw_only=True)
class PictureExactShapley(RegionBoard, ExactShapley):
    """Each region's fair share of the score, its Shapley value, without sampling error: all sets of few regions.

    Costs 2^d forwards for d regions, 512 on the grid of nine.
    """

    cells: Annotated[int, Range(2, 3, "Regions along each side; superpixels: the square of it in all.")] = 3


@register("exact_shapley", "text", revision=1)
@dataclass(frozen=True, kw_only=True)
class TextExactShapley(TextBoard, ExactShapley):
    """Each word's fair share of the score, its Shapley value, without sampling error: all sets of at most 12 words.

    Costs 2^d forwards for d words.
    """


def everything(d: int) -> Float[Tensor, "_ d"]:
    """All 2^d rows."""
    return (torch.arange(2**d)[:, None] >> torch.arange(d) & 1).float()


class SizeMeans:
    """φ_j = 1/d Σ_s (mean of v over sets of s + 1 with j − mean of v over sets of s without j)."""

    def __init__(self, d: int, t: int) -> None:
        self.d = d
        self.sums = torch.zeros(2, d + 1, d, t, dtype=torch.float64)  # without or with j, by size and j
        self.counts = torch.zeros(2, d + 1, d, 1, dtype=torch.float64)

    def add(self, z: Float[Tensor, "n d"], v: Float[Tensor, "n t"]) -> None:
        size = z.sum(1).long()
        for present, member in enumerate((1 - z, z)):
            self.sums[present].index_add_(0, size, member[..., None] * v[:, None])
            self.counts[present].index_add_(0, size, member[..., None])

    def shapley(self) -> Float[Tensor, "d t"]:
        """Sizes that no row has shown yet are left out of the mean."""
        without, present = self.sums / self.counts  # 0 / 0 is NaN: not seen
        gains: Tensor = present[1:] - without[:-1]
        return gains.nanmean(0).nan_to_num()
