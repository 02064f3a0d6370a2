"""Deletion and insertion: how the score falls as the map's highest players go, and rises as they come.

Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", 2018
(arXiv:1806.07421). Here by cells instead of pixels, so that a map is judged at the fineness it was made with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from explainers.designs import ranked
from explainers.metrics.players import PlayedScore, in_batches, ordered
from explainers.params import Parameters, Range
from explainers.types import Progress

Steps = Annotated[int, Range(1, 1024, "Points of the curve after the first; at most as many as there are players.")]


@dataclass(frozen=True, eq=False)
class Curve:
    """The score of the first class when that fraction of the players is absent (deletion) or present (insertion)."""

    fraction: Float[np.ndarray, " s"]
    score: Float[np.ndarray, " s"]

    @property
    def area(self) -> float:
        """∫ score d fraction by trapezoids, in units of the score; of a curve in progress, up to where it is."""
        return float(np.trapezoid(self.score, self.fraction))


@dataclass(frozen=True, kw_only=True)
class Deletion(Parameters):
    """Removes players from the highest down: a good map's area is small. Costs steps + 1 forwards."""

    steps: Steps = 16

    def evaluate(self, value: PlayedScore, phi: Float[Tensor, " d"], rng: torch.Generator) -> Iterator[Progress[Curve]]:
        counts = absences(value.d, self.steps)
        yield from _traced(value, ranked(ordered(phi, rng), counts), counts)


@dataclass(frozen=True, kw_only=True)
class Insertion(Parameters):
    """Adds players to the baseline from the highest down: a good map's area is large. Costs steps + 1 forwards."""

    steps: Steps = 16

    def evaluate(self, value: PlayedScore, phi: Float[Tensor, " d"], rng: torch.Generator) -> Iterator[Progress[Curve]]:
        counts = absences(value.d, self.steps)
        yield from _traced(value, 1 - ranked(ordered(phi, rng), counts), counts)


def absences(d: int, steps: int) -> Int[Tensor, " s"]:
    """How many players have gone at each step, from none to all, as evenly as whole players allow."""
    if steps > d:
        raise ValueError(f"steps must be at most the number of players, {d}; got {steps}")
    return torch.arange(steps + 1) * d // steps


def _traced(value: PlayedScore, z: Float[Tensor, "s d"], counts: Int[Tensor, " s"]) -> Iterator[Progress[Curve]]:
    fraction = (counts.double() / value.d).numpy()
    for scores in in_batches(value, z):
        yield Progress(len(scores), len(z), Curve(fraction[: len(scores)], scores[:, 0].numpy()))


@dataclass(frozen=True, kw_only=True)
class RandomOrders(Parameters):
    """The control: areas of curves whose players go in random order, on the same players and the same score.

    With one baseline they stand for deletion and for insertion alike: inserting an order is deleting its reverse, read
    backwards, with the same area. The two ends are the same for all and scored once: costs 2 + n (steps − 1) forwards.
    """

    n: Annotated[int, Range(2, 1000, "Random orders.")] = 16
    steps: Steps = 16

    def evaluate(self, value: PlayedScore, rng: torch.Generator) -> Iterator[Progress[tuple[Curve, ...]]]:
        """The curves completed so far."""
        counts = absences(value.d, self.steps)
        fraction = (counts.double() / value.d).numpy()
        inner = [ranked(torch.randperm(value.d, generator=rng), counts[1:-1]) for _ in range(self.n)]
        z = torch.cat([torch.stack([torch.ones(value.d), torch.zeros(value.d)]), *inner])
        curves: list[Curve] = []
        for scores in in_batches(value, z):
            whole, nothing, rest = scores[:1, 0], scores[1:2, 0], scores[2:, 0]
            rows = rest.split(self.steps - 1) if self.steps > 1 else [rest] * self.n
            for row in rows[len(curves) :]:
                if len(row) == self.steps - 1:
                    curves.append(Curve(fraction, torch.cat([whole, row, nothing]).numpy()))
            yield Progress(len(scores), len(z), tuple(curves))
