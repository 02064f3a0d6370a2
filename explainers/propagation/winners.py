"""Maxima: the difference goes to the winner at the input and to the winner at the reference."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from explainers.propagation.elementwise import secant
from explainers.propagation.linear import Rule, linear
from explainers.propagation.pair import Call, Pair, carried

aten: Any = torch.ops.aten


def max_pool(dims: int) -> Rule:
    """Pools over so many dimensions, also with overlapping windows: what an element wins in several adds up."""

    def rule(call: Call) -> tuple[Pair, None]:
        (pair,) = call.pairs
        (y, winner), (_, winner0) = call.value(), call.reference()
        plane = Pair(pair.x.flatten(-dims), pair.x0.flatten(-dims))
        out = won(plane, winner.flatten(-dims), winner0.flatten(-dims))
        return Pair(out.x.view(y.shape), out.x0.view(y.shape)), None

    return rule


def largest(call: Call) -> Any:
    """A maximum over dimensions is a pool with one window."""
    (pair,), chosen, keepdim = call.pairs, call.arg(1, ()), call.arg(2, False)
    dims = [d % pair.x.ndim for d in ([chosen] if isinstance(chosen, int) else chosen)] or list(range(pair.x.ndim))
    last = tuple(range(-len(dims), 0))
    flat = Pair(*(part.movedim(dims, last).flatten(-len(dims)) for part in (pair.x, pair.x0)))
    out = won(flat, flat.value.argmax(-1, keepdim=True), flat.x0.argmax(-1, keepdim=True))
    shape = [1 if d in dims else side for d, side in enumerate(pair.shape) if keepdim or d not in dims]
    out = Pair(out.x.reshape(shape), out.x0.reshape(shape))
    return (out, None) if call.op in (aten.max.dim, aten.min.dim) else out


def smallest(call: Call) -> Any:
    """min x = −max −x."""
    pair, *rest = call.args
    minus = linear(Call(aten.neg.default, (pair,), {}))
    found = largest(Call(call.op, (minus, *rest), call.kwargs))
    out = found[0] if isinstance(found, tuple) else found
    back = linear(Call(aten.neg.default, (out,), {}))
    return (back, None) if isinstance(found, tuple) else back


def won(pair: Pair, i: Tensor, i0: Tensor) -> Pair:
    """Elements i along the last dimension win at the input, i₀ at the reference, y and y₀ are their values.

    With u = max(y, y₀), u − y₀ goes to i and y − u to i₀: each at most the difference of that element itself.
    """
    y, y0 = pair.value.gather(-1, i), pair.x0.gather(-1, i0)
    u = torch.maximum(y, y0)
    return Pair(carried(y, shared(pair, i, u - y0) + shared(pair, i0, y - u)), y0)


def shared(pair: Pair, i: Tensor, difference: Tensor) -> Tensor:
    """The elements i, times difference / Δx, which lies in [0, 1]."""
    dx = pair.dx.gather(-1, i)
    return pair.x.gather(-1, i) * (difference / dx.masked_fill(dx == 0, 1))


def extremum(sign: int) -> Rule:
    """Of two tensors: ½ (a + b ± |a − b|)."""

    def rule(call: Call) -> Any:
        if len(call.pairs) == 1:
            return secant(call)
        a, b = call.args
        gap = secant(Call(aten.abs.default, (linear(Call(aten.sub.Tensor, (a, b), {})),), {}))
        return Pair(carried(call.value(), (a.x + b.x + sign * gap.x) / 2), call.reference())

    return rule
