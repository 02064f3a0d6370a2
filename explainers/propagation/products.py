"""Products and quotients of two things that both depend on the input."""

from __future__ import annotations

from typing import Any

import torch

from explainers.propagation.linear import Rule, linear, refusal
from explainers.propagation.pair import Call, Pair, carried

aten: Any = torch.ops.aten


def bilinear(call: Call) -> Any:
    """Δ(ab) = Δa b̄ + ā Δb, for every product: of elements, of matrices, a convolution with a computed kernel."""
    a, b, *rest = call.args
    if not (isinstance(a, Pair) and isinstance(b, Pair)):
        return linear(call)
    line = call.op(a.x, b.mean, *rest, **call.kwargs) + call.op(a.mean, b.x, *rest, **call.kwargs)
    return Pair(carried(call.value(), line), call.reference())


def convolution(call: Call) -> Any:
    """Bilinear in input and kernel; the bias adds."""
    x, kernel, bias, *rest = call.args
    if bias is None or not isinstance(kernel, Pair):
        return bilinear(call) if bias is None else linear(call)
    product = bilinear(Call(call.op, (x, kernel, None, *rest), call.kwargs))
    shape = (1, -1, *[1] * (product.x0.ndim - 2))
    return linear(Call(aten.add.Tensor, (product, linear(Call(aten.view.default, (bias, shape), {}))), {}))


def added_product(product: Any) -> Rule:
    """c + a b."""

    def rule(call: Call) -> Any:
        c, a, b = call.args
        if not (isinstance(a, Pair) and isinstance(b, Pair)):
            return linear(call)
        alpha, beta = call.kwargs.get("alpha", 1), call.kwargs.get("beta", 1)
        ab = bilinear(Call(product, (a, b), {}))
        return linear(Call(aten.add.Tensor, (scaled(ab, alpha), scaled(c, beta)), {}))

    return rule


def scaled(part: Any, factor: float) -> Any:
    return part if factor == 1 else Pair(part.x * factor, part.x0 * factor) if isinstance(part, Pair) else part * factor


def quotient(call: Call) -> Any:
    """Δq = ((b + b₀) Δa − (b q₀ + b₀ q) Δb) / (b² + b₀²), with q = a/b.

    Of the ways to share a (1/b), the one that weighs each end by the square of its b: bounded where either b vanishes.
    """
    a, b = call.args[:2]
    if not isinstance(b, Pair):
        return linear(call)
    if call.kwargs.get("rounding_mode"):
        raise refusal(call)
    q, q0 = call.value(), call.reference()
    rise = a.x if isinstance(a, Pair) else 0
    squares = b.value.square() + b.x0.square()
    line = ((b.value + b.x0) * rise - (b.value * q0 + b.x0 * q) * b.x) / squares
    return Pair(carried(q, line), q0)
