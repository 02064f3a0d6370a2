"""Saliency: how steeply the score depends on each part of the input.

Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", 2013 (arXiv:1312.6034).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.params import Parameters
from explainers.registry import register
from explainers.results import attributions
from explainers.text.board import OnText
from explainers.types import Attributions, GradientScore, Passage, Progress


@register("saliency", revision=1, needs="gradients")
@dataclass(frozen=True, kw_only=True)
class PictureSaliency(Parameters):
    """How steeply the score depends on a pixel: the size of the gradient, largest over colours, without a sign."""

    @property
    def unit(self) -> str:
        return "steepest change of {score} per unit of colour"

    def explain(
        self, score: GradientScore, x: Float[Tensor, "c h w"], rng: torch.Generator
    ) -> Iterator[Progress[Attributions]]:
        x = score.place(x)[None]
        values = score.gradient(x).abs().amax(1)
        yield Progress(1, 1, attributions(score, score.exact(x)[0], values, signed=False))


@register("saliency", "text", revision=1, needs="gradients")
@dataclass(frozen=True, kw_only=True)
class TextSaliency(OnText):
    """How steeply the score depends on a word: the length of the gradient to its tokens' embeddings, without a sign."""

    @property
    def unit(self) -> str:
        return "steepest change of {score} per unit of embedding"

    def explain(self, score: GradientScore, x: Passage, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        subject = self.subject(score, x)
        rows = subject.x[None]
        values = subject.gather(score.gradient(rows).norm(dim=1))
        yield Progress(1, 1, attributions(score, score.exact(rows)[0], values, signed=False, words=subject.words))
