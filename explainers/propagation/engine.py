"""DeepLIFT: the difference of a score between an input and a reference, shared out over the inputs' differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, fx

from explainers.propagation.integral import integrated
from explainers.propagation.pair import Call, Pair
from explainers.propagation.table import rule_of
from explainers.propagation.tracing import UnsupportedOperatorError, trace


class DeepLift(NamedTuple):
    """values: contributions m (x − x₀), shaped like x. delta: their sum minus f(x) − f(x₀), for each row.

    fallbacks: operators that had no rule and were integrated numerically.
    """

    values: Float[Tensor, "n ..."]
    delta: Float[Tensor, " n"]
    fallbacks: tuple[str, ...]


def deeplift(fn: Callable[[Tensor], Tensor], x: Float[Tensor, "n ..."], x0: Float[Tensor, "*shape"]) -> DeepLift:
    """Contributions of the elements of `x` to fn(x) − fn(x0), by the Rescale rule at every operator.

    fn: (n, …) → (n,), each row by itself, any torch function: modules, functional calls, in-place, reused. `x0` is
    broadcast to `x`. Costs a forward of each and one backward, and holds both sets of activations meanwhile. Raises
    UnsupportedOperatorError where the network's values decide what it computes.
    """
    x0 = x0.detach().expand_as(x).to(x.dtype)
    with torch.inference_mode(False), torch.enable_grad(), torch.autocast(x.device.type, enabled=False):
        x = x.detach().clone()
        pair, fallbacks = propagate(trace(fn, x), leaf := Pair(x.requires_grad_(), x0.clone()))
        (m,) = torch.autograd.grad(pair.x.sum(), leaf.x)
    values = m * leaf.dx
    delta = values.double().flatten(1).sum(1) - (pair.value.double() - pair.x0.double())
    return DeepLift(values, delta, fallbacks)


def propagate(graph: fx.GraphModule, inputs: Pair) -> tuple[Pair, tuple[str, ...]]:
    """Run every operator on input and reference at once. Returns the output, and the operators that had no rule."""
    known: dict[fx.Node, Any] = {}
    fallbacks: set[str] = set()
    left = {node: len(node.users) for node in graph.graph.nodes}

    def read(node: fx.Node) -> Any:
        return known[node]

    for node in graph.graph.nodes:
        match node.op:
            case "placeholder":
                known[node] = inputs
            case "get_attr":
                constant = getattr(graph, node.target)
                known[node] = constant.detach() if isinstance(constant, Tensor) else constant
            case "call_function":
                args, kwargs = fx.node.map_arg((node.args, node.kwargs), read)
                known[node] = apply(Call(node.target, args, kwargs), fallbacks)
            case "output":
                out = fx.node.map_arg(node.args[0], read)
        for used in node.all_input_nodes:  # what nobody reads again is let go
            left[used] -= 1
            if not left[used]:
                del known[used]
    if not isinstance(out, Pair):
        raise UnsupportedOperatorError("the score does not depend on the input")
    return out, tuple(sorted(fallbacks))


def apply(call: Call, fallbacks: set[str]) -> Any:
    if not call.pairs:
        with torch.no_grad():
            return call.op(*call.args, **call.kwargs)
    if not isinstance(call.op, torch._ops.OpOverload):  # getitem: a part of several results
        return call.op(*call.args)
    rule = rule_of(call)
    if rule is None:
        fallbacks.add(call.op.overloadpacket.__name__)
        rule = integrated
    return rule(call)
