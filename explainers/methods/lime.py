"""LIME: a linear model of the score around the input, from copies with players hidden.

Ribeiro, Singh and Guestrin, "'Why Should I Trust You?': Explaining the Predictions of Any Classifier", 2016
(arXiv:1602.04938).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.board import Board, RegionBoard
from explainers.designs import bernoulli
from explainers.game import Game
from explainers.masking import FIRST, batches
from explainers.params import Range
from explainers.players import Regions
from explainers.registry import register
from explainers.results import GROWTH
from explainers.text.board import TextBoard
from explainers.types import Attributions, Prepared, Progress, ScoreFunction


@dataclass(frozen=True, kw_only=True)
class Lime(Board):
    """Ridge regression; a copy counts exp(−D² / width²), D being the cosine distance 1 − √(share shown)."""

    n: Annotated[int, Range(16, 32768, "Copies scored; more give a steadier map.")] = 1000
    kernel_width: Annotated[float, Range(0.05, 100, "Distance within which copies count; large: all alike.")] = 0.25
    ridge: Annotated[float, Range(0, 100, "Strength of the pull of all contributions to zero.")] = 1.0

    @property
    def unit(self) -> str:
        return f"what the {self.part} adds to {{score}} in a linear model near the {self.whole}"

    def reduced(self) -> Lime:
        return replace(self, n=min(self.n, 200))

    def explain(self, score: ScoreFunction, x: Prepared, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        game = self.play(score, x)
        z = bernoulli(self.n, game.d, 0, 0.5, rng)
        z[0] = 1  # the picture itself
        fit, done, shown = LocalFit(self.kernel_width, self.ridge), 0, 0
        for batch in game.value.stream(z[part] for part in batches(self.n, score, FIRST)):
            fit.add(batch.z.cpu(), batch.score.cpu())
            done += len(batch.z)
            if done >= min(GROWTH * shown, self.n):
                shown, result = done, told(game, fit)
            yield Progress(done, self.n, result)


@register("lime", revision=1)
@dataclass(frozen=True, kw_only=True)
class PictureLime(RegionBoard, Lime):
    """What each region adds to the score in a linear model fitted to copies with regions hidden.

    Ridge regression; a copy counts exp(−D² / width²), D being the cosine distance 1 − √(share shown). How much of the
    copies' scores the linear model explains, R², is told for each class.
    """

    regions: Annotated[Regions, "Equal rectangles, or superpixels that follow the picture's edges."] = "superpixels"
    cells: Annotated[int, Range(2, 16, "Regions along each side; superpixels: the square of it in all.")] = 7


@register("lime", "text", revision=1)
@dataclass(frozen=True, kw_only=True)
class TextLime(TextBoard, Lime):
    """What each word adds to the score in a linear model fitted to copies with words left out.

    Ridge regression; a copy counts exp(−D² / width²), D being the cosine distance 1 − √(share shown). How much of the
    copies' scores the linear model explains, R², is told for each class.
    """


def told(game: Game, fit: LocalFit) -> Attributions:
    values, stderr, r2 = fit.solve()
    meta = {"r2": dict(zip(map(str, game.value.score.classes), r2.tolist(), strict=True))}
    return game.painted(values, stderr, meta)


class LocalFit:
    """argmin Σ_i π(z_i) (f_i − c − z_i · w)² + ridge |w|², the intercept c free."""

    def __init__(self, width: float, ridge: float) -> None:
        self.width, self.ridge = width, ridge
        self.z: list[Float[Tensor, "b d"]] = []
        self.f: list[Float[Tensor, "b t"]] = []

    def add(self, z: Float[Tensor, "n d"], f: Float[Tensor, "n t"]) -> None:
        self.z.append(z)
        self.f.append(f)

    def solve(self) -> tuple[Float[Tensor, "d t"], Float[Tensor, "d t"], Float[Tensor, " t"]]:
        """w, its standard error, and R² in the same weights."""
        Z, f = torch.cat(self.z).double(), torch.cat(self.f).double()
        n, d = Z.shape
        distance = 1 - Z.mean(1).sqrt()
        weight = torch.exp(-((distance / self.width) ** 2))[:, None]
        Z, f = (part - (weight * part).sum(0) / weight.sum() for part in (Z, f))
        penalty = self.ridge * torch.eye(d, dtype=torch.float64)
        inverse = torch.linalg.pinv(Z.mT @ (weight * Z) + penalty, hermitian=True)
        w = inverse @ (Z.mT @ (weight * f))
        residual = f - Z @ w
        # the sandwich: copies differ in weight, and what is not linear need not be alike everywhere
        spread = (Z @ inverse).square().mT @ (weight * residual).square() * n / max(n - d - 1, 1)
        whole = (weight * f.square()).sum(0)
        unexplained = (weight * residual.square()).sum(0)
        return w, spread.sqrt(), torch.where(whole > 0, 1 - unexplained / whole, 0.0)
