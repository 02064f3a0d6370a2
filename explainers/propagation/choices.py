"""Choices between two tensors by a third: fixed ones are linear, others the step that the condition takes."""

from __future__ import annotations

from typing import Any

import torch

from explainers.propagation.linear import linear
from explainers.propagation.pair import Call, Pair
from explainers.propagation.products import bilinear

aten: Any = torch.ops.aten


def where(call: Call) -> Any:
    """A fixed choice is linear; one that itself follows from the input is c a + (1 − c) b, c the step it takes."""
    choice, a, b = call.args
    if not isinstance(choice, Pair):
        return linear(call)
    no = Pair(1 - choice.x, 1 - choice.x0)
    parts = (Call(aten.mul.Tensor, (choice, a), {}), Call(aten.mul.Tensor, (no, b), {}))
    return linear(Call(aten.add.Tensor, tuple(bilinear(part) for part in parts), {}))


def masked_fill(call: Call) -> Any:
    x, mask, value = call.args
    return where(Call(aten.where.self, (mask, value, x), {})) if isinstance(mask, Pair) else linear(call)
