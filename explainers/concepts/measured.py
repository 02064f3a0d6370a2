"""What is measured of a study: the numbers of `quality`, on as many images and rows as can be afforded.

Fel et al., "A Holistic Approach to Unifying Automatic Concept Extraction and Concept Importance Estimation", 2023
(arXiv:2306.07304), section 4.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.concepts import quality
from explainers.concepts.bank import ConceptBank, rows, sampled
from explainers.concepts.dictionaries import Dictionary
from explainers.concepts.importance import Importance, Mixed
from explainers.concepts.split import BATCH

ORDERS = 3  # random orders that the importances are compared with
CURVES = BATCH  # images that are followed while concepts go and come; the head is run with so many rows anyway
STABLE = 5_000  # rows that are learnt from twice more
SPREAD = 64  # directions in which distributions are compared, each with at least ten rows


@dataclass(frozen=True)
class Quality:
    """See `quality`; None where there is nothing to measure. `…_random`: the mean over orders drawn by chance."""

    error: float | None
    sparsity: float | None
    stability: float | None
    frechet: float | None
    outlying: float | None
    agreement: float | None
    deletion: float | None
    deletion_random: float | None
    insertion: float | None
    insertion_random: float | None
    fidelity: float | None
    dead: int


def measure(
    bank: ConceptBank, weights: Importance, learnt: Float[Tensor, "m p"], factorizer: str, seed: int
) -> Generator[str, None, Quality]:
    """Curves are those of at most `CURVES` images, distributions those of at most `bank.LEARNT` rows.

    Says what it is measuring. `factorizer` learns from halves of `learnt` again.
    """
    rng = torch.Generator().manual_seed(seed)
    A = sampled(bank.activations, seed)
    few = torch.randperm(len(bank.codes), generator=rng)[:CURVES].sort().values
    phi = weights.values[few]
    mixed = Mixed(bank.split.head, bank.activations[few], bank.codes[few], bank.D, bank.target, "logit")
    chance = [torch.rand(phi.shape, generator=rng) for _ in range(ORDERS)]
    yield "measuring what they leave out"
    with torch.inference_mode():
        rebuilt = in_rows(bank.dictionary, A)
        left = {
            "error": quality.relative_error(A, rebuilt),
            "sparsity": quality.sparsity(rows(bank.codes)),
            "frechet": frechet(A, rebuilt),
            "outlying": quality.outlying(A, rebuilt, seed=seed) if len(A) > 1 else None,
            "agreement": agreement(bank),
        }
    yield "measuring whether they are found again"
    stability = stable(learnt, len(bank.D), factorizer, seed)
    yield "measuring what goes and comes with them"
    with torch.inference_mode():
        return Quality(
            **left,
            stability=stability,
            deletion=mean(quality.deletion(mixed, phi)),
            deletion_random=mean(torch.stack([quality.deletion(mixed, order) for order in chance])),
            insertion=mean(quality.insertion(mixed, phi)),
            insertion_random=mean(torch.stack([quality.insertion(mixed, order) for order in chance])),
            fidelity=mean(quality.fidelity(mixed, phi, seed=seed)),
            dead=quality.dead(rows(bank.codes)),
        )


def in_rows(dictionary: Dictionary, A: Float[Tensor, "m p"]) -> Float[Tensor, "m p"]:
    """What the dictionary makes of rows."""
    return torch.cat([dictionary.decode(dictionary.encode(part)) for part in A.split(2_000)])


def stable(learnt: Float[Tensor, "m p"], k: int, factorizer: str, seed: int) -> float | None:
    """None where half of the rows are too few to learn from."""
    few = sampled(learnt, seed, STABLE)
    return quality.stability(few, k, factorizer, seed) if len(few) // 2 >= k else None


def frechet(A: Float[Tensor, "m p"], rebuilt: Float[Tensor, "m p"]) -> float | None:
    """In the directions in which the activations vary most; None where there are too few rows to tell."""
    if len(A) < 10 * SPREAD:
        return None
    mean = A.mean(0)
    *_, V = torch.linalg.svd((A - mean)[:STABLE].double(), full_matrices=False)
    axes = V[:SPREAD].T.to(A)
    return quality.frechet((A - mean) @ axes, (rebuilt - mean) @ axes)


def agreement(bank: ConceptBank) -> float:
    parts = zip(bank.activations.split(BATCH), bank.codes.split(BATCH), strict=True)
    kept = [quality.agreement(bank.split.head, a, bank.decode(u)) * len(a) for a, u in parts]
    return sum(kept) / len(bank.codes)


def mean(values: Tensor) -> float | None:
    """Over what is finite."""
    finite = values[values.isfinite()]
    return float(finite.mean()) if len(finite) else None
