"""An intermediate tensor at the input and at the reference, and how a value is made to differentiate as a rule says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map


@dataclass(frozen=True, eq=False)
class Pair:
    """`x` hangs on an autograd graph whose derivatives are DeepLIFT's multipliers; `x0` is the reference's value.

    What says yes or no (the result of a comparison) is held as 0 and 1: its step has a secant like any other.
    """

    x: Tensor
    x0: Tensor

    @property
    def shape(self) -> torch.Size:
        return self.x0.shape

    @property
    def value(self) -> Tensor:
        return self.x.detach()

    @property
    def dx(self) -> Tensor:
        return self.value - self.x0

    @property
    def mean(self) -> Tensor:
        return (self.value + self.x0) / 2


@dataclass(frozen=True)
class Call:
    """One operator of the graph with its arguments, some of which are pairs."""

    op: Any  # torch.ops.aten overload
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def pairs(self) -> list[Pair]:
        return [leaf for leaf in tree_leaves((self.args, self.kwargs)) if isinstance(leaf, Pair)]

    def arg(self, place: int, default: Any = None) -> Any:
        return self.args[place] if place < len(self.args) else default

    def attached(self) -> Any:
        """The result at the input, differentiable."""
        return self.read(lambda pair: pair.x)

    def value(self) -> Any:
        with torch.no_grad():
            return self.read(lambda pair: pair.value)

    def reference(self) -> Any:
        with torch.no_grad():
            return self.read(lambda pair: pair.x0)

    def read(self, read: Callable[[Pair], Tensor]) -> Any:
        """The operator on what `read` makes of its pairs."""
        args, kwargs = tree_map(lambda leaf: read(leaf) if isinstance(leaf, Pair) else leaf, (self.args, self.kwargs))
        return self.op(*args, **kwargs)


class _Carried(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, line: Tensor) -> Tensor:  # noqa: ARG004
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor]:  # noqa: ARG004
        return None, gradient


def carried(value: Tensor, line: Tensor) -> Tensor:
    """`value`, differentiating as `line`: a linear function of the inputs whose slopes are the multipliers."""
    carry: Tensor = _Carried.apply(value, line)
    return carry
