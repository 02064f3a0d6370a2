"""Activations as a few atoms and how much of each there is: A ≈ U D, by several kinds of dictionary learning.

As one family in Fel et al., "A Holistic Approach to Unifying Automatic Concept Extraction and Concept Importance
Estimation", 2023 (arXiv:2306.07304). NMF: Lee and Seung 1999; semi-NMF: Ding, Li and Jordan 2010.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.concepts.autoencoder import topk_codes, train
from explainers.concepts.nnls import nnls
from explainers.types import InputError

ITERATIONS = 500  # of NMF and semi-NMF
TOLERANCE = 1e-4  # of scikit-learn's NMF
STALLED = 1e-6  # gain of a round of semi-NMF, which is slow where atoms lie close


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Atoms of length one, an offset, and how a row of activations is written in them.

    `code`: non-negative least squares, the nearest atom with the length of its projection, plain projections, or the
    largest few of them.
    """

    D: Float[Tensor, "k p"]
    offset: Float[Tensor, " p"]
    code: Literal["nnls", "nearest", "projection", "topk"]

    def encode(self, a: Float[Tensor, "n p"]) -> Float[Tensor, "n k"]:
        """Differentiable in `a`."""
        rows = a - self.offset
        match self.code:
            case "nnls":
                return nnls(rows, self.D)
            case "projection":
                return rows @ self.D.T
            case "topk":
                return topk_codes(rows, self.D)
            case "nearest":
                length = (rows @ self.D.T).clamp(min=0)
                return length * torch.nn.functional.one_hot(length.argmax(1), len(self.D))

    def decode(self, u: Float[Tensor, "n k"]) -> Float[Tensor, "n p"]:
        return u @ self.D + self.offset


def learn(A: Float[Tensor, "n p"], k: int, factorizer: str, seed: int) -> Dictionary:
    """k atoms from the rows of A. Raises InputError for signed activations in an NMF: nothing is clamped in silence."""
    if factorizer not in LEARNERS:
        raise InputError(f"factorizer must be one of {', '.join(LEARNERS)}; got {factorizer!r:.100}")
    most = len(A) if factorizer in OVERCOMPLETE else min(A.shape)
    if not 1 <= k <= most:
        raise InputError(f"n_concepts must lie in [1, {most}] for {len(A)} activations; got {k}")
    if not A.isfinite().all():
        raise InputError("the activations are not finite")
    return LEARNERS[factorizer](A, k, seed)


def by_nmf(A: Float[Tensor, "n p"], k: int, seed: int) -> Dictionary:
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    if A.min() < 0:
        raise InputError(
            f"nmf needs activations that are not negative; the least here is {A.min():.3g}: choose semi_nmf"
        )
    solver = NMF(k, init="nndsvda", tol=TOLERANCE, max_iter=ITERATIONS, random_state=seed)
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # its error is measured, settled or not
        solver.fit(A.double().numpy())
    return of_atoms(solver.components_, A, "nnls")


def by_semi_nmf(A: Float[Tensor, "n p"], k: int, seed: int) -> Dictionary:
    """U ≥ 0 and atoms of any sign, each solved for exactly in turn, so that the loss never rises.

    Where it ends depends on where it begins: the better of two beginnings, cluster centres and extreme rows.
    """
    rows = A.double()
    ends = [alternated(rows, start) for start in (_centres(A, k, seed), extremes(rows, k))]
    return of_atoms(min(ends, key=lambda end: end[1])[0].numpy(), A, "nnls")


def alternated(rows: Float[Tensor, "n p"], D: Float[Tensor, "k p"]) -> tuple[Float[Tensor, "k p"], float]:
    """Atoms, and the loss ‖A − U D‖."""
    former = torch.inf
    for _ in range(ITERATIONS):
        U = nnls(rows, D)
        D = torch.linalg.lstsq(U, rows, driver="gelsd").solution
        loss = (rows - U @ D).norm().item()
        if former - loss <= STALLED * former:
            break
        former = loss
    return D, loss


def extremes(rows: Float[Tensor, "n p"], k: int) -> Float[Tensor, "k p"]:
    """The longest row, then the longest of what is left of the others without that direction, and so on.

    Successive projection (Araújo et al. 2001): the atoms themselves, where each of them occurs pure.
    """
    left, chosen = rows.clone(), []
    for _ in range(k):
        longest = int(left.norm(dim=1).argmax())
        chosen.append(longest)
        direction = left[longest] / left[longest].norm().clamp(min=1e-300)
        left = left - (left @ direction)[:, None] * direction
    return rows[chosen]


def by_kmeans(A: Float[Tensor, "n p"], k: int, seed: int) -> Dictionary:
    return of_atoms(_centres(A, k, seed).numpy(), A, "nearest")


def by_pca(A: Float[Tensor, "n p"], k: int, seed: int) -> Dictionary:  # noqa: ARG001  (nothing is drawn)
    mean = A.double().mean(0)
    *_, V = torch.linalg.svd(A.double() - mean, full_matrices=False)
    # the sign of a direction is free: its largest number is made positive
    sign = V[:k].gather(1, V[:k].abs().argmax(1, keepdim=True)).sign()
    return Dictionary((V[:k] * sign).to(A), mean.to(A), "projection")


def by_topk_autoencoder(A: Float[Tensor, "n p"], k: int, seed: int) -> Dictionary:
    """May have more atoms than channels; see `autoencoder`."""
    return Dictionary(train(A, k, seed).to(A), A.new_zeros(A.shape[1]), "topk")


def _centres(A: Float[Tensor, "n p"], k: int, seed: int) -> Float[Tensor, "k p"]:
    from sklearn.cluster import KMeans

    return torch.from_numpy(KMeans(k, n_init=4, random_state=seed).fit(A.double().numpy()).cluster_centers_)


def of_atoms(D: np.ndarray, A: Tensor, code: Literal["nnls", "nearest"]) -> Dictionary:
    """Rows of length one: the scale goes into the codes."""
    atoms = torch.from_numpy(D).double()
    length = atoms.norm(dim=1, keepdim=True)
    return Dictionary((atoms / length.clamp(min=1e-300)).to(A), A.new_zeros(A.shape[1]), code)


LEARNERS: dict[str, Callable[[Tensor, int, int], Dictionary]] = {
    "nmf": by_nmf,
    "semi_nmf": by_semi_nmf,
    "kmeans": by_kmeans,
    "pca": by_pca,
    "topk_autoencoder": by_topk_autoencoder,
}
OVERCOMPLETE = ("topk_autoencoder",)
