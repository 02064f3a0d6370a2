"""Designs: the rows z that a method has scored. Randomness comes from the generator alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor


def bernoulli(n: int, d: int, shifts: int, p: float, rng: torch.Generator) -> Float[Tensor, "{n} {d}+{shifts}"]:
    """Players present with probability p, then `shifts` uniform fractions: independent rows."""
    z = torch.rand(n, d + shifts, generator=rng)
    z[:, :d] = (z[:, :d] < p).float()
    return z


def mirrored(n: int, d: int, shifts: int, rng: torch.Generator) -> Float[Tensor, "{n} {d}+{shifts}"]:
    """Rows 2i and 2i + 1 are a fair Bernoulli row and its complement, with one shift.

    What f does in even order is the same in both, so half their difference shows the first order with less noise.
    """
    z = bernoulli(n // 2, d, shifts, 0.5, rng)
    complement = torch.cat([1 - z[:, :d], z[:, d:]], 1)
    return torch.stack([z, complement], 1).flatten(0, 1)


def leave_one_out(d: int, parts: Iterable[slice], order: Int[Tensor, " d"]) -> Iterator[Float[Tensor, "_ d"]]:
    """All present but one, the absent one in `order`; made a part at a time, since all rows are d² numbers."""
    for part in parts:
        absent = order[part]
        yield torch.ones(len(absent), d).scatter_(1, absent[:, None], 0.0)


def ranked(order: Int[Tensor, " d"], counts: Int[Tensor, " s"]) -> Float[Tensor, "s d"]:
    """Rows that keep all but the first `counts` players of `order`."""
    rank = order.argsort()
    return (rank >= counts[:, None]).float()


def fixed_size(n: int, d: int, size: int, rng: torch.Generator) -> Float[Tensor, "{n} {d}"]:
    """Independent rows in which exactly `size` players, every such set equally likely, are absent."""
    rank = torch.rand(n, d, generator=rng).argsort(1).argsort(1)
    return (rank >= size).float()


def halved(n: int, d: int, shifts: int, rng: torch.Generator) -> Float[Tensor, "{n} {d}+{shifts}"]:
    """Rows 2i and 2i + 1 are a random half of the players, of one fixed size, and the other half, with one shift."""
    z = torch.cat([fixed_size(n // 2, d, d // 2, rng), torch.rand(n // 2, shifts, generator=rng)], 1)
    complement = torch.cat([1 - z[:, :d], z[:, d:]], 1)
    return torch.stack([z, complement], 1).flatten(0, 1)


def latin_hypercube(n: int, d: int, rng: torch.Generator) -> Float[Tensor, "{n} {d}"]:
    """Every column has one point in each of n equal intervals."""
    ranks = torch.rand(n, d, generator=rng).argsort(0)
    return (ranks + torch.rand(n, d, generator=rng)) / n


def scrambled_sobol(n: int, d: int, rng: torch.Generator) -> Float[Tensor, "{n} {d}"]:
    """Low discrepancy; scrambled, since the plain sequence begins with rows that all columns share."""
    if n < 1 or n & (n - 1):
        raise ValueError(f"n must be a power of two; got {n}")
    seed = int(torch.randint(2**31 - 1, (), generator=rng))
    return torch.quasirandom.SobolEngine(d, scramble=True, seed=seed).draw(n)


def swapped(A: Float[Tensor, "n d"], B: Float[Tensor, "n d"]) -> Float[Tensor, "n d d"]:
    """[j, i] is row j of A with column i from B (Saltelli)."""
    d = A.shape[1]
    return torch.where(torch.eye(d, dtype=torch.bool), B[:, None, :], A[:, None, :])
