"""Occlusion: what the score loses when a window slides over the image, or a word goes.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2013 (arXiv:1311.2901).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.designs import leave_one_out
from explainers.masking import FIRST, Baseline, Windows, batches, on
from explainers.params import Parameters, Range
from explainers.registry import register
from explainers.results import attributions
from explainers.text.board import TextBoard
from explainers.types import Attributions, InputError, Passage, Progress, ScoreFunction


@register("occlusion", revision=1)
@dataclass(frozen=True, kw_only=True)
class PictureOcclusion(Parameters):
    """The score lost when a window is covered, averaged over the windows that hold a pixel."""

    window: Annotated[int, Range(2, 256, "Side of the covered square, in pixels of the model's input.")] = 32
    stride: Annotated[int, Range(1, 256, "Pixels between neighbouring squares; small is fine and slow.")] = 16
    baseline: Annotated[Baseline, "What covers the square."] = "mean"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride > self.window:
            raise ValueError(f"stride must be at most window = {self.window}, or pixels go unseen; got {self.stride}")

    @property
    def unit(self) -> str:
        return "{score} lost when it is covered"

    def reduced(self) -> PictureOcclusion:
        """The same squares side by side."""
        return replace(self, stride=self.window)

    def explain(
        self, score: ScoreFunction, x: Float[Tensor, "c h w"], rng: torch.Generator
    ) -> Iterator[Progress[Attributions]]:
        h, w = x.shape[-2:]
        if self.window >= min(h, w):
            raise InputError(f"window must be smaller than the {w} × {h} input; got {self.window}")
        windows = Windows(self.window, self.stride, (h, w))
        value = on(score, x, self.baseline, windows)
        # shuffled, so that a preview shows the whole image thinly
        rows = leave_one_out(windows.d, batches(windows.d, score, FIRST), torch.randperm(windows.d, generator=rng))
        full, scores = score(score.place(x)[None])[0], score.exact(score.place(x)[None])[0]
        lost = torch.zeros(len(full), windows.d, dtype=torch.float64, device=full.device)
        counted, done = lost[0].clone(), 0
        for batch in value.stream(rows):
            seen = 1 - batch.z.double()
            lost += (full - batch.score).double().mT @ seen
            counted += seen.sum(0)
            done += len(seen)
            coverage = windows.cover(counted[None]).clamp(min=1)
            yield Progress(done, windows.d, attributions(score, scores, windows.cover(lost) / coverage, signed=True))


@register("occlusion", "text", revision=1)
@dataclass(frozen=True, kw_only=True)
class TextOcclusion(TextBoard):
    """The score lost when a word alone is absent, from one forward a word.

    Of two words that say the same neither is missed.
    """

    @property
    def unit(self) -> str:
        return f"{{score}} lost without the {self.by}"

    def explain(self, score: ScoreFunction, x: Passage, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        game = self.play(score, x)
        full = score(game.value.x[None])[0].cpu().double()  # as the rows are scored, so that rounding cancels
        lost, done = torch.zeros(game.d, len(full), dtype=torch.float64), 0
        rows = leave_one_out(game.d, batches(game.d, score, FIRST), torch.randperm(game.d, generator=rng))
        for batch in game.value.stream(rows):
            lost += (1 - batch.z).cpu().double().mT @ (full - batch.score.cpu().double())
            done += len(batch.z)
            yield Progress(done, game.d, game.painted(lost))
