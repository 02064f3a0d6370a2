"""What a module computes in: the device and floating type that its input must have."""

from __future__ import annotations

from itertools import chain

import torch
from torch import Tensor, nn


def anchor(module: nn.Module) -> Tensor:
    """A tensor to whose device and type inputs are brought: the first parameter of floats, or else buffer."""
    tensors = chain(module.parameters(), module.buffers())
    return next((tensor for tensor in tensors if tensor.is_floating_point()), torch.empty(0))
