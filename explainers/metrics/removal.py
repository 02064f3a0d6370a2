"""Rows that hide parts of the picture: what that costs every class, and what a map says it costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from explainers.masking import ShiftedCells
from explainers.metrics.reach import reachable


@dataclass(frozen=True, eq=False)
class Removal:
    """RISE's soft masks on a grid at random shifts, and the score each loses, the claimed class first.

    `sides` is 1 where a mask is scored against the whole picture, of which it hides 1 − M, and 2 where against its own
    complement, so that what hiding costs there is weighed 1 − 2 M.
    """

    players: ShiftedCells
    z: Float[Tensor, "n d"]
    sides: int
    lost: Float[Tensor, "n t"]

    def claimed(self, values: Float[Tensor, "h w"]) -> Float[Tensor, " n"]:
        """What a map says that `lost` is, Σ φ (1 − sides · M)."""
        parts = (1 - self.sides * self.players.lift(part)[:, 0].double() for part in self.z.split(32))
        return torch.cat([torch.einsum("bhw,hw->b", part, values.double()) for part in parts])

    @cached_property
    def reach(self) -> Float[np.ndarray, " t"]:
        """The correlation that an additive map can have with `lost`, by class."""
        cells = self.players.rows
        hidden = [F.adaptive_avg_pool2d(1 - self.players.lift(part), cells).flatten(1) for part in self.z.split(32)]
        return reachable(torch.cat(hidden), self.lost)
