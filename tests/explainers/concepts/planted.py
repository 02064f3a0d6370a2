"""Activations and networks whose concepts are known."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tests.oracles import Oracle, classifier


def factors(k: int, p: int, n: int, rng: torch.Generator) -> tuple[Float[Tensor, "n k"], Float[Tensor, "k p"]]:
    """Non-negative codes, the first 5 k of them pure, and atoms with a channel each that no other has: separable."""
    D = torch.rand(k, p, generator=rng) * (torch.rand(k, p, generator=rng) < 0.4)
    D[:, :k] = torch.eye(k)
    U = torch.rand(n, k, generator=rng) * (torch.rand(n, k, generator=rng) < 0.5)
    U[: 5 * k] = torch.eye(k).repeat(5, 1) * (0.5 + torch.rand(5 * k, 1, generator=rng))
    return U, D


class Pooled(nn.Module):
    """ReLU of a convolution, the mean over places, a linear head: penultimate features with a linear rest."""

    def __init__(self, p: int = 6, classes: int = 3) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, p, 4, stride=4), nn.ReLU())
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(p, classes))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x - 0.5))
        return logits


def pooled(size: tuple[int, int] = (24, 32)) -> Oracle:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return classifier(Pooled(), 3, size)


def pictures(n: int, size: tuple[int, int] = (24, 32)) -> list[Tensor]:
    return list(torch.rand(n, 3, *size, generator=torch.Generator().manual_seed(1)))
