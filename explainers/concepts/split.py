"""A network cut in two at a layer: f = h ∘ g, activations in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, fx, nn

from explainers.layers import found, recorded
from explainers.propagation.tracing import trace
from explainers.scoring import device_of, dtype_of, foreign
from explainers.types import Classifier, InputError

BATCH = 32  # rows that the head is followed with; fewer are filled up
READ = 8  # pictures read at once: of more, float32 maps no longer fit into a processor's cache

Layout = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Split:
    """`encode` runs the network as far as the layer; `head` goes on from activations, and is differentiable.

    Activations are (n, p, *map): p channels at each place of the layer, or (n, p) where it has no places.
    """

    module: nn.Module
    layer: str
    graph: fx.GraphModule
    like: Tensor
    layout: Layout
    restore: Layout

    def encode(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n p *map"]:
        """In float32. Costs the forwards as far as the layer."""
        rows = []
        with torch.inference_mode():
            for part in x.split(READ):
                placed = part.to(self.like).contiguous(memory_format=torch.channels_last)  # convolutions like it best
                rows.append(self.layout(reached(self.module, self.layer, placed)).float())
        return torch.cat(rows).contiguous().clone()

    def head(self, a: Float[Tensor, "n p *map"]) -> Float[Tensor, "n classes"]:
        """Logits, attached to the graph of `a` where that wants gradients."""
        logits = []
        for part in a.split(BATCH):
            filled = torch.cat([part, part[-1:].expand(BATCH - len(part), *part.shape[1:])])
            out: Tensor = self.graph(self.restore(filled.to(self.like)).contiguous())  # as it was traced
            logits.append(out[: len(part)].float())
        return torch.cat(logits)


def split(model: Classifier, x: Float[Tensor, "n c h w"], layer: str | None = None) -> Split:
    """At `layer`, by default that of the model's card, else the last one that keeps the picture's places.

    Raises InputError where there is none, where the layer is unknown, or where the scores depend on the input past it.
    """
    name = usual_layer(model, x) if layer is None else layer
    row = x[:1].to(device_of(model.module), dtype_of(model.module))
    try:
        model.module.get_submodule(name)
    except AttributeError as error:
        raise InputError(f"layer must name a module of the network; got {name!r:.100}") from error
    with torch.inference_mode():
        output = reached(model.module, name, row)
    shape, size = tuple(output.shape), (x.shape[-2], x.shape[-1])
    layout, restore = laid_out(shape, size, name)
    batch = row.expand(BATCH, -1, -1, -1).clone()
    return Split(model.module, name, tail(model.module, name, batch), output.new_empty(0), layout, restore)


def usual_layer(model: Classifier, x: Float[Tensor, "n c h w"]) -> str:
    """That of the model's card, else the last one that keeps the picture's places. Raises InputError without one."""
    name: str = getattr(model.card, "concept_layer", None) or last(model.module, x[:1])
    return name


def earlier(model: Classifier, x: Float[Tensor, "n c h w"], layer: str) -> Split:
    """At the last layer before it that tells more places apart, and at which the network can be cut.

    Costs a forward, and a trace of the network for each layer that is tried. Raises InputError without one.
    """
    module, row = model.module, x[:1].to(device_of(model.module), dtype_of(model.module))
    with torch.enable_grad(), recorded(module, (x.shape[-2], x.shape[-1])) as layers:
        with foreign("the network fails on this input"):
            module(row.clone().requires_grad_())
    here = module.get_submodule(layer)
    end = next((n for n, each in enumerate(layers) if module.get_submodule(each.name) is here), None)
    places = 0 if end is None else layers[end].layout(layers[end].output)[0, 0].numel()
    for each in reversed(layers[:end]):
        if each.layout(each.output)[0, 0].numel() > places:
            try:
                return split(model, x, each.name)
            except InputError:  # inside a branch, which the rest of the network goes around
                continue
    raise InputError(f"no layer before {layer} tells more places of the picture apart")


def laid_out(shape: tuple[int, ...], size: tuple[int, int], name: str) -> tuple[Layout, Layout]:
    """From the layer's own shape to (n, p, *map), and back."""
    match shape:
        case (_, _):
            return (lambda t: t), (lambda t: t)
        case (_, _, h, w) if found(shape, size) is not None and abs(h - w * size[0] / size[1]) < 1:
            return (lambda t: t), (lambda t: t)
        case (_, _, _, _) if found(shape, size) is not None:
            return (lambda t: t.permute(0, 3, 1, 2)), (lambda t: t.permute(0, 2, 3, 1))
        case (_, _, _):
            return (lambda t: t.mT), (lambda t: t.mT)  # tokens: every one of them is a place
    raise InputError(f"layer must have channels at the places of the picture; {name} returns {list(shape)}")


def last(module: nn.Module, x: Tensor) -> str:
    with torch.enable_grad(), recorded(module, (x.shape[-2], x.shape[-1])) as layers:
        with foreign("the network fails on this input"):
            module(x.to(device_of(module), dtype_of(module)).clone().requires_grad_())
    if not layers:
        raise InputError("no layer of the network keeps the picture's rows and columns; name one")
    return layers[-1].name


class _Reached(BaseException):
    def __init__(self, output: Tensor) -> None:
        self.output = output


def reached(module: nn.Module, layer: str, x: Tensor) -> Tensor:
    """What the layer returns; the rest of the network does not run."""

    def stop(_: nn.Module, __: object, output: Tensor) -> None:
        raise _Reached(output)

    with hooked(module.get_submodule(layer), stop), foreign("the network fails on this input"):
        try:
            module(x.clone())
        except _Reached as way_out:
            return way_out.output
    raise InputError(f"layer must be run when the network is; {layer} is not")


@contextmanager
def hooked(part: nn.Module, hook: Callable[[nn.Module, object, Tensor], Any]) -> Iterator[None]:
    """For this thread alone: others may be running the same network."""
    here = threading.get_ident()
    handle = part.register_forward_hook(lambda *seen: hook(*seen) if threading.get_ident() == here else None)
    try:
        yield
    finally:
        handle.remove()


def tail(module: nn.Module, layer: str, x: Tensor) -> fx.GraphModule:
    """The operators from the layer's output to the logits, which must depend on nothing else of the input."""
    seen: list[Tensor] = []

    def both(rows: Tensor) -> tuple[Tensor, Tensor]:
        seen.clear()
        with hooked(module.get_submodule(layer), lambda *call: seen.append(call[2])):
            logits: Tensor = module(rows)
        return seen[-1], logits

    whole = trace(both, x)  # type: ignore[arg-type]  # a pair is traced like one
    (output,) = (node for node in whole.graph.nodes if node.op == "output")
    cut, logits = output.args[0]
    rest = fx.Graph()
    known: dict[fx.Node, fx.Node] = {cut: rest.placeholder("a")}
    needed = above(logits, cut)
    for node in whole.graph.nodes:
        if node in needed and node not in known:
            if node.op == "placeholder":
                raise InputError(f"layer must alone decide the scores; past {layer} they depend on the input directly")
            known[node] = rest.node_copy(node, known.__getitem__)
    rest.output(known[logits])
    return fx.GraphModule(whole, rest)


def above(node: fx.Node, cut: fx.Node) -> set[fx.Node]:
    """All that `node` depends on, as far as the cut."""
    found, left = {node}, [node]
    while left:
        for used in () if (here := left.pop()) is cut else here.all_input_nodes:
            if used not in found:
                found.add(used)
                left.append(used)
    return found
