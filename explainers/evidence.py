"""Ridge regression whose strength the data choose: what few rows say of many coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

RATIOS = torch.logspace(-4, 3, 36, dtype=torch.float64)  # candidates of σ²/τ², in mean eigenvalues of the design


@dataclass(frozen=True)
class Posterior:
    """Of each of t columns: the mean of the weights, and their variance along the orthonormal directions V."""

    mean: Float[Tensor, "q t"]
    V: Float[Tensor, "q q"]
    variance: Float[Tensor, "q t"]


class EvidenceRidge:
    """f = D u + noise with u ~ N(0, τ² I); τ² and the noise σ² maximise the marginal likelihood, per column of f."""

    def __init__(self, q: int, t: int) -> None:
        self.n = 0
        self.DD = torch.zeros(q, q, dtype=torch.float64)
        self.Df = torch.zeros(q, t, dtype=torch.float64)
        self.ff = torch.zeros(t, dtype=torch.float64)

    def add(self, D: Float[Tensor, "n q"], f: Float[Tensor, "n t"]) -> None:
        self.n += len(f)
        self.DD += D.mT @ D
        self.Df += D.mT @ f
        self.ff += f.square().sum(0)

    def solve(self) -> Posterior:
        eigenvalues, V = torch.linalg.eigh(self.DD)
        eigenvalues = eigenvalues.clamp(min=0)
        b = V.mT @ self.Df
        noise, ratio = self._strength(eigenvalues, b)
        shrunk = 1 / (eigenvalues[:, None] + ratio)
        return Posterior(V @ (b * shrunk), V, noise * shrunk)

    def _strength(
        self, eigenvalues: Float[Tensor, " q"], b: Float[Tensor, "q t"]
    ) -> tuple[Float[Tensor, " t"], Float[Tensor, " t"]]:
        """σ² and σ²/τ² of each column, where the marginal likelihood is highest over `RATIOS`."""
        ratios = (RATIOS * eigenvalues.mean().clamp(min=1e-12))[:, None]
        explained = (b.square().mT[:, None] / (eigenvalues + ratios)).sum(-1)
        # a constant score leaves nothing to explain
        noise = ((self.ff[:, None] - explained) / self.n).clamp(min=1e-12 * (self.ff[:, None] / self.n) + 1e-30)
        evidence = -0.5 * (self.n * noise.log() + (1 + eigenvalues / ratios).log().sum(-1))
        best = evidence.argmax(1, keepdim=True)
        return noise.gather(1, best)[:, 0], ratios[best[:, 0], 0]
