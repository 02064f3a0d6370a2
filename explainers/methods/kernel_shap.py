"""KernelSHAP: Shapley values by least squares over hidden and shown sets of players.

Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions", 2017 (arXiv:1705.07874).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import torch

from explainers.board import RegionBoard, Shares
from explainers.game import Game
from explainers.masking import FIRST, batches
from explainers.params import Range
from explainers.registry import register
from explainers.results import GROWTH, settled
from explainers.shapley import KernelRegression, drawn, fewest
from explainers.text.board import TextBoard
from explainers.types import Attributions, Progress


@dataclass(frozen=True, kw_only=True)
class KernelShap(Shares):
    """The shares add up to v(everybody) − v(nobody) at any n, and are exact once n reaches 2^d for d players."""

    n: Annotated[int, Range(6, 32768, "Forwards; never fewer than two for each part and two more.")] = 1024
    tolerance: Annotated[
        float, Range(0, 0.5, "Stop early below this standard error, in ranges of the map; 0: never.")
    ] = 0.0

    def reduced(self) -> KernelShap:
        return replace(self, n=min(self.n, 200), tolerance=0.0)

    def share(self, game: Game, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        coalitions = drawn(game.d, max(self.n, fewest(game.d)), rng)
        regression, done, total = KernelRegression(coalitions, game.ends), 2, 2 + 2 * len(coalitions.z)
        shown, stop = 0, False
        rows = (coalitions.rows(part) for part in batches(total - done, game.value.score, FIRST, 2))
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


@register("kernel_shap", revision=1)
@dataclass(frozen=True, kw_only=True)
class PictureKernelShap(RegionBoard, KernelShap):
    """Each region's fair share of the score, its Shapley value, from a regression over sampled sets of regions.

    The shares add up to the score minus that of the hidden image at any n, no region is left out, and all values are
    exact once n reaches 2^d for d regions.
    """


@register("kernel_shap", "text", revision=1)
@dataclass(frozen=True, kw_only=True)
class TextKernelShap(TextBoard, KernelShap):
    """Each word's fair share of the score, its Shapley value, from a regression over sampled sets of words.

    The shares add up to the score minus that of the text without its words at any n, no word is left out, and all
    values are exact once n reaches 2^d for d words.
    """
