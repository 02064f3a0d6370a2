"""Non-negative least squares with a derivative: the code of an activation in a dictionary.

Bro and De Jong, "A fast non-negativity-constrained least squares algorithm", 1997, for many rows at once; the
derivative by the implicit function theorem on the active set, as CRAFT has it: Fel et al., "CRAFT: Concept Recursive
Activation FacTorization for Explainability", 2023 (arXiv:2211.10154), section 3.4.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

SWEEPS = 300  # of coordinate descent, which only has to find the active set
ROUNDS = 30  # of exact solutions on active sets
SLACK = 1e-9  # of the largest right-hand side


def nnls(a: Float[Tensor, "n p"], D: Float[Tensor, "k p"]) -> Float[Tensor, "n k"]:
    """argmin over u ≥ 0 of ‖a − u D‖², row by row, in float64 within; differentiable in `a`.

    On the active set S = {j: u_j > 0}: du_S/da = (D_S D_Sᵀ)⁻¹ D_S, and nothing for the others.
    """
    u: Tensor = _Nnls.apply(a, D)
    return u


class _Nnls(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, D: Tensor) -> Tensor:
        G, b = D.double() @ D.double().T, a.double() @ D.double().T
        u = solve(G, b)
        ctx.save_for_backward(G, D, u > 0)
        return u.to(a.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        G, D, active = ctx.saved_tensors
        (grad,) = grads
        w = restricted(G, grad.double(), active)
        return (w @ D.double()).to(grad.dtype), None


def solve(G: Float[Tensor, "k k"], b: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
    """Coordinate descent finds the active set, an exact solution on it the values, until both agree."""
    scale = G.diagonal().clamp(min=1e-300)
    u = torch.zeros_like(b)
    left = torch.arange(len(b))  # rows that are not settled
    for _ in range(ROUNDS):
        part, want = u[left], b[left]
        for _ in range(SWEEPS // ROUNDS):
            for j in range(len(G)):
                part[:, j] = (part[:, j] + (want[:, j] - part @ G[:, j]) / scale[j]).clamp(min=0)
        exact = restricted(G, want, part > 0)
        slope = want - exact @ G  # the dual: where it is positive a player outside would help
        tolerance = SLACK * want.abs().amax(1, keepdim=True).clamp(min=1e-300)
        sound = (exact >= -tolerance).all(1)
        sound &= (slope.masked_fill(part > 0, 0) <= tolerance * scale.sqrt().max()).all(1)
        u[left] = torch.where(sound[:, None], exact.clamp(min=0), part)
        left = left[~sound]
        if not len(left):
            break
    return u


def restricted(G: Float[Tensor, "k k"], b: Float[Tensor, "n k"], active: Bool[Tensor, "n k"]) -> Float[Tensor, "n k"]:
    """G_S u_S = b_S of each row's own S, zero outside; one inverse for all rows with the same S."""
    sets, which = active.unique(dim=0, return_inverse=True)
    member = sets.to(b)
    inverse = torch.linalg.pinv(G * member[:, :, None] * member[:, None, :], hermitian=True)
    u = torch.zeros_like(b)
    for c, S in enumerate(inverse):
        rows = which == c
        u[rows] = b[rows] @ S
    return u * active.to(b) + 0.0  # no negative zeros
