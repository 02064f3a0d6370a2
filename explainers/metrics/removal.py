"""Rows that hide parts of the input: what that costs every class, and what a map says it costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.metrics.reach import reachable
from explainers.metrics.setting import Setting


@dataclass(frozen=True, eq=False)
class Removal:
    """Rows z, in each of which M of every value of a map is present, and the score lost, the claimed class first.

    `sides` is 1 where a row is scored against the whole input, of which it hides 1 − M, and 2 where against its own
    complement, so that what hiding costs there is weighed 1 − 2 M.
    """

    place: Setting
    z: Float[Tensor, "n d"]
    sides: int
    lost: Float[Tensor, "n t"]

    def claimed(self, values: Float[Tensor, "*shape"]) -> Float[Tensor, " n"]:
        """What a map says that `lost` is, Σ φ (1 − sides · M)."""
        parts = (1 - self.sides * self.place.shown(part).double().flatten(1) for part in self.z.split(32))
        return torch.cat([part @ values.double().flatten() for part in parts])

    @cached_property
    def reach(self) -> Float[np.ndarray, " t"]:
        """The correlation that an additive map can have with `lost`, by class."""
        hidden = [1 - self.place.coarse(part) for part in self.z.split(32)]
        return reachable(torch.cat(hidden), self.lost)
