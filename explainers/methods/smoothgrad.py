"""SmoothGrad: gradients at noisy copies of the picture, averaged, squared, or their variance.

Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017 (arXiv:1706.03825); Adebayo et al., "Local
Explanation Methods for Deep Neural Networks Lack Sensitivity to Parameter Values", 2018 (VarGrad); Hooker et al.,
"A Benchmark for Interpretability Methods in Deep Neural Networks", 2019 (SmoothGrad²).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from explainers.masking import batches
from explainers.params import Parameters, Range
from explainers.registry import register
from explainers.results import attributions
from explainers.types import Attributions, GradientScore, Progress

GROUPS = 8  # of copies, whose spread gives the standard error of any statistic; each needs two for a variance


@register("smoothgrad", revision=1, needs="gradients")
@dataclass(frozen=True, kw_only=True)
class SmoothGrad(Parameters):
    """How the score depends on each pixel, averaged over noisy copies of the picture.

    Over copies, and summed over colours: `mean` of the gradient, signed; `squared`, the mean of its square
    (SmoothGrad²); `variance` of it, n − 1 in the denominator (VarGrad).
    """

    n: Annotated[int, Range(2 * GROUPS, 4096, "Noisy copies; more give a steadier map.")] = 64
    sigma: Annotated[float, Range(0.01, 1, "Standard deviation of the noise, in ranges of the picture.")] = 0.15
    statistic: Annotated[Literal["mean", "squared", "variance"], "What is told of the copies' gradients."] = "mean"

    @property
    def unit(self) -> str:
        what = {"mean": "slope", "squared": "squared slope", "variance": "variance of the slope"}[self.statistic]
        return f"{what} of {{score}} over noisy copies"

    def reduced(self) -> SmoothGrad:
        return replace(self, n=min(self.n, max(16, 2 * GROUPS)))

    def explain(
        self, score: GradientScore, x: Float[Tensor, "c h w"], rng: torch.Generator
    ) -> Iterator[Progress[Attributions]]:
        x = score.place(x)
        scale = self.sigma * (x.max() - x.min())
        scores = score.exact(x[None])[0]
        first, second = torch.zeros(2, GROUPS, *x.shape, dtype=torch.float64, device=x.device)
        count, done = first.new_zeros(GROUPS, 1, 1, 1), 0
        for part in batches(self.n, score, 2 * GROUPS):
            # one draw a row: a draw for a whole batch would make the noise depend on the batch size
            noise = torch.stack([torch.randn(x.shape, generator=rng) for _ in range(part.stop - part.start)])
            gradient = score.gradient(x + scale * score.place(noise)).double()
            group = torch.arange(part.start, part.stop, device=x.device) % GROUPS
            member = F.one_hot(group, GROUPS).double()  # not index_add_: on a GPU it adds in any order
            first += torch.einsum("ng,nchw->gchw", member, gradient)
            second += torch.einsum("ng,nchw->gchw", member, gradient.square())
            count += member.sum(0)[:, None, None, None]
            done += len(gradient)
            values = self._told(first.sum(0), second.sum(0), count.sum())
            spread = self._told(first, second, count).var(0)
            stderr = None if done < 2 * GROUPS else (spread / GROUPS).sqrt()[None]
            signed = self.statistic == "mean"
            yield Progress(done, self.n, attributions(score, scores, values[None], signed=signed, stderr=stderr))

    def _told(
        self, first: Float[Tensor, "*g c h w"], second: Float[Tensor, "*g c h w"], n: Tensor
    ) -> Float[Tensor, "*g h w"]:
        """The statistic from sums of the gradient and its square over n copies."""
        match self.statistic:
            case "mean":
                return (first / n).sum(-3)
            case "squared":
                return (second / n).sum(-3)
            case "variance":
                return ((second - first.square() / n) / (n - 1).clamp(min=1)).clamp(min=0).sum(-3)
