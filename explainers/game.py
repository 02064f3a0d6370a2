"""A picture as a cooperative game: its regions are the players, the score of what is seen is the value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.masking import Baseline, Cells, MaskedScore, on
from explainers.players import Regions, Segments, divided
from explainers.results import attributions
from explainers.types import Attributions, ScoreFunction


@dataclass(frozen=True)
class Game:
    """v(z) in the run's precision, but of nobody and of everybody in float32: the shares add up to what is shown."""

    value: MaskedScore
    players: Cells | Segments

    @property
    def d(self) -> int:
        return self.players.d

    @cached_property
    def ends(self) -> Float[Tensor, "2 t"]:
        """v of nobody and of everybody. What rounding adds to every other row alike cancels in all the estimators."""
        return self.value.score.exact(torch.stack([self.value.baseline, self.value.x])).cpu().double()

    def shares(
        self,
        values: Float[Tensor, "d t"],
        stderr: Float[Tensor, "d t"] | None = None,
        meta: Mapping[str, object] | None = None,
    ) -> Attributions:
        """Painted, with what the shares miss of v(everybody) − v(nobody) as their delta."""
        empty, full = self.ends
        return self.painted(values, stderr, meta, values.sum(0) - (full - empty))

    def painted(
        self,
        values: Float[Tensor, "d t"],
        stderr: Float[Tensor, "d t"] | None = None,
        meta: Mapping[str, object] | None = None,
        deltas: Float[Tensor, " t"] | None = None,
    ) -> Attributions:
        """Every pixel gets the value of its region."""
        return attributions(
            self.value.score,
            self.ends[1],
            self._lift(values),
            signed=True,
            stderr=None if stderr is None else self._lift(stderr),
            deltas=deltas,
            meta={"regions": self.d, **(meta or {})},
        )

    def _lift(self, values: Float[Tensor, "d t"]) -> Float[Tensor, "t h w"]:
        return self.players.lift(values.T.float())[:, 0]


def played(score: ScoreFunction, x: Float[Tensor, "c h w"], baseline: Baseline, regions: Regions, cells: int) -> Game:
    players = divided(x, regions, cells)
    return Game(on(score, x, baseline, players), players)
