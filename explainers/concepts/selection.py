"""How many concepts: what each number leaves out, how few of them an activation uses, whether they are found again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from explainers.concepts.dictionaries import learn
from explainers.concepts.quality import relative_error, sparsity, stability


@dataclass(frozen=True)
class Size:
    """Of dictionaries with k atoms: see `quality`. More atoms leave out less, and are found again less surely."""

    k: int
    error: float
    sparsity: float
    stability: float


def sizes(A: Float[Tensor, "n p"], ks: Sequence[int], factorizer: str = "nmf", seed: int = 0) -> Iterator[Size]:
    """From rows of activations, one number of atoms after the other. Costs three factorisations each."""
    for k in ks:
        found = learn(A, k, factorizer, seed)
        u = found.encode(A)
        yield Size(k, relative_error(A, found.decode(u)), sparsity(u), stability(A, k, factorizer, seed))
