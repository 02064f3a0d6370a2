"""KernelSHAP: Shapley values of image regions by least squares over hidden and shown sets of them.

Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions", 2017 (arXiv:1705.07874).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.game import played
from explainers.masking import FIRST, Baseline, batches
from explainers.params import Parameters, Range
from explainers.players import Regions
from explainers.registry import register
from explainers.results import settled
from explainers.shapley import GROWTH, KernelRegression, drawn, fewest
from explainers.types import Attributions, InputError, Progress, ScoreFunction


@register("kernel_shap", revision=1)
@dataclass(frozen=True, kw_only=True)
class KernelShap(Parameters):
    """Each region's fair share of the score, its Shapley value, from a regression over sampled sets of regions.

    The shares add up to the score minus that of the hidden image at any n, no region is left out, and all values are
    exact once n reaches 2^d for d regions.
    """

    n: Annotated[int, Range(6, 32768, "Forwards; at least two for each region and two more.")] = 1024
    regions: Annotated[Regions, "Equal rectangles, or superpixels that follow the picture's edges."] = "grid"
    cells: Annotated[int, Range(2, 16, "Regions along each side; superpixels: the square of it in all.")] = 8
    baseline: Annotated[Baseline, "What replaces the hidden regions."] = "mean"
    tolerance: Annotated[
        float, Range(0, 0.5, "Stop early below this standard error, in ranges of the map; 0: never.")
    ] = 0.0

    @property
    def unit(self) -> str:
        return "the region's share of {score} above the hidden picture's"

    def reduced(self) -> KernelShap:
        return replace(self, n=min(self.n, 200), tolerance=0.0)

    def explain(
        self, score: ScoreFunction, x: Float[Tensor, "c h w"], rng: torch.Generator
    ) -> Iterator[Progress[Attributions]]:
        game = played(score, x, self.baseline, self.regions, self.cells)
        if self.n < fewest(game.d):
            raise InputError(f"n must be at least {fewest(game.d)} for {game.d} regions; got {self.n}")
        coalitions = drawn(game.d, self.n, rng)
        regression, done, total = KernelRegression(coalitions, game.ends), 2, 2 + 2 * len(coalitions.z)
        shown, stop = 0, False
        rows = (coalitions.rows(part) for part in batches(total - done, score, FIRST, 2))
        for batch in game.value.stream(rows):
            regression.add(batch.score.cpu().double())
            done += len(batch.z)
            if done >= min(GROWTH * shown, total):
                shown = done
                values, stderr = regression.solve()
                result = game.shares(values, stderr if regression.determined else None)
                stop = settled(result, self.tolerance)
            yield Progress(done, done if stop else total, result)
            if stop:
                return
