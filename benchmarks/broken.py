"""Explainers with a planted fault, each of which has been somebody's bug. A trust panel must see through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.metrics.panel import Explain
from explainers.scoring import ModelScore
from explainers.types import Attribution, Attributions, Classifier

Sound = Callable[[Classifier, Tensor, int], Attributions]  # model, x, seed


def faults(sound: Sound, wrong: int) -> dict[str, Explain]:
    """By name. Two of them spoil `sound`, which explains the class asked for as well as `wrong`."""

    def flipped(model: Classifier, x: Tensor, target: int, seed: int) -> Attribution:
        """Its sign is reversed: what speaks for the class is shown as speaking against it."""
        a = sound(model, x, seed).of(target)
        return replace(a, values=-a.values)

    def wrong_class(model: Classifier, x: Tensor, target: int, seed: int) -> Attribution:
        """It explains one class and calls it another."""
        found = sound(model, x, seed)
        return replace(found.of(wrong), target=target, score=found.of(target).score)

    return {
        "random": random,
        "edges": edges,
        "centre": centre,
        "flipped": flipped,
        "wrong class": wrong_class,
    }


def random(model: Classifier, x: Tensor, target: int, seed: int) -> Attribution:
    """Noise."""
    return _attribution(model, x, target, torch.rand(x.shape[-2:], generator=torch.Generator().manual_seed(seed)))


def edges(model: Classifier, x: Tensor, target: int, seed: int) -> Attribution:  # noqa: ARG001
    """The length of the picture's own gradient; the model is not asked."""
    grey = x.mean(0)
    down = grey.diff(dim=0, append=grey[-1:])
    across = grey.diff(dim=1, append=grey[:, -1:])
    return _attribution(model, x, target, (down**2 + across**2).sqrt())


def centre(model: Classifier, x: Tensor, target: int, seed: int) -> Attribution:  # noqa: ARG001
    """A blob where photographers put what they photograph."""
    down, across = (torch.linspace(-1, 1, side) for side in x.shape[-2:])
    return _attribution(model, x, target, torch.exp(-4 * (down[:, None] ** 2 + across**2)))


def _attribution(model: Classifier, x: Tensor, target: int, values: Float[Tensor, "h w"]) -> Attribution:
    score = float(ModelScore(model, (target,)).exact(x[None]))
    return Attribution(values.numpy(), target, score, "logit", signed=False)
