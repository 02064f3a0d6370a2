"""How good a dictionary is: what it leaves out, how few concepts it uses, whether it would be found again.

Fel et al., "A Holistic Approach to Unifying Automatic Concept Extraction and Concept Importance Estimation", 2023
(arXiv:2306.07304), section 4.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from explainers.concepts.dictionaries import learn

NOTHING = 1e-6  # codes below this are zero


def relative_error(a: Float[Tensor, "n p"], reconstructed: Float[Tensor, "n p"]) -> float:
    """Mean of ‖a − â‖ / ‖a‖ over rows; rows of zeros, which any dictionary gives exactly, do not count."""
    size = a.norm(dim=1)
    kept = size > 0
    return float(((a - reconstructed).norm(dim=1)[kept] / size[kept]).mean()) if kept.any() else 0.0


def sparsity(u: Float[Tensor, "n k"]) -> float:
    """Share of the codes that are zero."""
    return float((u.abs() < NOTHING).double().mean())


def agreement(head: Callable[[Tensor], Tensor], a: Tensor, reconstructed: Tensor) -> float:
    """Share of rows whose likeliest class survives reconstruction."""
    with torch.inference_mode():
        return float((head(a).argmax(1) == head(reconstructed).argmax(1)).double().mean())


def matched(first: Float[Tensor, "k p"], second: Float[Tensor, "k p"]) -> tuple[Int[Tensor, " k"], Float[Tensor, " k"]]:
    """The atom of `second` that goes with each of `first`, one to one, and their cosines: most in all (Hungarian)."""
    unit = [torch.nn.functional.normalize(part.double(), dim=1) for part in (first, second)]
    cosine = unit[0] @ unit[1].T
    _, partner = linear_sum_assignment(-cosine.numpy())
    found = torch.from_numpy(partner)
    return found, cosine.gather(1, found[:, None])[:, 0]


def stability(A: Float[Tensor, "n p"], k: int, factorizer: str, seed: int = 0) -> float:
    """Mean cosine of matched atoms of dictionaries learnt from two random halves of the rows; 1: found again."""
    order = torch.randperm(len(A), generator=torch.Generator().manual_seed(seed))
    first, second = (learn(A[half], k, factorizer, seed).D for half in order.chunk(2))
    if factorizer == "pca":  # a direction is the same backwards
        pair = torch.nn.functional.normalize(first, dim=1) @ torch.nn.functional.normalize(second, dim=1).T
        rows, columns = linear_sum_assignment(-pair.abs().numpy())
        return float(pair.abs()[rows, columns].mean())
    return float(matched(first, second)[1].mean())
