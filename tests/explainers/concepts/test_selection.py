"""How many concepts: where the number is known, the error says so, and so does the stability."""

from __future__ import annotations

import torch

from explainers.concepts.selection import sizes
from tests.explainers.concepts.planted import factors


def test_the_planted_number_leaves_nothing_out_and_is_found_again(rng: torch.Generator) -> None:
    U, D = factors(4, 20, 400, rng)
    found = {size.k: size for size in sizes(U @ D, (2, 4, 8))}
    assert found[2].error > 0.2 > 0.02 > found[4].error
    assert found[4].stability > 0.99
    assert found[8].stability < found[4].stability
    assert all(0 <= size.sparsity <= 1 for size in found.values())
