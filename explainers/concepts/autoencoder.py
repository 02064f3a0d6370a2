"""A sparse autoencoder with tied weights: each activation as a few of many atoms.

Makhzani and Frey, "k-Sparse Autoencoders", 2013 (arXiv:1312.5663): the code is the largest few of a Dᵀ, none of them
negative, and a ≈ u D.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.types import InputError

FEWEST = 10_000  # activations: fewer are learnt by heart
EPOCHS = 60
BATCH = 512
RATE = 1e-2  # of Adam, falling to nothing along a cosine
SHARE = 8  # one atom of so many is active at once


def active(k: int) -> int:
    """How many of k atoms a code may use."""
    return -(-k // SHARE)


def topk_codes(a: Float[Tensor, "n p"], D: Float[Tensor, "k p"]) -> Float[Tensor, "n k"]:
    """Differentiable: the slope is that of the atoms in use."""
    projected = (a @ D.T).relu()
    chosen = projected.topk(active(len(D)), dim=1).indices
    return projected * torch.zeros_like(projected).scatter(1, chosen, 1.0)


def train(A: Float[Tensor, "n p"], k: int, seed: int) -> Float[Tensor, "k p"]:
    """Unit atoms. They begin as activations; one that nothing used for an epoch begins anew where most is missed.

    Raises InputError for fewer than 10,000 activations.
    """
    if len(A) < FEWEST:
        raise InputError(f"topk_autoencoder needs at least {FEWEST:,} activations; got {len(A):,}: choose another")
    rng = torch.Generator().manual_seed(seed)
    with torch.inference_mode(False), torch.enable_grad():
        rows = A.float().clone()
        rows /= rows.norm(dim=1).mean().clamp(min=1e-12)  # so that one learning rate does for all layers
        D = unit(rows[torch.randperm(len(rows), generator=rng)[:k]], rng).requires_grad_()
        optimizer = torch.optim.Adam([D], RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
        for _ in range(EPOCHS):
            used = torch.zeros(k, dtype=torch.bool)
            for part in torch.randperm(len(rows), generator=rng).split(BATCH):
                batch = rows[part]
                u = topk_codes(batch, D)
                used |= (u.detach() > 0).any(0)
                optimizer.zero_grad()
                (u @ D - batch).square().sum(1).mean().backward()
                optimizer.step()
                with torch.no_grad():
                    D.copy_(unit(D, rng))
            schedule.step()
            if not used.all():
                with torch.no_grad():
                    missed = rows - topk_codes(rows, D) @ D
                    worst = missed.norm(dim=1).argsort(descending=True)[: int((~used).sum())]
                    D[~used] = unit(missed[worst], rng)
        return D.detach()


def unit(rows: Float[Tensor, "m p"], rng: torch.Generator) -> Float[Tensor, "m p"]:
    """Of length one; rows of zeros become directions of chance."""
    length = rows.norm(dim=1, keepdim=True)
    drawn = torch.nn.functional.normalize(torch.randn(rows.shape, generator=rng))
    return torch.where(length > 1e-12, rows / length.clamp(min=1e-12), drawn)
