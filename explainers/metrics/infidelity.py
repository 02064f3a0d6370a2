"""Infidelity: how far the map's own prediction of a removal is from what the removal does.

Yeh et al., "On the (In)fidelity and Sensitivity of Explanations", 2019 (arXiv:1901.09392), optimally scaled:
otherwise a map's unit decides its rank.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.metrics.players import PlayedScore, in_batches
from explainers.params import Parameters, Range
from explainers.types import Progress


@dataclass(frozen=True)
class Misfit:
    """E (β a − b)² over n removals, with its standard error; a is what the map predicts to be lost, b what is lost.

    β = E ab / E a² is the scale that suits the map best; `share` is the misfit in E b²: 0 for a perfect map, 1 for one
    that says nothing.
    """

    value: float
    stderr: float
    share: float
    scale: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Infidelity(Parameters):
    """Removes every player independently. Heavy-tailed, so many removals. Costs n + 1 forwards."""

    n: Annotated[int, Range(8, 100000, "Removals; below 200 the value is mostly luck.")] = 1000
    share: Annotated[float, Range(0.01, 0.99, "Probability that a player is removed.")] = 0.5

    def evaluate(
        self, value: PlayedScore, phi: Float[Tensor, " d"], rng: torch.Generator
    ) -> Iterator[Progress[Misfit]]:
        z = (torch.rand(self.n, value.d, generator=rng) >= self.share).float()
        for scores in in_batches(value, torch.cat([torch.ones(1, value.d), z])):
            seen = len(scores) - 1
            if seen > 1:
                predicted = (1 - z[:seen].double()) @ phi.double()
                yield Progress(seen + 1, self.n + 1, misfit(predicted, scores[0, 0] - scores[1:, 0]))


def misfit(a: Float[Tensor, " n"], b: Float[Tensor, " n"]) -> Misfit:
    power = a.square().mean()
    scale = float((a * b).mean() / power) if power > 0 else 0.0
    squares = (scale * a - b).square()
    lost = float(b.square().mean())
    value = float(squares.mean())
    return Misfit(value, float(squares.std()) / len(a) ** 0.5, value / lost if lost > 0 else 0.0, scale, len(a))
