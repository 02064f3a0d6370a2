"""From a torch function to its graph of operators: functional, nothing in place, fused operators taken apart."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

import torch
from torch import Tensor, fx, nn
from torch.func import functionalize
from torch.fx.experimental.proxy_tensor import make_fx

from explainers.propagation.decompositions import DECOMPOSITIONS
from explainers.types import InputError

_lock = threading.Lock()  # the tracer's table of decompositions is one for the process


class UnsupportedOperatorError(InputError):
    """What the network does cannot be propagated through; the message is one sentence for the user."""


def trace(fn: Callable[[Tensor], Tensor], x: Tensor) -> fx.GraphModule:
    """The operators that `fn` calls on a tensor like `x`, in order. Nothing is computed.

    Raises UnsupportedOperatorError where the values of tensors decide what is computed.
    """
    example = x.detach().clone().requires_grad_()  # with a gradient wanted, attention avoids its fused inference path
    with _lock, torch.enable_grad(), torch.autocast(x.device.type, enabled=False):
        try:
            graph = followed(fn, example)
            if any(mutates(node) for node in graph.graph.nodes):
                # fused operators change intermediates of their own in place, out of the first pass's sight
                graph = followed(graph, example)
        except Exception as error:  # foreign code: whatever it raises, it cannot be followed
            raise UnsupportedOperatorError(_sentence(error)) from error
    graph.graph.eliminate_dead_code()
    return graph


class Network(NamedTuple):
    """The graph of a module, and an empty tensor like what it returns."""

    graph: fx.GraphModule
    logits: Tensor


_networks: weakref.WeakKeyDictionary[nn.Module, dict[tuple[object, ...], Network]] = weakref.WeakKeyDictionary()


def network_graph(module: nn.Module, x: Tensor) -> Network:
    """The graph of a module for input like `x`, kept as long as the module and its tensors stay the same."""
    tensors = tuple(tensor.data_ptr() for tensor in chain(module.parameters(), module.buffers()))
    key = (x.shape, x.dtype, x.device, tensors)
    known = _networks.setdefault(module, {})
    if key not in known:
        if any(kept[-1] != tensors for kept in known):
            known.clear()
        graph = trace(module, x)
        (out,) = (node.args[0] for node in graph.graph.nodes if node.op == "output")
        like = out.meta["val"] if isinstance(out, fx.Node) else None
        if not isinstance(like, Tensor):
            raise UnsupportedOperatorError("the network must return one tensor of logits that depends on its input")
        known[key] = Network(graph, torch.empty(like.shape, dtype=like.dtype, device=x.device))
    return known[key]


def followed(fn: Callable[[Tensor], Tensor], example: Tensor) -> fx.GraphModule:
    functional = functionalize(lambda x: fn(x.clone()), remove="mutations")
    # functionalize keeps a change of the input itself: it is a copy that the network may change
    follow = make_fx(functional, DECOMPOSITIONS, tracing_mode="fake", _allow_non_fake_inputs=True)
    graph: fx.GraphModule = follow(example)
    return graph


def mutates(node: fx.Node) -> bool:
    return isinstance(node.target, torch._ops.OpOverload) and node.target._schema.is_mutable


def _sentence(error: Exception) -> str:
    name = type(error).__name__
    if "DataDependent" in name or "DynamicOutputShape" in name:
        return "the network decides by the values it computes what to compute next, so a difference has no path"
    first = str(error).strip().partition("\n")[0][:200]
    return f"the network cannot be followed operator by operator: {name}: {first}"
