"""What a metric knows of a map: one number per player, and the score when players are absent.

A metric sees neither pixels nor words: `Cells.pool` gives an image map's mean per cell, a map over words is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from explainers.masking import FIRST, batches
from explainers.types import ScoreFunction


@runtime_checkable
class PlayedScore(Protocol):
    """A `ValueFunction` that says how many players it has and what scores it, as `masking.MaskedScore` does."""

    @property
    def d(self) -> int: ...
    @property
    def score(self) -> ScoreFunction: ...
    def __call__(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n t"]: ...


def in_batches(value: PlayedScore, z: Float[Tensor, "n d"]) -> Iterator[Float[Tensor, "m t"]]:
    """The scores of the rows so far, m rising to n, on the processor and in float64."""
    known: list[Tensor] = []
    for part in batches(len(z), value.score, FIRST):
        known.append(value(z[part]).cpu().double())
        yield torch.cat(known)


def ordered(phi: Float[Tensor, " d"], rng: torch.Generator) -> Int[Tensor, " d"]:
    """Players from the highest value down. Ties fall in random order: the map says nothing about them.

    By index, a constant map would remove the image from its first corner on, and be judged for that.
    """
    shuffled = torch.randperm(len(phi), generator=rng)
    return shuffled[phi[shuffled].argsort(descending=True, stable=True)]
