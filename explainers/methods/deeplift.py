"""DeepLIFT: each input's share of the score's difference from a reference, operator by operator.

Shrikumar, Greenside and Kundaje, "Learning Important Features Through Propagating Activation Differences", 2017
(arXiv:1704.02685).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch

from explainers.board import FromBaseline, Stretch
from explainers.masking import Baseline
from explainers.propagation.engine import Rule, deeplift_score
from explainers.registry import register
from explainers.results import attributions
from explainers.text.board import FromStand
from explainers.types import Attributions, GradientScore, Prepared, Progress


@dataclass(frozen=True, kw_only=True)
class DeepLift(Stretch):
    """`delta` is what the sum misses, measured against the model itself. Costs two forwards and a backward."""

    rule: Annotated[Rule, "One multiplier for each unit, or one for what raises and one for what lowers it."] = (
        "rescale"
    )

    @property
    def unit(self) -> str:
        return "share of {score} above the reference's"

    def explain(self, score: GradientScore, x: Prepared, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        subject = self.subject(score, x)
        pair = torch.stack([subject.x, self.absent(score, x)])
        scores = score.exact(pair)
        result = deeplift_score(score, pair[:1], pair[1:], self.rule)
        values = subject.gather(result.values.sum(1))
        deltas = values.double().flatten(1).sum(1) - (scores[0] - scores[1]).double()
        meta = {"fallbacks": list(result.fallbacks), "reference_score": scores[1].item()}
        yield Progress(
            2,
            2,
            attributions(score, scores[0], values, signed=True, deltas=deltas, words=subject.words, meta=meta),
        )


@register("deeplift", revision=1, needs="operators")
@dataclass(frozen=True, kw_only=True)
class PictureDeepLift(FromBaseline, DeepLift):
    """What each pixel contributes to the score's difference from a reference picture; the contributions add up to it.

    `reveal_cancel` keeps what raises and what lowers a unit apart, so that two causes that cancel are both seen. Costs
    about two forwards and a backward. `delta` is what the sum misses, measured against the model itself.
    """

    baseline: Annotated[Baseline, "The reference picture."] = "mean"


@register("deeplift", "text", revision=1, needs="operators")
@dataclass(frozen=True, kw_only=True)
class TextDeepLift(FromStand, DeepLift):
    """What each word contributes to the score's difference from a text that says nothing; they add up to it.

    `reveal_cancel` keeps what raises and what lowers a unit apart, so that two causes that cancel are both seen. Costs
    about two forwards and a backward. `delta` is what the sum misses, measured against the model itself.
    """
