"""The fallback for an operator without a rule: its Jacobian averaged along the straight path between the two inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from explainers.propagation.pair import Call, Pair

NODES = 16  # of Gauss-Legendre: exact for polynomials up to degree 31


def integrated(call: Call) -> Pair:
    """Complete to the error of the quadrature; none where the operator is linear."""
    y, y0 = call.value(), call.reference()
    pairs = call.pairs
    line = _Integral.apply(call, y, *(pair.x for pair in pairs))
    return Pair(line, y0)


class _Integral(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, call: Call, y: Tensor, *xs: Tensor) -> Tensor:  # noqa: ARG004
        ctx.call = call
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        call: Call = ctx.call
        pairs = call.pairs
        total = [torch.zeros_like(pair.x0) for pair in pairs]
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            with torch.enable_grad():
                at = {id(pair): torch.lerp(pair.x0, pair.value, float(node)).requires_grad_() for pair in pairs}
                out = call.read(lambda pair: at[id(pair)])  # noqa: B023  (used at once)
            slopes = torch.autograd.grad(out, list(at.values()), gradient, allow_unused=True)
            total = [t if s is None else t + float(weight) * s for t, s in zip(total, slopes, strict=True)]
        return None, None, *total
