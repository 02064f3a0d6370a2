"""Gradient × input: what each part of the input would contribute, were the score linear.

Shrikumar et al., "Not Just a Black Box: Learning Important Features Through Propagating Activation Differences", 2016
(arXiv:1605.01713).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from explainers.board import FromBaseline, Stretch
from explainers.registry import register
from explainers.results import attributions
from explainers.text.board import FromStand
from explainers.types import Attributions, GradientScore, Prepared, Progress


@dataclass(frozen=True, kw_only=True)
class GradientXInput(Stretch):
    """It does not promise to add up, so it has no `delta`."""

    @property
    def unit(self) -> str:
        return "share of {score} above the baseline's, by the slope at the input"

    def explain(self, score: GradientScore, x: Prepared, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        subject = self.subject(score, x)
        rows = subject.x[None]
        values = subject.gather(((rows - self.absent(score, x)) * score.gradient(rows)).sum(1))
        yield Progress(1, 1, attributions(score, score.exact(rows)[0], values, signed=True, words=subject.words))


@register("gradient_x_input", revision=1, needs="gradients")
@dataclass(frozen=True, kw_only=True)
class PictureGradientXInput(FromBaseline, GradientXInput):
    """The gradient times the pixel's distance from the baseline: its contribution, were the score linear.

    With the mean colour as the baseline it is the published form, on inputs normalised as the model wants them. It does
    not promise to add up, so it has no `delta`.
    """


@register("gradient_x_input", "text", revision=1, needs="gradients")
@dataclass(frozen=True, kw_only=True)
class TextGradientXInput(FromStand, GradientXInput):
    """The gradient times the word's distance from the baseline: its contribution, were the score linear.

    It does not promise to add up, so it has no `delta`.
    """
