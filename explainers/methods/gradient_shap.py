"""Gradient SHAP, or expected gradients: integrated gradients, averaged over several baselines.

Erion et al., "Improving Performance of Deep Learning Models with Axiomatic Attribution Priors and Expected Gradients",
2021 (arXiv:1906.10670).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, get_args

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from explainers.masking import FIRST, Baseline, absent, batches
from explainers.params import Parameters, Range
from explainers.registry import register
from explainers.results import attributions
from explainers.types import Attributions, GradientScore, Progress

BASELINES: tuple[Baseline, ...] = get_args(Baseline)


@register("gradient_shap", revision=1, needs="gradients")
@dataclass(frozen=True, kw_only=True)
class GradientShap(Parameters):
    """What each pixel contributes on the ways to the picture from three baselines: mean colour, black, and blurred.

    Expected gradients E[(x − x̄) ∇f(x̄ + α (x − x̄))], the α of each baseline one in every nth part of the way. The values
    add up, but for the error of sampling that delta tells, to the score minus the mean score of the baselines. The
    standard error is that of independent α, an upper bound.
    """

    n: Annotated[int, Range(2, 1024, "Gradients on the way from each of the three baselines.")] = 32

    @property
    def unit(self) -> str:
        return "share of {score} above that of the baselines"

    @property
    def absence(self) -> str:
        return "counted from the mean colour, black and a blurred copy"

    def explain(
        self, score: GradientScore, x: Float[Tensor, "c h w"], rng: torch.Generator
    ) -> Iterator[Progress[Attributions]]:
        x = score.place(x)
        baselines = torch.stack([absent(name, x, score.neutral) for name in BASELINES])
        scores = score.exact(torch.cat([x[None], baselines]))
        k, (h, w) = len(baselines), x.shape[-2:]
        # row i belongs to baseline i mod k; strata are shuffled, so that a preview sees the whole way
        strata = torch.stack([torch.randperm(self.n, generator=rng) for _ in range(k)], 1).flatten()
        alpha = score.place((strata + torch.rand(k * self.n, generator=rng)) / self.n)
        first, second = torch.zeros(2, k, h, w, dtype=torch.float64, device=x.device)
        count = first.new_zeros(k, 1, 1)
        done, total = 0, k * self.n
        for part in batches(total, score, FIRST):
            of = torch.arange(part.start, part.stop, device=x.device) % k
            gradient = score.gradient(torch.lerp(baselines[of], x, alpha[part, None, None, None]))
            gain = ((x - baselines[of]) * gradient).sum(1).double()
            member = F.one_hot(of, k).double()  # not index_add_: on a GPU it adds in any order
            first += torch.einsum("nk,nhw->khw", member, gain)
            second += torch.einsum("nk,nhw->khw", member, gain.square())
            count += member.sum(0)[:, None, None]
            done += len(gain)
            means = first / count
            variance = (second / count - means.square()).clamp(min=0) / (count - 1).clamp(min=1)
            values = means.mean(0, keepdim=True)
            result = attributions(
                score,
                scores[0],
                values,
                signed=True,
                stderr=variance.sum(0, keepdim=True).sqrt() / k,
                deltas=values.sum((1, 2)) - (scores[0] - scores[1:].mean(0)),
                meta={"baselines": list(BASELINES)},
            )
            yield Progress(done, total, result)
