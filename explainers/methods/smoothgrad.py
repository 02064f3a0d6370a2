"""SmoothGrad: gradients at noisy copies of the input, averaged, squared, or their variance.

Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017 (arXiv:1706.03825); Adebayo et al., "Local
Explanation Methods for Deep Neural Networks Lack Sensitivity to Parameter Values", 2018 (VarGrad); Hooker et al.,
"A Benchmark for Interpretability Methods in Deep Neural Networks", 2019 (SmoothGrad²).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.board import OnPicture, Stage
from explainers.masking import batches
from explainers.params import Range
from explainers.registry import register
from explainers.results import attributions
from explainers.text.board import FromStand
from explainers.types import Attributions, GradientScore, Passage, Prepared, Progress

GROUPS = 8  # of copies, whose spread gives the standard error of any statistic; each needs two for a variance


@dataclass(frozen=True, kw_only=True)
class SmoothGrad(Stage, ABC):
    """Summed over channels: `mean` of the gradient; `squared`, the mean of its square; `variance` of it, by n − 1."""

    n: Annotated[int, Range(2 * GROUPS, 4096, "Noisy copies; more give a steadier map.")] = 64
    sigma: Annotated[float, Range(0.01, 1, "Standard deviation of the noise, in ranges of the input.")] = 0.15
    statistic: Annotated[Literal["mean", "squared", "variance"], "What is told of the copies' gradients."] = "mean"

    def reduced(self) -> SmoothGrad:
        return replace(self, n=min(self.n, max(16, 2 * GROUPS)))

    def explain(self, score: GradientScore, x: Prepared, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        subject = self.subject(score, x)
        centre, shape = subject.x, subject.x.shape
        scale, weight = self.sigma * (centre.max() - centre.min()), self.weight(score, x)
        scores = score.exact(centre[None])[0]
        first, second = torch.zeros(2, GROUPS, *shape, dtype=torch.float64, device=centre.device)
        count, done = first.new_zeros(GROUPS, *[1] * len(shape)), 0
        for part in batches(self.n, score, 2 * GROUPS):
            # one draw a row: a draw for a whole batch would make the noise depend on the batch size
            noise = torch.stack([torch.randn(shape, generator=rng) for _ in range(part.stop - part.start)])
            gradient = weight * score.gradient(centre + scale * score.place(noise)).double()
            group = torch.arange(part.start, part.stop, device=centre.device) % GROUPS
            member = F.one_hot(group, GROUPS).double()  # not index_add_: on a GPU it adds in any order
            first += torch.einsum("ng,n...->g...", member, gradient)
            second += torch.einsum("ng,n...->g...", member, gradient.square())
            count += member.sum(0).view_as(count)
            done += len(gradient)
            values = subject.gather(self._told(first.sum(0), second.sum(0), count.sum(), 0))
            spread = subject.gather(self._told(first, second, count, 1)).var(0)
            stderr = None if done < 2 * GROUPS else (spread / GROUPS).sqrt()[None]
            signed = self.statistic == "mean"
            yield Progress(
                done,
                self.n,
                attributions(score, scores, values[None], signed=signed, stderr=stderr, words=subject.words),
            )

    @abstractmethod
    def weight(self, score: GradientScore, x: Any) -> Tensor | float:
        """What every gradient is multiplied with."""

    def _told(self, first: Tensor, second: Tensor, n: Tensor, channels: int) -> Tensor:
        """The statistic from sums of the gradient and its square over n copies, summed over the channels' dimension."""
        match self.statistic:
            case "mean":
                return (first / n).sum(channels)
            case "squared":
                return (second / n).sum(channels)
            case "variance":
                return ((second - first.square() / n) / (n - 1).clamp(min=1)).clamp(min=0).sum(channels)


@register("smoothgrad", revision=1, needs="gradients")
@dataclass(frozen=True, kw_only=True)
class PictureSmoothGrad(OnPicture, SmoothGrad):
    """How the score depends on each pixel, averaged over noisy copies of the picture.

    Over copies, and summed over colours: `mean` of the gradient, signed; `squared`, the mean of its square
    (SmoothGrad²); `variance` of it, n − 1 in the denominator (VarGrad).
    """

    @property
    def unit(self) -> str:
        what = {"mean": "slope", "squared": "squared slope", "variance": "variance of the slope"}[self.statistic]
        return f"{what} of {{score}} over noisy copies"

    def weight(self, score: GradientScore, x: Any) -> float:
        return 1.0


@register("smoothgrad", "text", revision=1, needs="gradients")
@dataclass(frozen=True, kw_only=True)
class TextSmoothGrad(FromStand, SmoothGrad):
    """What each word would contribute, were the score linear, by the slope averaged over noisy copies of the text.

    The gradient to a word's embeddings is multiplied with their distance from the baseline's, since no number of an
    embedding means anything by itself. Over copies, and summed over them: `mean`, signed; `squared`, the mean of the
    square (SmoothGrad²); `variance`, n − 1 in the denominator (VarGrad).
    """

    @property
    def unit(self) -> str:
        what = {"mean": "share", "squared": "squared share", "variance": "variance of the share"}[self.statistic]
        return f"{what} of {{score}} above the baseline's, by the slope over noisy copies"

    def weight(self, score: GradientScore, x: Passage) -> Tensor:
        return (self.subject(score, x).x - self.absent(score, x)).double()
