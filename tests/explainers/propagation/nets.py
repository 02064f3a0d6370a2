"""Inputs and small networks for propagation."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


def rows(n: int, d: int, seed: int) -> Float[Tensor, "{n} {d}"]:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def images(n: int, seed: int, size: int = 16) -> Float[Tensor, "{n} 3 {size} {size}"]:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, 3, size, size, generator=rng, dtype=torch.float64)


def seeded(*layers: nn.Module) -> nn.Sequential:
    """In float64, with weights drawn anew from a seed."""
    network = nn.Sequential(*layers).double().eval()
    rng = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=rng) / max(1, parameter[0].numel()) ** 0.5)
    return network
