"""DeepLIFT: the difference of a score between an input and a reference, shared out over the inputs' differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, fx

from explainers.propagation.pair import Call, Pair
from explainers.propagation.rescale import Rescale
from explainers.propagation.reveal import RevealCancel
from explainers.propagation.tracing import UnsupportedOperatorError, network_graph, trace
from explainers.scoring import NO_GRADIENT, foreign
from explainers.types import GradientScore

Rule = Literal["rescale", "reveal_cancel"]


class DeepLift(NamedTuple):
    """values: contributions m (x − x₀), shaped like x. delta: their sum minus f(x) − f(x₀), for each row.

    fallbacks: operators that had no rule and were integrated numerically.
    """

    values: Float[Tensor, "n ..."]
    delta: Float[Tensor, " n"]
    fallbacks: tuple[str, ...]


def deeplift(
    fn: Callable[[Tensor], Tensor], x: Float[Tensor, "n ..."], x0: Float[Tensor, "*shape"], rule: Rule = "rescale"
) -> DeepLift:
    """Contributions of the elements of `x` to fn(x) − fn(x0).

    fn: (n, …) → (n,), each row by itself, any torch function: modules, functional calls, in-place, reused. `x0` is
    broadcast to `x`. Costs a forward of each and one backward, and holds both sets of activations meanwhile. Raises
    UnsupportedOperatorError where the network's values decide what it computes.
    """
    with differentiating(x):
        return contributions([trace(fn, x)], x, x0, rule)


def deeplift_score(
    score: GradientScore, x: Float[Tensor, "n c *grid"], x0: Float[Tensor, "n c *grid"], rule: Rule = "rescale"
) -> DeepLift:
    """The same for the first class of `score`. The network's graph is kept, since tracing it takes the longest."""
    x, x0 = x.to(score.dtype), x0.to(score.dtype)
    with differentiating(x), foreign("the network cannot be propagated through"):
        network = network_graph(score.module, x)
        head = trace(lambda logits: score.read(logits)[:, 0], network.logits)
        return contributions([network.graph, head], x, x0, rule)


@contextmanager
def differentiating(x: Tensor) -> Iterator[None]:
    """Whatever the caller has switched."""
    with torch.inference_mode(False), torch.enable_grad(), torch.autocast(x.device.type, enabled=False):
        yield


def contributions(graphs: Sequence[fx.GraphModule], x: Tensor, x0: Tensor, rule: Rule) -> DeepLift:
    """Through one graph after the other."""
    chain = Rescale() if rule == "rescale" else RevealCancel()
    start = chain.start(x.detach().clone(), x0.detach().expand_as(x).to(x.dtype).clone())
    link: object = start
    for graph in graphs:
        link = propagate(graph, link, chain)
    if not isinstance(link, Pair):
        raise UnsupportedOperatorError("the score does not depend on the input")
    if not link.x.requires_grad:
        raise UnsupportedOperatorError(NO_GRADIENT)
    values = chain.contributions(start, link.x.sum())
    delta = values.double().flatten(1).sum(1) - (link.value.double() - link.x0.double())
    return DeepLift(values, delta, tuple(sorted(chain.fallbacks)))


def propagate(graph: fx.GraphModule, inputs: object, chain: Rescale) -> object:
    """Run every operator on input and reference at once."""
    known: dict[fx.Node, Any] = {}
    left = {node: len(node.users) for node in graph.graph.nodes}
    out: object = None
    for node in graph.graph.nodes:
        match node.op:
            case "placeholder":
                known[node] = inputs
            case "get_attr":
                constant = getattr(graph, node.target)
                known[node] = constant.detach() if isinstance(constant, Tensor) else constant
            case "call_function":
                args, kwargs = fx.node.map_arg((node.args, node.kwargs), known.__getitem__)
                known[node] = applied(Call(node.target, args, kwargs), chain)
            case "output":
                out = fx.node.map_arg(node.args[0], known.__getitem__)
        for used in node.all_input_nodes:  # what nobody reads again is let go
            left[used] -= 1
            if not left[used]:
                del known[used]
    return out


def applied(call: Call, chain: Rescale) -> object:
    if not call.pairs:
        with torch.no_grad():
            return call.op(*call.args, **call.kwargs)
    if not isinstance(call.op, torch._ops.OpOverload):  # getitem: one of several results
        return call.op(*call.args)
    return chain.step(call)
