"""The Rescale chain: one multiplier for each element, whatever the signs of the differences that make it up."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from explainers.propagation.integral import integrated
from explainers.propagation.pair import Call, Pair
from explainers.propagation.table import rule_of


@dataclass
class Rescale:
    """Operators applied by their rules. `fallbacks` collects those that have none and were integrated."""

    fallbacks: set[str] = field(default_factory=set)

    def start(self, x: Tensor, x0: Tensor) -> Pair:
        return Pair(x.requires_grad_(), x0)

    def step(self, call: Call) -> object:
        rule = rule_of(call)
        if rule is None:
            self.fallbacks.add(call.op.overloadpacket.__name__)
            rule = integrated
        return rule(call)

    def contributions(self, start: Pair, score: Tensor) -> Tensor:
        """m (x − x₀)."""
        (m,) = torch.autograd.grad(score, start.x)
        return m * start.dx
