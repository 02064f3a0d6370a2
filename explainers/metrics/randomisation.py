"""Weight randomisation: a map that stays when the model's weights are shuffled does not explain the model.

Adebayo et al., "Sanity Checks for Saliency Maps", 2018 (arXiv:1810.03292). Similarity keeps the sign: taking absolute
values first makes opposite maps look alike, and changed the published conclusions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from explainers.metrics.agreement import compare
from explainers.params import Parameters, Range
from explainers.types import Classifier, Prepared, Progress

Mapped = Callable[[Classifier], Float[Tensor, " d"]]


@dataclass(frozen=True, eq=False)
class OtherWeights:
    """A classifier with another module in its place: same card, same labels, same preparation."""

    module: nn.Module
    original: Classifier

    @property
    def card(self) -> Any:
        return self.original.card

    @property
    def labels(self) -> Sequence[str]:
        return self.original.labels

    def prepare(self, x: Any) -> Prepared:
        return self.original.prepare(x)

    def tokens(self, text: str) -> Any:
        return self.original.tokens(text)


@dataclass(frozen=True)
class Cascade:
    """Spearman's agreement with the original map after each stage; `control` is that of the map with its repetition."""

    layers: tuple[str, ...]
    spearman: tuple[float, ...]
    control: float


@dataclass(frozen=True, kw_only=True)
class Randomisation(Parameters):
    """Shuffles layers from the output down, and explains again after every stage. Costs stages + 2 explanations."""

    stages: Annotated[int, Range(1, 100, "Stages at which the map is made anew; the last has no layer left.")] = 4

    def evaluate(self, mapped: Mapped, model: Classifier, rng: torch.Generator) -> Iterator[Progress[Cascade]]:
        """`mapped` explains whatever classifier it is given; called twice with the true one, for the control."""
        original, names = mapped(model), layers(model.module)
        control = compare(original, mapped(model)).spearman
        shuffled = copy.deepcopy(model.module)
        stages = min(self.stages, len(names))
        reached = 0
        found: tuple[float, ...] = ()
        for stage in range(1, stages + 1):
            upto = len(names) * stage // stages
            for name in names[reached:upto]:
                shuffle(shuffled.get_submodule(name), rng)
            reached = upto
            found = (*found, compare(original, mapped(OtherWeights(shuffled, model))).spearman)
            ends = tuple(names[len(names) * k // stages - 1] for k in range(1, stage + 1))
            yield Progress(stage, stages, Cascade(ends, found, control))


def randomised(model: Classifier, rng: torch.Generator) -> OtherWeights:
    """A copy of the classifier with every layer shuffled; the user's module is not touched."""
    module = copy.deepcopy(model.module)
    for name in layers(module):
        shuffle(module.get_submodule(name), rng)
    return OtherWeights(module, model)


def layers(module: nn.Module) -> tuple[str, ...]:
    """Names of the modules that own weights, from the output down, as far as the order of registration tells."""
    owners = [name for name, part in module.named_modules() if any(True for _ in part.parameters(recurse=False))]
    return tuple(reversed(owners))


def shuffle(layer: nn.Module, rng: torch.Generator) -> None:
    """Permutes the entries of each of the layer's own weights in place.

    Not drawn anew: what a layer learnt is gone, and the scale that the next one expects stays, so that the scores of
    the shuffled network still vary with its input, whatever kind of layer it is.
    """
    for weight in layer.parameters(recurse=False):
        order = torch.randperm(weight.numel(), generator=rng).to(weight.device)
        weight.data = weight.detach().flatten()[order].view_as(weight).contiguous()
