"""DeepSHAP: DeepLIFT averaged over many references.

Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions", 2017 (arXiv:1705.07874), section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.params import Parameters, Range
from explainers.propagation.engine import deeplift_score
from explainers.registry import register
from explainers.results import attributions
from explainers.types import Attributions, GradientScore, Progress

Background = Literal["shuffled", "colours", "noise"]

REDUCED = 4  # references when a map is made again only to be compared
TILES = 8  # along each side of a shuffled picture


@register("deep_shap", revision=1, needs="operators")
@dataclass(frozen=True, kw_only=True)
class DeepShap(Parameters):
    """DeepLIFT's contributions, averaged over many reference pictures, so that no single one decides.

    The values add up to the score minus the mean score of the references, with a standard error from their spread.
    `shuffled` references are this picture with its tiles in another order: its colours and textures without its things.
    """

    n: Annotated[int, Range(2, 200, "Reference pictures.")] = 16
    background: Annotated[Background, "What the reference pictures are."] = "shuffled"

    @property
    def unit(self) -> str:
        return "share of {score} above that of the references"

    def reduced(self) -> DeepShap:
        return replace(self, n=min(self.n, REDUCED))

    def explain(
        self, score: GradientScore, x: Float[Tensor, "c h w"], rng: torch.Generator
    ) -> Iterator[Progress[Attributions]]:
        x = score.place(x)
        scores = score.exact(x[None])[0]
        h, w = x.shape[-2:]
        first, second = torch.zeros(2, 1, h, w, dtype=torch.float64, device=x.device)
        references, fallbacks = torch.zeros((), dtype=torch.float64, device=x.device), set[str]()
        for done in range(1, self.n + 1):
            x0 = score.place(reference(self.background, x, rng))
            result = deeplift_score(score, x[None], x0[None])  # one at a time: a pair holds twice its activations
            values = result.values.sum(1).double()
            first, second = first + values, second + values.square()
            references = references + score.exact(x0[None])[0, 0]
            fallbacks.update(result.fallbacks)
            mean = first / done
            deltas = mean.sum((1, 2)) - (scores.double() - references / done)
            variance = (second / done - mean.square()).clamp(min=0) / max(done - 1, 1)
            meta = {"fallbacks": sorted(fallbacks), "reference_score": (references / done).item()}
            yield Progress(
                done,
                self.n,
                attributions(score, scores, mean, signed=True, stderr=variance.sqrt(), deltas=deltas, meta=meta),
            )


def reference(kind: Background, x: Float[Tensor, "c h w"], rng: torch.Generator) -> Float[Tensor, "c h w"]:
    match kind:
        case "shuffled":
            return shuffled(x, rng)
        case "colours":
            return torch.rand(len(x), 1, 1, generator=rng).expand_as(x)
        case "noise":
            return torch.rand(x.shape, generator=rng)


def shuffled(x: Float[Tensor, "c h w"], rng: torch.Generator) -> Float[Tensor, "c h w"]:
    """Every tile in another place; what no tile covers stays at the border."""
    h, w = (side // TILES for side in x.shape[-2:])
    out = x.clone()
    order = torch.randperm(TILES * TILES, generator=rng).tolist()
    for place, source in enumerate(order):
        (row, column), (from_row, from_column) = divmod(place, TILES), divmod(source, TILES)
        out[:, row * h : (row + 1) * h, column * w : (column + 1) * w] = x[
            :, from_row * h : (from_row + 1) * h, from_column * w : (from_column + 1) * w
        ]
    return out
