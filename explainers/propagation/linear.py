"""Operators linear in what depends on the input: the multiplier is the derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from explainers.propagation.pair import Call, Pair
from explainers.propagation.tracing import UnsupportedOperatorError

Rule = Callable[[Call], Any]


def linear(call: Call) -> Any:
    """m = derivative: for operators linear in all their pairs together."""
    return paired(call.attached(), call.reference())


def linear_in(*places: int) -> Rule:
    """Linear where pairs stand at these places only; elsewhere stands an index, which may not depend on the input."""

    def rule(call: Call) -> Any:
        for place, arg in enumerate(call.args):
            leaves = arg if isinstance(arg, list | tuple) else [arg]
            if place not in places and any(isinstance(leaf, Pair) for leaf in leaves):
                raise refusal(call)
        return linear(call)

    return rule


def copied(call: Call) -> Any:
    """The second argument in the shape and type of the first."""
    like, source = call.args[:2]
    like = like.x0 if isinstance(like, Pair) else like
    if not isinstance(source, Pair):
        return source.expand_as(like).to(like)
    return Pair(source.x.expand_as(like).to(like), source.x0.expand_as(like).to(like))


def unmoved(call: Call) -> Any:
    """What has the shape of a pair and none of its values."""
    return call.reference()


def refused(call: Call) -> Any:
    raise refusal(call)


def refusal(call: Call) -> UnsupportedOperatorError:
    name = call.op.overloadpacket.__name__
    return UnsupportedOperatorError(
        f"DeepLIFT cannot follow {name}: which values it picks depends on the input, so a difference has no path"
    )


def paired(x: Any, x0: Any) -> Any:
    """Results of several tensors become as many pairs."""
    if isinstance(x, Tensor):
        return Pair(x, x0)
    return tuple(Pair(a, b) if isinstance(a, Tensor) else a for a, b in zip(x, x0, strict=True))
