"""RISE: which regions or words raise the score when they are there, from randomly masked copies.

Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", 2018 (arXiv:1806.07421).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.designs import bernoulli, mirrored
from explainers.evidence import EvidenceRidge
from explainers.masking import FIRST, Baseline, Scored, ShiftedCells, batches, on
from explainers.params import Parameters, Range
from explainers.registry import register
from explainers.regression import MaskRegression
from explainers.results import GROWTH, attributions, settled
from explainers.text.board import TextBoard
from explainers.types import Attributions, Passage, Progress, ScoreFunction


@register("rise", revision=1, fitted=True)
@dataclass(frozen=True, kw_only=True)
class PictureRise(Parameters):
    """How much seeing a region raises the score, estimated from randomly masked copies of the image.

    `centred` is A(l) = Cov(f, M(l)) / Var M(l), signed, in units of the score: for a score that is additive over cells,
    the cells' own contributions. `regression` estimates the same map from fewer masks. `raw` is the published
    (1 / N p) Σ f M(l), which adds a constant pedestal and shrinks the effect by 1 − p.
    """

    n_masks: Annotated[int, Range(16, 32768, "Masked copies scored; more give a steadier map.")] = 400
    cells: Annotated[int, Range(2, 16, "Mask cells along each side; more show finer detail and need more masks.")] = 8
    p: Annotated[float, Range(0.05, 0.95, "Share of the image that a mask keeps.")] = 0.5
    estimator: Annotated[Literal["regression", "centred", "raw"], "How scores and masks become a map."] = "regression"
    baseline: Annotated[Baseline, "What replaces the hidden regions."] = "mean"
    tolerance: Annotated[
        float, Range(0, 0.5, "Stop early below this standard error, in ranges of the map; 0: never.")
    ] = 0.0

    @property
    def unit(self) -> str:
        return "{score} over masks that show it" if self.estimator == "raw" else "effect on {score} of showing it"

    def reduced(self) -> PictureRise:
        return replace(self, n_masks=min(self.n_masks, 80), tolerance=0.0)

    def explain(
        self, score: ScoreFunction, x: Float[Tensor, "c h w"], rng: torch.Generator
    ) -> Iterator[Progress[Attributions]]:
        h, w = x.shape[-2:]
        players = ShiftedCells(self.cells, self.cells, (h, w))
        # a mask's complement is as likely as the mask only at one half; the published estimator draws independent masks
        paired = self.p == 0.5 and self.estimator != "raw"
        n = self.n_masks - self.n_masks % 2 if paired else self.n_masks
        z = mirrored(n, players.d - 2, 2, rng) if paired else bernoulli(n, players.d - 2, 2, self.p, rng)
        scores = score.exact(score.place(x)[None])[0]
        stream = on(score, x, self.baseline, players).stream(z[part] for part in batches(n, score, FIRST, 2))
        estimate, done, shown, stop = self._estimate(players, len(scores)), 0, 0, False
        for unit in stream if self.estimator == "raw" else units(stream, paired):
            estimate.add(unit)
            done += len(unit.z) * (2 if paired else 1)
            if done >= min(GROWTH * shown, n):
                shown = done
                values, stderr = estimate.map()
                result = attributions(score, scores, values, signed=self.estimator != "raw", stderr=stderr)
                stop = settled(result, self.tolerance)
            yield Progress(done, done if stop else n, result)
            if stop:
                return

    def _estimate(self, players: ShiftedCells, t: int) -> Estimate:
        match self.estimator:
            case "regression":
                return MaskRegression(players, self.p, t)
            case "centred":
                return CentredMap(players, self.p)
            case "raw":
                return RawMap(self.p)


@register("rise", "text", revision=1)
@dataclass(frozen=True, kw_only=True)
class TextRise(TextBoard):
    """How much a word's presence raises the score, estimated from copies with random words absent.

    `centred` is Cov(f, z_j) / Var z_j, in units of the score: for a score that is additive over words, their own
    contributions. `regression` estimates the same from fewer copies. `raw` is the published (1 / N p) Σ f z_j, which
    adds a constant pedestal and shrinks the effect by 1 − p.
    """

    n_masks: Annotated[int, Range(16, 32768, "Copies scored; more give steadier values.")] = 400
    p: Annotated[float, Range(0.05, 0.95, "Share of the words that a copy keeps.")] = 0.5
    estimator: Annotated[Literal["regression", "centred", "raw"], "How scores and copies become values."] = "regression"
    tolerance: Annotated[
        float, Range(0, 0.5, "Stop early below this standard error, in ranges of the values; 0: never.")
    ] = 0.0

    @property
    def unit(self) -> str:
        raw = f"{{score}} over copies that hold the {self.by}"
        return raw if self.estimator == "raw" else f"effect on {{score}} of the {self.by}'s presence"

    def reduced(self) -> TextRise:
        return replace(self, n_masks=min(self.n_masks, 80), tolerance=0.0)

    def explain(self, score: ScoreFunction, x: Passage, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        game = self.play(score, x)
        paired = self.p == 0.5 and self.estimator != "raw"
        n = self.n_masks - self.n_masks % 2 if paired else self.n_masks
        z = mirrored(n, game.d, 0, rng) if paired else bernoulli(n, game.d, 0, self.p, rng)
        stream = game.value.stream(z[part] for part in batches(n, score, FIRST, 2))
        estimate, done, shown, stop = WordEffects(self.estimator, self.p, game.d, len(game.full)), 0, 0, False
        for unit in stream if self.estimator == "raw" else units(stream, paired):
            estimate.add(unit)
            done += len(unit.z) * (2 if paired else 1)
            if done >= min(GROWTH * shown, n):
                shown, result = done, game.painted(*estimate.values())
                stop = settled(result, self.tolerance)
            yield Progress(done, done if stop else n, result)
            if stop:
                return


class WordEffects:
    """The three estimators for players that are there or not, from the same units as the map's."""

    def __init__(self, estimator: str, p: float, d: int, t: int) -> None:
        self.estimator, self.p = estimator, p
        self.ridge = EvidenceRidge(d, t)
        self.first, self.second = torch.zeros(2, d, t, dtype=torch.float64)

    def add(self, unit: Scored) -> None:
        z, f = unit.z.cpu().double(), unit.score.cpu().double()
        D = z if self.estimator == "raw" else z - self.p
        self.ridge.add(D, f)
        self.first += D.mT @ f
        self.second += D.square().mT @ f.square()

    def values(self) -> tuple[Float[Tensor, "d t"], Float[Tensor, "d t"]]:
        if self.estimator == "regression":
            weights = self.ridge.solve()
            return weights.mean, (weights.V.square() @ weights.variance).sqrt()
        n = self.ridge.n
        mean = self.first / n
        stderr = ((self.second / n - mean.square()).clamp(min=0) / max(n - 1, 1)).sqrt()
        scale = self.p if self.estimator == "raw" else self.p * (1 - self.p)
        return mean / scale, stderr / scale


@runtime_checkable
class Estimate(Protocol):
    """Sums over the units so far, and the map with its standard error that they give."""

    def add(self, unit: Scored) -> None: ...
    def map(self) -> tuple[Float[Tensor, "t h w"], Float[Tensor, "t h w"]]: ...


def units(stream: Iterator[Scored], paired: bool) -> Iterator[Scored]:
    """Independent observations of a score of mean zero, with the mask that goes with it.

    Half the difference of a mirrored pair goes with the pair's first mask; a row by itself is centred by the mean so
    far.
    """
    n, total = 0, torch.zeros((), dtype=torch.float64)
    for batch in stream:
        if paired:
            yield Scored(batch.z[0::2], batch.mask[0::2], (batch.score[0::2] - batch.score[1::2]) / 2)
        else:
            n, total = n + len(batch.z), batch.score.double().sum(0) + total.to(batch.score.device)
            yield Scored(batch.z, batch.mask, batch.score - (total / n).float())


class CentredMap:
    """A(l) = mean of f (M(l) − p) / Var M(l) over units; Var M(l) is known from the design."""

    def __init__(self, players: ShiftedCells, p: float) -> None:
        self.players, self.p = players, p
        self.sums = Moments()

    def add(self, unit: Scored) -> None:
        self.sums.add(unit.score, unit.mask[:, 0] - self.p)

    def map(self) -> tuple[Float[Tensor, "t h w"], Float[Tensor, "t h w"]]:
        variance = self.p * (1 - self.p) * self.players.spread.to(self.sums.first)
        return self.sums.mean / variance, self.sums.stderr / variance


class RawMap:
    """The published (1 / N p) Σ f M(l)."""

    def __init__(self, p: float) -> None:
        self.p = p
        self.sums = Moments()

    def add(self, unit: Scored) -> None:
        self.sums.add(unit.score, unit.mask[:, 0])

    def map(self) -> tuple[Float[Tensor, "t h w"], Float[Tensor, "t h w"]]:
        return self.sums.mean / self.p, self.sums.stderr / self.p


class Moments:
    """Mean over units of f · M(l), and its standard error. Products in float32, sums in float64."""

    n = 0
    first: Float[Tensor, "t h w"]
    second: Float[Tensor, "t h w"]

    def add(self, f: Float[Tensor, "u t"], mask: Float[Tensor, "u h w"]) -> None:
        if not self.n:
            self.first, self.second = mask.new_zeros(2, f.shape[1], *mask.shape[1:], dtype=torch.float64)
        for total, a, b in ((self.first, f, mask), (self.second, f**2, mask**2)):
            total += torch.einsum("ut,uhw->thw", a, b)
        self.n += len(f)

    @property
    def mean(self) -> Float[Tensor, "t h w"]:
        return self.first / self.n

    @property
    def stderr(self) -> Float[Tensor, "t h w"]:
        return ((self.second / self.n - self.mean**2).clamp(min=0) / max(self.n - 1, 1)).sqrt()
