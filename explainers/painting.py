"""An area painted over a picture: what is left when it goes, what is left when only it stays, and areas like it.

An edit by itself shows nothing: any large area matters. So each painting comes with its control, the same area and
shape at random places, and with several fills, since what stands in the place of the area is an input of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from explainers.masking import blur

Fill = Literal["blur", "mean", "noise", "inpaint"]
Mode = Literal["remove", "keep"]

BLUR = 1 / 10  # standard deviation, in shorter sides of the picture
NOISE = 0.25  # standard deviation about the mean colour, of colours in [0, 1]


@dataclass(frozen=True, eq=False)
class Painting:
    """How much of the brush lies on each pixel, from 0 to 1; `remove` takes that away, `keep` everything else."""

    amount: Float[Tensor, "h w"]
    mode: Mode = "remove"

    @property
    def present(self) -> Float[Tensor, "h w"]:
        """How much of the picture is left."""
        return 1 - self.amount if self.mode == "remove" else self.amount

    def on(
        self, x: Float[Tensor, "c h w"], fill: Fill, neutral: Float[Tensor, " c"], seed: int = 0
    ) -> Float[Tensor, "c h w"]:
        """The picture with the fill where it is not left; unpainted, exactly the picture."""
        return torch.lerp(filled(fill, x, self.present, neutral, seed), x, self.present)

    def elsewhere(self, n: int, seed: int = 0) -> Iterator[Painting]:
        """The same area and shape at n random places, also mirrored; what leaves on one side comes in on the other."""
        h, w = self.amount.shape
        rng = torch.Generator().manual_seed(seed)
        for _ in range(n):
            down, across, mirrored = (int(torch.randint(side, (), generator=rng)) for side in (h, w, 2))
            moved = self.amount.roll((down, across), (0, 1))
            yield replace(self, amount=moved.flip(1) if mirrored else moved)


def filled(
    fill: Fill, x: Float[Tensor, "c h w"], present: Float[Tensor, "h w"], neutral: Float[Tensor, " c"], seed: int = 0
) -> Float[Tensor, "c h w"]:
    """What may stand in the place of what is not present.

    `blur`: the picture under a Gaussian; `mean`: the colour that the model's normalisation maps to zero; `noise`:
    seeded noise about it; `inpaint`: what is present, spread smoothly into what is not.
    """
    flat = neutral.to(x)[:, None, None]
    match fill:
        case "blur":
            return blur(x, BLUR * min(x.shape[-2:]))
        case "mean":
            return flat.expand_as(x)
        case "noise":
            rng = torch.Generator().manual_seed(seed)
            return (flat + NOISE * torch.randn(x.shape, generator=rng).to(x)).clamp(0, 1)
        case "inpaint":
            return spread(x, present, flat)


def spread(
    x: Float[Tensor, "c h w"], present: Float[Tensor, "h w"], flat: Float[Tensor, "c 1 1"]
) -> Float[Tensor, "c h w"]:
    """Every pixel from the finest scale on which something near it is present; `flat` where nothing is.

    Pull and push over halved resolutions: Gortler et al., "The Lumigraph", 1996, section 3.4.
    """
    weight = present[None, None].to(x)
    colours, weights = [x[None]], [weight]
    while max(colours[-1].shape[-2:]) > 1:
        c, w = colours[-1], weights[-1]
        room = (0, c.shape[-1] % 2, 0, c.shape[-2] % 2)  # an odd side gets a pixel of weight zero
        total = 4 * F.avg_pool2d(F.pad(w, room), 2)
        colours.append(4 * F.avg_pool2d(F.pad(c * w, room), 2) / total.clamp(min=1e-12))
        weights.append(total.clamp(max=1))
    guess = torch.lerp(flat[None].expand_as(colours[-1]), colours[-1], weights[-1])
    for c, w in zip(reversed(colours[:-1]), reversed(weights[:-1]), strict=True):
        coarse = F.interpolate(guess, c.shape[-2:], mode="bilinear", align_corners=False)
        guess = torch.lerp(coarse, c, w)
    return guess[0]
