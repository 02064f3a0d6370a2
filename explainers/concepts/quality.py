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
from explainers.metrics.fidelity import correlation

Value = Callable[[Tensor], Tensor]  # concepts scaled by M, (n, k), to the score of each image: importance.Mixed

OUTLYING = 2_000  # rows
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
    return likeness(first, second, factorizer)


def likeness(first: Float[Tensor, "k p"], second: Float[Tensor, "k p"], factorizer: str) -> float:
    """Mean cosine of matched atoms."""
    if factorizer == "pca":  # a direction is the same backwards
        pair = torch.nn.functional.normalize(first, dim=1) @ torch.nn.functional.normalize(second, dim=1).T
        rows, columns = linear_sum_assignment(-pair.abs().numpy())
        return float(pair.abs()[rows, columns].mean())
    return float(matched(first, second)[1].mean())


def dead(u: Float[Tensor, "n k"]) -> int:
    """Atoms that no row uses."""
    return int((u.abs() < NOTHING).all(0).sum())


def frechet(a: Float[Tensor, "n p"], reconstructed: Float[Tensor, "n p"]) -> float:
    """‖μ₁ − μ₂‖² + tr(C₁ + C₂ − 2 (C₁ C₂)^½): 0 where the reconstruction has the same mean and covariance.

    The root's trace is the sum of singular values of √C₁ √C₂. Wants many more rows than channels.
    """
    first, second = a.double(), reconstructed.double()
    roots = []
    for part in (first, second):
        values, vectors = torch.linalg.eigh(torch.cov(part.T).view(part.shape[1], -1))
        roots.append(vectors * values.clamp(min=0).sqrt() @ vectors.T)
    shared = torch.linalg.svdvals(roots[0] @ roots[1]).sum()
    spread = sum(root.square().sum() for root in roots)
    return float((first.mean(0) - second.mean(0)).square().sum() + spread - 2 * shared)


def outlying(
    a: Float[Tensor, "n p"], reconstructed: Float[Tensor, "n p"], neighbours: int = 10, seed: int = 0
) -> float:
    """How far reconstructions lie from what the network knows: 1 as far as activations from each other, more: farther.

    The ratio of median distances to the n-th nearest activation, all of length one; an activation is not its own
    neighbour, nor is it that of its reconstruction. From at most 2,000 rows. After Sun et al. 2022 (arXiv:2204.06507).
    """
    chosen = torch.randperm(len(a), generator=torch.Generator().manual_seed(seed))[:OUTLYING]
    known, made = (torch.nn.functional.normalize(part[chosen].double(), dim=1) for part in (a, reconstructed))
    n = min(neighbours, len(known) - 1)
    own = torch.eye(len(known), dtype=torch.bool)
    distance = [
        torch.cdist(part, known).masked_fill(own, torch.inf).kthvalue(n, dim=1).values.median()
        for part in (known, made)
    ]
    return float(distance[1] / distance[0].clamp(min=1e-12))


def deletion(value: Value, phi: Float[Tensor, "n k"]) -> Float[Tensor, " n"]:
    """Mean score on the way from all concepts to none, the most important gone first: lower is better."""
    return area(value, phi, 1.0)


def insertion(value: Value, phi: Float[Tensor, "n k"]) -> Float[Tensor, " n"]:
    """Mean score on the way from no concepts to all, the most important come first: higher is better."""
    return area(value, phi, 0.0)


def area(value: Value, phi: Float[Tensor, "n k"], start: float) -> Float[Tensor, " n"]:
    """By trapezoids. Costs k + 1 forwards of the head an image."""
    order = phi.argsort(dim=1, descending=True, stable=True)
    M = torch.full_like(phi, start)
    scores = [value(M)]
    for column in order.T:
        M = M.scatter(1, column[:, None], 1 - start)
        scores.append(value(M))
    return torch.trapezoid(torch.stack(scores).double(), dim=0) / phi.shape[1]


def fidelity(value: Value, phi: Float[Tensor, "n k"], n: int = 100, seed: int = 0) -> Float[Tensor, " n"]:
    """μ-fidelity: correlation of Σ φ over random sets of concepts with what the score loses without them."""
    gone = (torch.rand(n, phi.shape[1], generator=torch.Generator().manual_seed(seed)) < 0.5).to(phi)
    whole = value(torch.ones_like(phi))
    lost = torch.stack([whole - value((1 - row).expand_as(phi)) for row in gone]).double()
    told = gone.double() @ phi.double().T
    return torch.from_numpy(correlation(told.numpy(), lost.numpy()))
