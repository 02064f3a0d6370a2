"""μ-fidelity: whether removing what the map holds important costs the score accordingly.

Bhatt, Weller and Moura, "Evaluating and Aggregating Feature-based Model Explanations", 2020 (arXiv:2005.00631).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.designs import fixed_size
from explainers.metrics.players import PlayedScore, in_batches
from explainers.params import Parameters, Range
from explainers.types import Progress

NORMAL = 1.959964  # the normal distribution has 95 % within so many standard deviations


@dataclass(frozen=True, eq=False)
class Fidelity:
    """Corr(Σ_{j∈S} φ_j, f(x) − f(x without S)) over n sets S, for t classes; low…high holds Pearson's with 95 %."""

    pearson: Float[np.ndarray, " t"]
    spearman: Float[np.ndarray, " t"]
    low: Float[np.ndarray, " t"]
    high: Float[np.ndarray, " t"]
    n: int


@dataclass(frozen=True, kw_only=True)
class MuFidelity(Parameters):
    """Sets of one fixed size, drawn without regard to the map; all classes from the same rows. Costs n + 1 forwards."""

    n: Annotated[int, Range(8, 100000, "Sets removed; the error falls as 1 / √n.")] = 200
    share: Annotated[float, Range(0.01, 0.99, "Share of the players in each set.")] = 0.5

    def evaluate(
        self, value: PlayedScore, phi: Float[Tensor, " d"], rng: torch.Generator
    ) -> Iterator[Progress[Fidelity]]:
        z = fixed_size(self.n, value.d, min(max(round(self.share * value.d), 1), value.d - 1), rng)
        for scores in in_batches(value, torch.cat([torch.ones(1, value.d), z])):
            seen = len(scores) - 1
            if seen > 3:  # the interval needs four
                claimed = (1 - z[:seen].double()) @ phi.double()
                yield Progress(seen + 1, len(z) + 1, fidelity_of(claimed, scores[0] - scores[1:]))


def fidelity_of(claimed: Float[Tensor, " n"], lost: Float[Tensor, "n t"]) -> Fidelity:
    """From what the map says that each removal costs, and what it costs. A constant correlates with nothing: 0."""
    said, cost, n = claimed.double().numpy()[:, None], lost.double().numpy(), len(claimed)
    pearson = correlation(said, cost)
    z_value, margin = np.arctanh(np.clip(pearson, -1 + 1e-12, 1 - 1e-12)), NORMAL / (n - 3) ** 0.5
    return Fidelity(
        pearson,
        rank_correlation(said, cost),
        np.tanh(z_value - margin),
        np.tanh(z_value + margin),
        n,
    )


def correlation(a: Float[np.ndarray, "n _"], b: Float[np.ndarray, "n t"]) -> Float[np.ndarray, " t"]:
    """Pearson's, column by column; 0 where one is constant to rounding."""
    a, b = a - a.mean(0), b - b.mean(0)
    power = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    return np.where(power > 0, (a * b).sum(0) / np.where(power > 0, power, 1), 0.0)


def rank_correlation(a: Float[np.ndarray, "n _"], b: Float[np.ndarray, "n t"]) -> Float[np.ndarray, " t"]:
    """Spearman's, column by column."""
    from scipy.stats import rankdata  # takes long to import

    return correlation(rankdata(a, axis=0), rankdata(b, axis=0))
