"""What becomes of a picture's classes when an area of it is painted over, or all but that area."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from app.failures import RequestError, refuse_outside
from app.jobs.easel import Easel
from explainers.painting import Fill, Mode, Painting
from explainers.players import divided, superpixels

PLACES = 20  # where else the area is tried
AT_ONCE = 4  # of them, so that a stroke need not wait long for those that nobody waits for any more
PARTS = PLACES // AT_ONCE
REGIONS = 8  # superpixels along each side, where the explanation itself has no regions


@dataclass(frozen=True, kw_only=True)
class Painted:
    """How much of the brush lies on each pixel of the model's input, row by row. Raises RequestError.

    Answers with the probabilities of the painted picture: one forward.
    """

    amount: bytes
    size: tuple[int, int]
    mode: Mode = "remove"
    fill: Fill = "blur"

    def __post_init__(self) -> None:
        refuse_other_size("The painted area", self.amount, self.size)

    @property
    def painting(self) -> Painting:
        return Painting(plane(self.amount, self.size).float() / 255, self.mode)

    def answer(self, easel: Easel) -> list[list[float]]:
        return easel.answers(self._on(easel, self.painting, self.fill)[None])

    def _on(self, easel: Easel, painting: Painting, fill: Fill) -> Float[Tensor, "c h w"]:
        return painting.on(easel.x, fill, easel.score.neutral.cpu(), easel.run.spec.seed)


@dataclass(frozen=True, kw_only=True)
class Elsewhere(Painted):
    """The control: the same area at `AT_ONCE` of the `PLACES` other places. A row of probabilities for each."""

    part: int

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_outside("part", self.part, PARTS)

    def answer(self, easel: Easel) -> list[list[float]]:
        return easel.answers(torch.stack([self._on(easel, place, self.fill) for place in self._places(easel)]))

    def _places(self, easel: Easel) -> Iterator[Painting]:
        start = self.part * AT_ONCE
        return islice(self.painting.elsewhere(PLACES, easel.run.spec.seed), start, start + AT_ONCE)


@dataclass(frozen=True, kw_only=True)
class Filled(Painted):
    """The same area under every fill: a row of probabilities for each, in the order of `Fill`."""

    def answer(self, easel: Easel) -> list[list[float]]:
        painting = self.painting
        return easel.answers(torch.stack([self._on(easel, painting, fill) for fill in get_args(Fill)]))


@dataclass(frozen=True, kw_only=True)
class Divided:
    """The regions of the explanation, or superpixels: the number of each pixel's, 16 bits each, low byte first."""

    def answer(self, easel: Easel) -> bytes:
        params = easel.run.spec.params
        found = (
            divided(easel.x, params["regions"], params["cells"])
            if "regions" in params
            else superpixels(easel.x, REGIONS**2)
        )
        return found.cell.numpy().astype(np.dtype("<u2")).tobytes()


def refuse_other_size(what: str, data: bytes, size: tuple[int, int]) -> None:
    h, w = size
    if len(data) != h * w:
        raise RequestError(
            f"{what} must have {h} \u00d7 {w} = {h * w:,} bytes, one for each pixel that the model sees; "
            f"got {len(data):,}."
        )


def plane(data: bytes, size: tuple[int, int]) -> Tensor:
    """Bytes over the model's input."""
    return torch.from_numpy(np.frombuffer(data, np.uint8).copy()).view(size)
