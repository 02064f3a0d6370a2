"""Sobol attribution: the share of the score's variance that involves each player.

Fel et al., "Look at the Variance! Efficient Black-box Explanations with Sobol-based Sensitivity Analysis", 2021
(arXiv:2111.04138).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from explainers.board import Board, GridBoard
from explainers.designs import latin_hypercube, scrambled_sobol
from explainers.indices import FLAT, ratio
from explainers.masking import FIRST, batches
from explainers.params import Range
from explainers.registry import register
from explainers.results import GROWTH, settled
from explainers.text.board import TextBoard
from explainers.types import Attributions, Prepared, Progress, ScoreFunction

SEQUENCE = 128  # base samples from which scrambled Sobol points are used; below, they are no better than a hypercube
BLOCK = 8  # base samples scored together: an early preview rests on these


@dataclass(frozen=True, kw_only=True)
class Sobol(Board):
    """`total` is S_T with all interactions, from n (d + 1) forwards; `first` is S, the player alone, from n (d + 2).

    The index has no sign of its own: it is that of Cov(z_i, f), from the same forwards.
    """

    n: Annotated[int, Range(8, 1024, "Base samples; more give a steadier map. From 128 on a power of two.")] = 32
    order: Annotated[Literal["total", "first"], "With interactions, or by itself."] = "total"
    tolerance: Annotated[float, Range(0, 0.5, "Stop early below this standard error, in ranges of the map; 0: no.")] = (
        0.0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n >= SEQUENCE and self.n & (self.n - 1):
            raise ValueError(f"n must be a power of two from {SEQUENCE} on; got {self.n}")

    @property
    def unit(self) -> str:
        return "share of the variance of {score}, with its sign"

    def reduced(self) -> Sobol:
        return replace(self, n=8, tolerance=0.0)

    def explain(self, score: ScoreFunction, x: Prepared, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        game = self.play(score, x)
        points = (scrambled_sobol if self.n >= SEQUENCE else latin_hypercube)(self.n, 2 * game.d, rng)
        A, B = points.chunk(2, dim=1)
        known = torch.full((self.n, game.d + 2, len(game.full)), torch.nan, dtype=torch.float64)
        plan = planned(self.n, game.d, 2 if self.order == "first" else 1, rng)
        rows = (saltelli(A, B, plan[part]) for part in batches(len(plan), score, FIRST))
        done, shown, stop = 0, 0, False
        for batch in game.value.stream(rows):
            sample, column = plan[done : done + len(batch.z)].T
            known[sample, column] = batch.score.cpu().double()
            done += len(batch.z)
            if done >= min(GROWTH * shown, len(plan)):
                shown, result = done, game.painted(*self._index(A, B, known))
                stop = settled(result, self.tolerance)
            yield Progress(done, done if stop else len(plan), result)
            if stop:
                return

    def _index(
        self, A: Float[Tensor, "n d"], B: Float[Tensor, "n d"], known: Float[Tensor, "n d+2 t"]
    ) -> tuple[Float[Tensor, "d t"], Float[Tensor, "d t"]]:
        """Signed indices from the rows scored so far, and their standard error.

        A region of which no swap is scored yet borrows the squared correlation of z_i and f(A): its S_i, were f linear.
        """
        m = int(known[:, 0, 0].isfinite().sum())  # base samples are scored in order
        A, B, known = A[:m].double(), B[:m].double(), known[:m]
        a, b, ab = known[:, :1], known[:, 1:2], known[:, 2:]
        base = torch.cat([a, b], 1) if self.order == "first" else a
        mean = base.nanmean((0, 1))
        whole = (base - mean).square().nanmean(1, keepdim=True)
        variance = whole.mean(0)

        part = (b - mean) * (ab - a) if self.order == "first" else (a - ab).square() / 2
        index, stderr = ratio(part, whole)
        count = part.isfinite().sum(0)
        stderr = torch.where(count > 1, stderr, index * 2**0.5)  # one square has the spread of chi squared
        # (f(AB_i) − f(A)) (B_i − A_i) has mean 2 Cov(z_i, f), and the other regions cancel in it
        slope = ((ab - a) * (B - A)[..., None]).nansum(0)

        covariance = (A - 0.5).mT @ (a[:, 0] - mean) / m
        correlation = covariance.square() * 12 / variance
        spread = (4 * correlation * (1 - correlation).clamp(min=0) ** 2 / m + 2 / m**2).sqrt()
        index = torch.where(count > 0, index.clamp(min=0) * slope.sign(), correlation * covariance.sign())
        stderr = torch.where(count > 0, stderr, spread)
        varies = variance > FLAT * base.square().nanmean((0, 1))
        return torch.where(varies, index, 0.0), torch.where(varies, stderr, 0.0)


@register("sobol", revision=1)
@dataclass(frozen=True, kw_only=True)
class PictureSobol(GridBoard, Sobol):
    """Each region's share of the score's variance, signed by whether seeing it raises or lowers the score.

    `total` is S_T with all interactions, from n (cells² + 1) forwards; `first` is S, the region by itself, from
    n (cells² + 2). The index has no sign of its own: it is that of Cov(z_i, f), from the same forwards. Below n = 128
    trust the ranks of the regions rather than the magnitudes.
    """

    def reduced(self) -> PictureSobol:
        """Coarser regions as well: the cost is samples times regions, and at 8 samples the magnitudes are noise."""
        return replace(self, n=8, cells=min(self.cells, 5), tolerance=0.0)


@register("sobol", "text", revision=1)
@dataclass(frozen=True, kw_only=True)
class TextSobol(TextBoard, Sobol):
    """Each word's share of the score's variance, signed by whether its presence raises or lowers the score.

    A word is present to any degree: its embedding lies between its own and the baseline's; with deletion it is there
    from one half on. Costs n (d + 1) forwards for d words, n (d + 2) of first order.
    """


def planned(n: int, d: int, bases: int, rng: torch.Generator) -> Int[Tensor, "rows 2"]:
    """Base sample and column of every row to score: 0 is A, 1 is B, 2 + i is A with column i from B.

    In blocks of `BLOCK` samples, the base rows of a block before its swaps, the swaps of a sample in random order.
    """
    columns = torch.cat([torch.arange(bases), 2 + torch.randperm(d, generator=rng)])
    rows = torch.cartesian_prod(torch.arange(n), columns)
    return rows[(rows[:, 0] // BLOCK * 2 + (rows[:, 1] > 1)).argsort(stable=True)]


def saltelli(A: Float[Tensor, "n d"], B: Float[Tensor, "n d"], plan: Int[Tensor, "b 2"]) -> Float[Tensor, "b d"]:
    """The planned rows; all of them at once would be n d² numbers."""
    sample, column = plan.T
    from_b = (column == 1)[:, None] | (torch.arange(A.shape[1]) == column[:, None] - 2)
    return torch.where(from_b, B[sample], A[sample])
