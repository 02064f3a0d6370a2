"""Shapley values by weighted least squares: fair shares of v(everybody) − v(nobody), for any function of presences.

Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions", 2017 (arXiv:1705.07874); sampling in pairs
after Covert and Lee, "Improving KernelSHAP", 2021 (arXiv:2012.01536).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

ROWS = 1 << 14  # rows given to the function at once


class ShapleyValues(NamedTuple):
    """Shares, a standard error of each, and by how much the sum of the shares misses v(1) − v(0)."""

    values: Float[Tensor, " d"]
    stderr: Float[Tensor, " d"]
    delta: Float[Tensor, ""]


def shapley_values(value: Callable[[Tensor], Tensor], d: int, n: int, seed: int = 0) -> ShapleyValues:
    """Shapley values of `value`: (rows, d) in {0, 1} → (rows,), from at most n rows.

    Exact, with a standard error of zero, once n reaches 2^d. Raises ValueError for fewer than 2 d + 2 rows, which would
    leave players undetermined.
    """
    if d < 1:
        raise ValueError(f"d must be at least 1; got {d}")
    if n < fewest(d):
        raise ValueError(f"n must be at least {fewest(d)} for {d} players; got {n}")
    coalitions = drawn(d, n, torch.Generator().manual_seed(seed))
    ends = value(torch.tensor([[0.0], [1.0]]).repeat(1, d)).detach().cpu().double()[:, None]
    regression = KernelRegression(coalitions, ends)
    for start in range(0, 2 * len(coalitions.z), ROWS):
        rows = coalitions.rows(slice(start, start + ROWS))
        regression.add(value(rows).detach().cpu().double()[:, None])
    values, stderr = regression.solve()
    return ShapleyValues(values[:, 0].float(), stderr[:, 0].float(), values.sum() - (ends[1, 0] - ends[0, 0]))


def fewest(d: int) -> int:
    """Nobody, everybody, every player alone and everybody but one: the least that determines all players."""
    return min(2 * d + 2, 1 << d)


@dataclass(frozen=True)
class Coalitions:
    """Rows to score besides nobody and everybody, one of each complementary pair, with their weights.

    The first `certain` are whole sizes: all sets of 1 or d − 1 players, of 2 or d − 2, …. The others are drawn.
    """

    z: Float[Tensor, "p d"]
    weight: Float[Tensor, " p"]
    certain: int

    def rows(self, part: slice) -> Float[Tensor, "b d"]:
        """Row 2i is pair i, row 2i + 1 its complement; `part` must begin with a pair."""
        z = self.z[part.start // 2 : -(-part.stop // 2)]
        return torch.stack([z, 1 - z], 1).flatten(0, 1)


def drawn(d: int, n: int, rng: torch.Generator) -> Coalitions:
    """(n − 2) / 2 pairs with the kernel (d − 1) / (C(d, k) k (d − k)) over sizes k.

    A size is taken whole while the pairs that are left, shared out by the kernel, would fill it; the rest are drawn
    with stratified sizes. Single players are always taken whole.
    """
    sizes = list(range(1, d // 2 + 1))
    # a pair is of sizes k and d − k; the middle size pairs with itself
    counts = [math.comb(d, k) // (2 if 2 * k == d else 1) for k in sizes]
    mass = [counts[k - 1] / math.comb(d, k) / (k * (d - k)) for k in sizes]
    rows, weights, left = [torch.zeros(0, d)], [torch.zeros(0)], (n - 2) // 2
    while sizes and (sizes[0] == 1 or mass[0] / sum(mass) * left >= counts[0]):
        whole = every(d, sizes.pop(0))[torch.randperm(counts[0], generator=rng)]
        rows.append(whole)
        weights.append(torch.full((len(whole),), mass.pop(0) / counts.pop(0)))
        left -= len(whole)
    certain = sum(map(len, rows))
    if sizes and left:
        cumulative = torch.tensor(mass).cumsum(0) / sum(mass)
        points = (torch.randperm(left, generator=rng) + torch.rand(left, generator=rng)) / left
        size = torch.tensor(sizes)[torch.searchsorted(cumulative, points).clamp(max=len(sizes) - 1)]
        rows.append((torch.rand(left, d, generator=rng).argsort(1).argsort(1) < size[:, None]).float())
        weights.append(torch.full((left,), sum(mass) / left))
    # where sizes are missing altogether, what was taken whole stands for them: a sample too
    return Coalitions(torch.cat(rows), torch.cat(weights).double(), certain if left or not sizes else 0)


def every(d: int, k: int) -> Float[Tensor, "_ d"]:
    """All sets of k players; of half the players, those with player 0: the others are their complements."""
    chosen = (
        [(0, *rest) for rest in itertools.combinations(range(1, d), k - 1)]
        if 2 * k == d
        else list(itertools.combinations(range(d), k))
    )
    return torch.zeros(len(chosen), d).scatter_(1, torch.tensor(chosen), 1.0)


class KernelRegression:
    """Shares φ that fit v(z) − v(1 − z) = Σ_j ± φ_j under Σ φ = v(1) − v(0), which is eliminated, not weighted.

    With c = z − |z| / d and u = φ − (v(1) − v(0)) / d, a pair says (v(z) − v(1 − z)) / 2 − (|z| / d − ½) Σφ = c · u,
    and the sum of u is zero since the c are orthogonal to it. Only differences within pairs enter, so that what the
    players do in even order costs no accuracy.
    """

    def __init__(self, coalitions: Coalitions, ends: Float[Tensor, "2 t"]) -> None:
        self.coalitions = coalitions
        self.gap = ends[1] - ends[0]
        self.halves: list[Float[Tensor, "b t"]] = []

    def add(self, v: Float[Tensor, "two_b t"]) -> None:
        """Scores of the next rows of the design."""
        self.halves.append((v[0::2] - v[1::2]) / 2)

    @property
    def determined(self) -> bool:
        """Whether every player has been seen alone; before that a standard error means nothing."""
        return sum(map(len, self.halves)) >= min(self.coalitions.z.shape)

    def solve(self) -> tuple[Float[Tensor, "d t"], Float[Tensor, "d t"]]:
        """Shares and their standard errors."""
        total, d = self.coalitions.z.shape
        half = torch.cat([torch.zeros(0, len(self.gap), dtype=torch.float64), *self.halves])
        seen, certain = len(half), self.coalitions.certain
        z, w = self.coalitions.z[:seen].double(), self.coalitions.weight[:seen].clone()
        w[certain:] *= (total - certain) / max(seen - certain, 1)  # those drawn so far stand for all that will be
        present = z.mean(1, keepdim=True)
        C, e = z - present, half - (present - 0.5) * self.gap
        # players not seen yet share what is left equally: the solution of least norm
        inverse = torch.linalg.pinv((C.mT * w) @ C, rtol=1e-9, hermitian=True)
        u = inverse @ (C.mT @ (w[:, None] * e))
        values = self.gap / d + u
        if certain == total == seen:
            return values, torch.zeros_like(values)
        # the sandwich of the pairs drawn, each residual as if its pair had not been fitted (HC3); too few of them would
        # be fitted so well that they seem to say nothing, so then all pairs count as drawn
        first = certain if seen - certain >= d else 0
        D = C @ inverse
        leverage = (w * (D * C).sum(1)).clamp(max=1 - 1e-6)
        r = ((e - C @ u) * (w / (1 - leverage))[:, None])[first:]
        D, m = D[first:], seen - first
        variance = (D.square().mT @ r.square() - (D.mT @ r).square() / m) * m / max(m - 1, 1)
        return values, variance.clamp(min=0).sqrt()
