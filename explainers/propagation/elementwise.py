"""Functions that act on each element by itself: the Rescale rule, m = Δg / Δx."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from explainers.propagation.linear import linear
from explainers.propagation.pair import Call, Pair, carried

aten: Any = torch.ops.aten

CLOSE = 10  # roundings: differences below this many of them have no slope of their own


def secant(call: Call) -> Pair:
    """Rescale: m = Δg / Δx for g that acts on each element by itself.

    Where Δx is a few roundings, Δg / Δx is noise and g′ at the midpoint serves instead, as long as it explains Δg.
    """
    (pair,) = call.pairs
    y, y0 = call.value(), call.reference()
    y, y0 = (part.to(pair.x0.dtype) if part.dtype == torch.bool else part for part in (y, y0))
    dx, dy = pair.dx, y - y0
    few = CLOSE * torch.finfo(dx.dtype).eps
    close = dx.abs() <= few * torch.maximum(pair.value.abs(), pair.x0.abs()).clamp(min=1)
    m = dy / dx.masked_fill(dx == 0, 1)
    if close.any():
        s = slope(call, pair)
        explained = (dy - s * dx).abs() <= few * torch.maximum(y.abs(), y0.abs())
        m = torch.where(close & (explained | (dx == 0)), s, m)
    return Pair(carried(y, pair.x * m), y0)


def slope(call: Call, pair: Pair) -> Tensor:
    """g′ halfway between the two; 0 for a step."""
    shape = torch.broadcast_shapes(*(part.shape for part in (*call.args, *call.kwargs.values()) if has_shape(part)))
    with torch.enable_grad():
        middle = pair.mean.expand(shape).clone().requires_grad_()
        out = call.read(lambda _: middle)
        return torch.autograd.grad(out.sum(), middle)[0] if out.requires_grad else torch.zeros_like(middle)


def has_shape(part: object) -> bool:
    return isinstance(part, Tensor | Pair)


def root(call: Call) -> Pair:
    """Δ√v = Δv / (√v + √v₀)."""
    (pair,) = call.pairs
    s, s0 = call.value(), call.reference()
    total = s + s0
    return Pair(carried(s, pair.x / total.masked_fill(total == 0, torch.inf)), s0)


def log_sigmoid(call: Call) -> tuple[Pair, None]:
    """The operator also returns a buffer that only its own derivative reads."""
    (pair,) = call.pairs
    minus = linear(Call(aten.neg.default, (pair,), {}))
    return linear(Call(aten.neg.default, (secant(Call(aten.softplus.default, (minus,), {})),), {})), None
