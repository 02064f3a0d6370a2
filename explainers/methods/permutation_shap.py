"""Permutation SHAP: Shapley values as mean gains over random orders in which the players appear.

Castro, Gómez and Tejada, "Polynomial Calculation of the Shapley Value Based on Sampling", 2009; every order with its
reverse after Mitchell et al., "Sampling Permutations for Shapley Value Estimation", 2022 (arXiv:2104.12199).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.board import RegionBoard, Shares
from explainers.game import Game
from explainers.masking import FIRST, batches
from explainers.params import Range
from explainers.registry import register
from explainers.results import settled
from explainers.text.board import TextBoard
from explainers.types import Attributions, Progress


@dataclass(frozen=True, kw_only=True)
class PermutationShap(Shares):
    """One order and its reverse are exact where players interact by twos at most. Costs 2 (d − 1) forwards a pair."""

    pairs: Annotated[int, Range(2, 512, "Random orders, each with its reverse; more give a steadier map.")] = 8
    tolerance: Annotated[
        float, Range(0, 0.5, "Stop early below this standard error, in ranges of the map; 0: never.")
    ] = 0.0

    def reduced(self) -> PermutationShap:
        return replace(self, pairs=min(self.pairs, 2), tolerance=0.0)

    def share(self, game: Game, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        walks = Walks(game.d, self.pairs, game.ends, rng)
        done, total = 2, 2 + len(walks)
        for batch in game.value.stream(walks.rows(part) for part in batches(len(walks), game.value.score, FIRST)):
            walks.add(batch.score.cpu().double())
            done += len(batch.z)
            result = game.shares(*walks.solve())
            stop = settled(result, self.tolerance)
            yield Progress(done, done if stop else total, result)
            if stop:
                return


@register("permutation_shap", revision=1)
@dataclass(frozen=True, kw_only=True)
class PicturePermutationShap(RegionBoard, PermutationShap):
    """Each region's fair share of the score, its Shapley value, as the mean gain when regions appear in random orders.

    One order and its reverse are exact where regions interact by twos at most. The shares add up to the score minus
    that of the hidden image. Costs 2 (d − 1) forwards for each pair of orders of d regions.
    """

    def reduced(self) -> PicturePermutationShap:
        return replace(self, pairs=min(self.pairs, 2), cells=min(self.cells, 6), tolerance=0.0)


@register("permutation_shap", "text", revision=1)
@dataclass(frozen=True, kw_only=True)
class TextPermutationShap(TextBoard, PermutationShap):
    """Each word's fair share of the score, its Shapley value, as the mean gain when words appear in random orders.

    One order and its reverse are exact where words interact by twos at most. The shares add up to the score minus that
    of the text without its words. Costs 2 (d − 1) forwards for each pair of orders of d words.
    """


class Walks:
    """From nobody to everybody, one player at a time: walk 2i in a random order, walk 2i + 1 in its reverse."""

    def __init__(self, d: int, pairs: int, ends: Float[Tensor, "2 t"], rng: torch.Generator) -> None:
        forth = torch.stack([torch.randperm(d, generator=rng) for _ in range(pairs)])
        self.order = torch.stack([forth, forth.flip(1)], 1).flatten(0, 1)
        self.rank = self.order.argsort(1)
        self.steps = d - 1
        # v after each step; the ends are known, the others NaN until they are scored
        self.known = torch.full((2 * pairs, d + 1, ends.shape[1]), torch.nan, dtype=torch.float64)
        self.known[:, 0], self.known[:, -1] = ends
        self.done = 0

    def __len__(self) -> int:
        """Rows to score."""
        return len(self.order) * self.steps

    def rows(self, part: slice) -> Float[Tensor, "b d"]:
        walk, step = self._place(torch.arange(part.start, part.stop))
        return (self.rank[walk] < step[:, None]).float()

    def add(self, v: Float[Tensor, "b t"]) -> None:
        """Scores of the next rows."""
        self.known[self._place(torch.arange(self.done, self.done + len(v)))] = v
        self.done += len(v)

    def _place(self, row: Tensor) -> tuple[Tensor, Tensor]:
        return row // self.steps, row % self.steps + 1

    def solve(self) -> tuple[Float[Tensor, "d t"], Float[Tensor, "d t"] | None]:
        """Mean gains, and a standard error from the spread of two complete pairs or more."""
        index = self.rank[..., None].expand(-1, -1, self.known.shape[2])
        gains = self.known.diff(dim=1).gather(1, index)
        values = gains.nanmean(0)
        unseen = values.isnan()
        rest = (self.known[0, -1] - self.known[0, 0] - values.nansum(0)) / unseen.sum(0).clamp(min=1)
        values = torch.where(unseen, rest, values)  # players no walk has met yet share what is left equally
        whole = gains.unflatten(0, (-1, 2)).mean(1)[: self.done // (2 * self.steps)]
        return values, (whole.var(0) / len(whole)).sqrt() if len(whole) > 1 else None
