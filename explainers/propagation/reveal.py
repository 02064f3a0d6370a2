"""The RevealCancel chain: positive and negative differences travel apart, so that what cancels is still seen.

Shrikumar, Greenside and Kundaje, 2017 (arXiv:1704.02685), section 3.5.3. Defined for elementwise functions behind
operators with known weights; elsewhere the two streams are joined, the Rescale rule is applied, and its result is
divided by sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explainers.propagation.elementwise import secant
from explainers.propagation.pair import Call, Pair, carried
from explainers.propagation.rescale import Rescale
from explainers.propagation.table import rule_of

aten: Any = torch.ops.aten

MOVED = (  # elements change their place or are averaged: no coefficient is negative
    "view _unsafe_view reshape permute transpose t expand unsqueeze squeeze slice select clone alias sum mean "
    "constant_pad_nd avg_pool2d avg_pool3d _adaptive_avg_pool2d"
).split()


@dataclass(frozen=True, eq=False)
class Streams(Pair):
    """A pair whose difference is `up` + `down`, both attached; a rule of Rescale sees their sum in `x`."""

    up: Tensor
    down: Tensor


@dataclass
class RevealCancel(Rescale):
    """As Rescale, with two multipliers for each element."""

    def start(self, x: Tensor, x0: Tensor) -> Streams:
        dx = x - x0
        return joined(x, x0, dx.clamp(min=0).requires_grad_(), dx.clamp(max=0).requires_grad_())

    def step(self, call: Call) -> object:
        streams = separated(call)
        return by_sign(super().step(call)) if streams is None else joined(call.value(), call.reference(), *streams)

    def contributions(self, start: Pair, score: Tensor) -> Tensor:
        """m⁺ Δ⁺ + m⁻ Δ⁻."""
        assert isinstance(start, Streams)
        parts = [start.up, start.down]
        up, down = torch.autograd.grad(score, parts, materialize_grads=True)
        return up * start.up.detach() + down * start.down.detach()


def joined(x: Tensor, x0: Tensor, up: Tensor, down: Tensor) -> Streams:
    return Streams(carried(x, up + down), x0, up, down)


def by_sign(result: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(by_sign(part) for part in result)
    if not isinstance(result, Pair):
        return result
    dx = result.dx
    return joined(
        result.value,
        result.x0,
        carried(dx.clamp(min=0), result.x * (dx > 0)),
        carried(dx.clamp(max=0), result.x * (dx < 0)),
    )


def separated(call: Call) -> tuple[Tensor, Tensor] | None:
    """Δ⁺ and Δ⁻ of the result, where the streams need not be joined."""
    packet, first = call.op.overloadpacket, call.args[0]
    known = [isinstance(arg, Streams) for arg in call.args]
    if rule_of(call) is secant:
        return revealed(call)
    if packet in [getattr(aten, name) for name in MOVED] and known[0]:
        return tuple(call.op(part, *call.args[1:], **call.kwargs) for part in (first.up, first.down))
    if packet in (aten.add, aten.sub) and call.kwargs.get("alpha", 1) == 1:
        return added(call.args[0], call.args[1], swap=packet is aten.sub, shape=call.reference())
    if packet is aten.neg:
        return -first.down, -first.up
    if packet in (aten.mm, aten.mv, aten.mul) and sum(known) == 1:
        a, b = call.args
        return crossed(lambda u, w: call.op(u, w), a, b) if known[0] else crossed(lambda u, w: call.op(w, u), b, a)
    if packet is aten.addmm and known[1:] == [True, False]:
        return crossed(lambda u, w: u @ w, call.args[1], call.args[2])
    if packet is aten.convolution and known[:2] == [True, False]:
        return crossed(lambda u, w: aten.convolution(u, w, None, *call.args[3:]), first, call.args[1])
    return None


def crossed(product: Any, streams: Streams, weight: Tensor | float) -> tuple[Tensor, Tensor]:
    """A negative weight turns what is positive into something negative."""
    weight = torch.as_tensor(weight, dtype=streams.x0.dtype, device=streams.x0.device)
    positive, negative = weight.clamp(min=0), weight.clamp(max=0)
    up = product(streams.up, positive) + product(streams.down, negative)
    down = product(streams.down, positive) + product(streams.up, negative)
    return up, down


def added(a: Any, b: Any, *, swap: bool, shape: Tensor) -> tuple[Tensor, Tensor]:
    """Constants have no difference."""
    up, down = torch.zeros_like(shape), torch.zeros_like(shape)
    if isinstance(a, Streams):
        up, down = up + a.up, down + a.down
    if isinstance(b, Streams):
        up, down = (up - b.down, down - b.up) if swap else (up + b.up, down + b.down)
    return up, down


def revealed(call: Call) -> tuple[Tensor, Tensor]:
    """Δg⁺ = ½ [g(x₀ + Δ⁺) − g(x₀) + g(x₀ + Δ⁺ + Δ⁻) − g(x₀ + Δ⁻)], and Δg⁻ with the two exchanged."""
    (pair,) = call.pairs
    assert isinstance(pair, Streams)
    up, down = pair.up.detach(), pair.down.detach()
    with torch.no_grad():
        both, neither = call.value(), call.reference()
        only_up, only_down = call.read(lambda _: pair.x0 + up), call.read(lambda _: pair.x0 + down)
    gained = (only_up - neither + both - only_down) / 2
    lost = (only_down - neither + both - only_up) / 2
    return pair.up * share(gained, up), pair.down * share(lost, down)


def share(difference: Tensor, of: Tensor) -> Tensor:
    return difference / of.masked_fill(of == 0, torch.inf)
