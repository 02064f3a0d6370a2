"""HSIC attribution: how strongly the score depends, in any way, on whether a player is present.

Novello, Fel and Vigouroux, "Making Sense of Dependence: Efficient Black-box Explanations Using Dependence Measure",
2022 (arXiv:2206.06219); the scale from 0 to 1 after Da Veiga, "Global sensitivity analysis with dependence measures",
2015 (arXiv:1311.2483).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.board import Board, RegionBoard
from explainers.designs import scrambled_sobol
from explainers.masking import FIRST, batches
from explainers.params import Range
from explainers.registry import register
from explainers.text.board import TextBoard
from explainers.types import Attributions, Prepared, Progress, ScoreFunction

BLOCK = 1 << 18  # numbers of the kernel matrix held at once
PAIRS = 512  # rows whose distances give the kernel's width
FLOOR = 0.1  # least width, in standard deviations: the median is zero where half the scores agree


@dataclass(frozen=True, kw_only=True)
class Hsic(Board):
    """HSIC(z_i, f) / √(HSIC(z_i, z_i) HSIC(f, f)), the kernel of presences ½ − (a − b)², of scores Gaussian."""

    n: Annotated[int, Range(32, 8192, "Copies scored, a power of two; more give a steadier map.")] = 512

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n & (self.n - 1):
            raise ValueError(f"n must be a power of two; got {self.n}")

    @property
    def unit(self) -> str:
        return f"dependence of {{score}} on the {self.part}, 0 to 1, with its sign"

    def reduced(self) -> Hsic:
        return replace(self, n=min(self.n, 128))

    def explain(self, score: ScoreFunction, x: Prepared, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        game = self.play(score, x)
        z = (scrambled_sobol(self.n, game.d, rng) < 0.5).float()
        f, done, shown = torch.zeros(self.n, len(score.classes), dtype=torch.float64), 0, 0
        for batch in game.value.stream(z[part] for part in batches(self.n, score, FIRST)):
            f[done : done + len(batch.z)] = batch.score.cpu().double()
            done += len(batch.z)
            if done < FIRST:
                continue
            # its cost grows with the square of the rows, so a new map whenever they have doubled
            if done >= min(2 * shown, self.n):
                shown = done
                columns = [dependence(z[:done].double(), g, width_of(g)) for g in f[:done].unbind(1)]
                values, stderr = (torch.stack(part, 1) for part in zip(*columns, strict=True))
                result = game.painted(values, stderr)
            yield Progress(done, self.n, result)


@register("hsic", revision=1)
@dataclass(frozen=True, kw_only=True)
class PictureHsic(RegionBoard, Hsic):
    """How strongly the score depends, in any way, on whether a region is shown: 0 not at all, 1 entirely.

    HSIC(z_i, f) / √(HSIC(z_i, z_i) HSIC(f, f)) with the kernel ½ − (a − b)² of presences, which is the first order of
    an ANOVA, and a Gaussian kernel of scores as wide as their median distance. It has no sign of its own: it is that of
    Cov(z_i, f), from the same forwards.
    """


@register("hsic", "text", revision=1)
@dataclass(frozen=True, kw_only=True)
class TextHsic(TextBoard, Hsic):
    """How strongly the score depends, in any way, on whether a word is there: 0 not at all, 1 entirely.

    The same index as on pictures, of words; its sign is that of Cov(z_i, f), from the same forwards.
    """


def width_of(f: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """The median distance between scores."""
    return torch.maximum(torch.pdist(f[:PAIRS, None], 1).median(), FLOOR * f.std(correction=0)).clamp(min=1e-30)


def dependence(
    z: Float[Tensor, "n d"], f: Float[Tensor, " n"], width: Float[Tensor, ""]
) -> tuple[Float[Tensor, " d"], Float[Tensor, " d"]]:
    """Signed, normalised HSIC of every column with f, and its standard error."""
    n = len(f)
    # for binary columns ½ − (a − b)² = 2 s s', s = ± ½: their kernel matrices have rank one, and HSIC = 2 sᵀ L s / n²
    s = z - z.mean(0)
    Ls, power = [], torch.zeros((), dtype=torch.float64)
    step = max(BLOCK // n, 1)
    mean = torch.cat([kernel(rows, f, width).mean(1) for rows in f.split(step)])
    for rows, row_mean in zip(f.split(step), mean.split(step), strict=True):
        L = kernel(rows, f, width) - row_mean[:, None] - mean + mean.mean()
        Ls.append(L @ s)
        power += L.square().sum()
    local = 2 * s * torch.cat(Ls) / n  # of mean HSIC: how much of it each row carries
    scale = (2 * s.square().mean(0) * power.sqrt() / n).clamp(min=1e-30)
    sign = torch.where(s.mT @ (f - f.mean()) < 0, -1, 1)  # without covariance there may be dependence all the same
    return sign * local.mean(0).clamp(min=0) / scale, 2 * local.std(0) / n**0.5 / scale


def kernel(a: Float[Tensor, " m"], b: Float[Tensor, " n"], width: Float[Tensor, ""]) -> Float[Tensor, "m n"]:
    return torch.exp(-0.5 * ((a[:, None] - b) / width) ** 2)
