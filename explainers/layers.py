"""The layers of a network that keep the picture's rows and columns, found by the shape of what they return."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

PREFIX = 8  # class, distillation and register tokens that may stand before those of the picture

Layout = Callable[[Tensor], Tensor]  # to (n, channels, rows, cols)


@dataclass(frozen=True)
class Layer:
    """What one module returned in one forward."""

    name: str
    output: Tensor
    layout: Layout


@contextmanager
def recorded(module: nn.Module, size: tuple[int, int]) -> Iterator[list[Layer]]:
    """Layers in the order in which forwards of this thread run them, as long as the context is open."""
    layers: list[Layer] = []
    here = threading.get_ident()  # other threads may be running the same modules

    def hook(name: str) -> Callable[[nn.Module, object, object], None]:
        def record(part: nn.Module, _: object, output: object) -> None:
            if threading.get_ident() != here or not isinstance(output, Tensor) or not output.requires_grad:
                return
            layout = found(tuple(output.shape), size)
            # of tokens only what a normalisation hands on: queries, keys and hidden units have tokens of their own
            if layout is not None and (output.ndim == 4 or "norm" in type(part).__name__.lower()):
                layers.append(Layer(name, output, layout))

        return record

    handles = [
        part.register_forward_hook(hook(name))
        for name, part in module.named_modules()
        if name and not isinstance(part, nn.Identity | torch.jit.ScriptModule)  # those take no hooks
    ]
    try:
        yield layers
    finally:
        for handle in handles:
            handle.remove()


def found(shape: tuple[int, ...], size: tuple[int, int]) -> Layout | None:
    """How a tensor of this shape lies over a picture of this size; None where it does not.

    Channels may come first or last; of tokens, those before the picture's are dropped.
    """
    match shape:
        case (_, _, h, w) if fits(h, w, size):
            return lambda t: t
        case (_, h, w, _) if fits(h, w, size):
            return lambda t: t.permute(0, 3, 1, 2)
        case (_, tokens, _):
            for prefix in range(min(PREFIX, tokens - 1) + 1):
                rows = max(round(math.sqrt((tokens - prefix) * size[0] / size[1])), 1)
                cols = (tokens - prefix) // rows
                if rows * cols == tokens - prefix and fits(rows, cols, size):
                    return lambda t: t[:, prefix:].mT.unflatten(2, (rows, cols))
    return None


def fits(h: int, w: int, size: tuple[int, int]) -> bool:
    """Whether h × w cells could be a picture of this size, to within the rounding of its sides."""
    height, width = size
    return 2 <= h <= height and 2 <= w <= width and abs(h * width / height - w) < 1 and abs(w * height / width - h) < 1
