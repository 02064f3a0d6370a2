"""Grad-CAM: the channels of a late layer, each weighted by how much the score rises with it.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", 2017
(arXiv:1610.02391).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from explainers.layers import recorded
from explainers.params import Parameters, Range
from explainers.registry import register
from explainers.results import attributions
from explainers.scoring import slopes
from explainers.types import Attributions, GradientScore, InputError, Progress


@register("grad_cam", revision=1, needs="layers")
@dataclass(frozen=True, kw_only=True)
class GradCam(Parameters):
    """Where a late layer sees what raises the score: its channels, weighted by the score's mean slope along each.

    Σ_k (mean over positions of ∂f/∂A_k) A_k, enlarged to the picture; for a network that ends in an average and a
    linear head, what each position adds to the score. `relu` is the published form, which drops what speaks against the
    class. The layer is the last of its resolution on whose places the score depends; it is named in the result.
    """

    depth: Annotated[int, Range(1, 6, "Resolution of the layer, counted from the last; 2 is finer and shallower.")] = 1
    form: Annotated[Literal["signed", "relu"], "Both signs, or as published only what speaks for the class."] = "signed"

    @property
    def unit(self) -> str:
        return "what the layer's channels here add to {score}"

    def explain(
        self, score: GradientScore, x: Float[Tensor, "c h w"], rng: torch.Generator
    ) -> Iterator[Progress[Attributions]]:
        found = maps(score, score.place(x)[None])
        if not found:
            raise InputError("grad_cam needs a layer that keeps the picture's rows and columns; this model has none")
        if not any(slope.any() for *_, slope in found):
            raise InputError(f"the score has no slope along any layer of this network, {found[0][0]} the last")
        if self.depth > len(found):
            raise InputError(f"depth must be at most {len(found)}, the resolutions of this model; got {self.depth}")
        name, A, slope = found[self.depth - 1]
        values = torch.einsum("nkhw,nk->nhw", A, slope.mean((2, 3)))
        values = values.relu() if self.form == "relu" else values
        enlarged = F.interpolate(values[None], x.shape[-2:], mode="bilinear")[0]
        meta = {"layer": name, "grid": list(values.shape[1:])}
        scores = score.exact(score.place(x)[None])[0]
        yield Progress(1, 1, attributions(score, scores, enlarged, signed=self.form == "signed", meta=meta))


def maps(
    score: GradientScore, x: Float[Tensor, "1 c h w"]
) -> list[tuple[str, Float[Tensor, "1 k rows cols"], Float[Tensor, "1 k rows cols"]]]:
    """Name, activations and gradient of the last layer of each resolution, the last resolution first."""
    size = (x.shape[-2], x.shape[-1])
    with torch.inference_mode(False), torch.enable_grad(), torch.autocast(x.device.type, enabled=False):
        leaf = x.clone().requires_grad_()
        with recorded(score.module, size) as layers:
            scored = score.attached(leaf)[:, 0].sum()
        outputs = [layer.output for layer in layers]
        gradients = slopes(scored, outputs) if layers else ()
    laid = [
        (layer.name, layer.layout(layer.output.detach()), layer.layout(slope))
        for layer, slope in zip(reversed(layers), reversed(gradients), strict=True)
    ]
    # after its last attention a class token is all that a transformer's head reads: the other tokens have no slope
    last: dict[tuple[int, int], tuple[str, Tensor, Tensor]] = {}
    for name, A, slope in [each for each in laid if each[2].abs().max() > 0] or laid:
        last.setdefault((A.shape[2], A.shape[3]), (name, A, slope))
    return list(last.values())
