"""Gradient × input: what each pixel would contribute, were the score linear.

Shrikumar et al., "Not Just a Black Box: Learning Important Features Through Propagating Activation Differences", 2016
(arXiv:1605.01713).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.masking import Baseline, absent
from explainers.params import Parameters
from explainers.registry import register
from explainers.results import attributions
from explainers.types import Attributions, GradientScore, Progress


@register("gradient_x_input", revision=1, needs="gradients")
@dataclass(frozen=True, kw_only=True)
class GradientXInput(Parameters):
    """The gradient times the pixel's distance from the baseline: its contribution, were the score linear.

    With the mean colour as the baseline it is the published form, on inputs normalised as the model wants them. It does
    not promise to add up, so it has no `delta`.
    """

    baseline: Annotated[Baseline, "The picture that contributions are counted from."] = "mean"

    @property
    def unit(self) -> str:
        return "share of {score} above the baseline's, by the slope at the picture"

    @property
    def absence(self) -> str:
        return "counted from {baseline}"

    def explain(
        self, score: GradientScore, x: Float[Tensor, "c h w"], rng: torch.Generator
    ) -> Iterator[Progress[Attributions]]:
        x = score.place(x)
        baseline = absent(self.baseline, x, score.neutral)
        values = ((x - baseline) * score.gradient(x[None])).sum(1)
        scores = score.exact(x[None])[0]
        yield Progress(1, 1, attributions(score, scores, values, signed=True))
