"""One digest, one function: unchanged by all that leaves the scores alone, changed by all that moves them."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

from models.digest import digest
from tests.models.nets import Small


def test_depends_on_nothing_but_the_function() -> None:
    first, second = Small(), copy.deepcopy(Small())
    second.train().requires_grad_(False).to(memory_format=torch.channels_last)
    second._modules = dict(reversed(second._modules.items()))
    assert digest(first) == digest(second)
    assert len(digest(first)) == 64


def swap_activation(net: Small) -> None:
    net.act = nn.GELU()


def nudge_one_weight(net: Small) -> None:
    weight = net.head.weight.detach()
    weight[0, 0] = torch.nextafter(weight[0, 0], torch.tensor(9.0))


@pytest.mark.parametrize(
    "change",
    [
        nudge_one_weight,
        swap_activation,
        lambda net: net.norm.running_mean.add_(1),
        lambda net: net.offset.add_(1),
        lambda net: net.double(),
        lambda net: net.bfloat16(),
        lambda net: setattr(net.head, "weight", nn.Parameter(net.head.weight.reshape(5, 4))),
    ],
    ids=["weight", "activation", "statistics", "buffer", "float64", "bfloat16", "shape"],
)
def test_notices(change: Callable[[Small], object]) -> None:
    net = Small()
    before = digest(net)
    change(net)
    assert digest(net) != before
