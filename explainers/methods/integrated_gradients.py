"""Integrated gradients: the gradient, averaged on the way from a baseline to the input.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", 2017 (arXiv:1703.01365).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.board import FromBaseline, Stretch
from explainers.masking import FIRST, Baseline, batches
from explainers.params import Range
from explainers.registry import register
from explainers.results import attributions
from explainers.text.board import FromStand
from explainers.types import Attributions, GradientScore, Prepared, Progress


@dataclass(frozen=True, kw_only=True)
class IntegratedGradients(Stretch):
    """Gauss–Legendre steps are doubled, from 8 on, until the values add up within the tolerance."""

    tolerance: Annotated[float, Range(1e-5, 0.5, "Share of the difference in score that may be missing.")] = 0.01
    max_steps: Annotated[int, Range(FIRST, 2048, "Most gradients for one integral.")] = 256

    @property
    def unit(self) -> str:
        return "share of {score} above the baseline's"

    def explain(self, score: GradientScore, x: Prepared, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        subject, baseline = self.subject(score, x), self.absent(score, x)
        empty, full = score.exact(torch.stack([baseline, subject.x]))
        done, total, result = 0, sum(doubled(self.max_steps)), None
        for steps in doubled(self.max_steps):
            points, weights = (score.place(part) for part in gauss_legendre(steps))
            slope = torch.zeros_like(baseline, dtype=torch.float64)
            for part in batches(steps, score):
                gradient = score.gradient(between(baseline, subject.x, points[part]))
                slope += torch.einsum("n,n...->...", weights[part], gradient.double())
                done += len(gradient)
                if result is not None and part.stop < steps:
                    yield Progress(done, total, result)
            values = subject.gather(((subject.x - baseline) * slope).sum(0, keepdim=True))
            deltas = values.flatten(1).sum(1) - (full - empty)
            result = attributions(
                score, full, values, signed=True, deltas=deltas, words=subject.words, meta={"steps": steps}
            )
            stop = bool((deltas.abs() <= self.tolerance * (full - empty).abs()).all())
            yield Progress(done, done if stop else total, result)
            if stop:
                return


@register("integrated_gradients", revision=1, needs="gradients")
@dataclass(frozen=True, kw_only=True)
class PictureIntegratedGradients(FromBaseline, IntegratedGradients):
    """What each pixel contributes on the straight way from a baseline to the picture.

    The values add up to the score minus the baseline's. Gauss–Legendre steps are doubled, from 8 on, until they do so
    within the tolerance; what is missing is told as delta.
    """

    baseline: Annotated[Baseline, "The picture that the way begins with."] = "mean"


@register("integrated_gradients", "text", revision=1, needs="gradients")
@dataclass(frozen=True, kw_only=True)
class TextIntegratedGradients(FromStand, IntegratedGradients):
    """What each word's embeddings contribute on the straight way from a text that says nothing to this one.

    The values add up to the score minus the baseline's. Gauss–Legendre steps are doubled, from 8 on, until they do so
    within the tolerance; what is missing is told as delta.
    """

    tolerance: Annotated[float, Range(1e-5, 0.5, "Share of the difference in score that may be missing.")] = 0.001


def between(
    start: Float[Tensor, " c *grid"], end: Float[Tensor, " c *grid"], points: Float[Tensor, " n"]
) -> Float[Tensor, "n c *grid"]:
    """Inputs on the straight way, at each point in [0, 1]."""
    return torch.lerp(start, end, points.view(-1, *[1] * start.ndim))


def doubled(most: int) -> list[int]:
    """8, 16, 32, … and at last `most`."""
    steps = [FIRST]
    while steps[-1] < most:
        steps.append(min(2 * steps[-1], most))
    return steps


def gauss_legendre(n: int) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
    """Points in (0, 1) and their weights: exact for polynomials up to degree 2n − 1."""
    points, weights = np.polynomial.legendre.leggauss(n)
    return torch.from_numpy((points + 1) / 2).float(), torch.from_numpy(weights / 2)
