"""The weights digest: two modules with one digest compute the same function of their inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn


def digest(module: nn.Module) -> str:
    """Hex sha256 over the sorted (name, dtype, shape, bytes) of parameters and buffers, and all class names.

    Does not depend on device, memory format, mode or order of registration. A normalisation kept as buffers is part of
    it. Class names tell a ReLU from a GELU, which have no weights to tell them apart. Of a TorchScript module the
    program counts as well: freezing turns weights into its constants.
    """
    sha = hashlib.sha256(
        json.dumps(sorted((name, type(part).__name__) for name, part in module.named_modules())).encode()
    )
    tensors = chain(module.named_parameters(remove_duplicate=False), module.named_buffers(remove_duplicate=False))
    for name, tensor in sorted(chain(tensors, _constants(module)), key=lambda pair: pair[0]):
        sha.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        # through bytes: numpy has no bfloat16; reshape first: a scalar has no last dimension to view
        sha.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return sha.hexdigest()


def _constants(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Tensors that stand in programs, in their order, and the programs' text as bytes."""
    for name, part in module.named_modules():
        if isinstance(part, torch.jit.ScriptModule) and hasattr(part, "forward"):
            graph: Any = part.graph
            nodes = graph.findAllNodes("prim::Constant", True)
            tensors = [node.t("value") for node in nodes if node.hasAttribute("value") and node.kindOf("value") == "t"]
            yield from ((f"{name}:{k:06}", tensor) for k, tensor in enumerate(tensors))
            yield f"{name}:program", torch.frombuffer(bytearray(part.code.encode()), dtype=torch.uint8)
