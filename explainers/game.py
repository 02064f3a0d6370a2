"""An input as a cooperative game: its regions or words are the players, the score of what is there is the value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.hierarchy import Node
from explainers.masking import Scored
from explainers.results import attributions
from explainers.types import Attributions, Players, ScoreFunction, Word


@runtime_checkable
class Painters(Players, Protocol):
    """Players that a map can show."""

    @property
    def words(self) -> tuple[Word, ...]:
        """Of a text, in the order of the players; of a picture none."""
        ...

    def paint(self, values: Float[Tensor, "t d"]) -> Float[Tensor, " t *shape"]:
        """The map in which every player shows its value."""
        ...


@runtime_checkable
class Value(Protocol):
    """A `ValueFunction` with the input it plays on."""

    @property
    def d(self) -> int: ...
    @property
    def score(self) -> ScoreFunction: ...
    @property
    def x(self) -> Float[Tensor, " c *grid"]: ...
    @property
    def nobody(self) -> Float[Tensor, " c *grid"]:
        """What is scored when no player is present."""
        ...

    def stream(self, rows: Iterable[Float[Tensor, "_ d"]]) -> Iterator[Scored]: ...
    def __call__(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n t"]: ...


@dataclass(frozen=True)
class Game:
    """v(z) in the run's precision, but of nobody and of everybody in float32: the shares add up to what is shown."""

    value: Value
    players: Painters
    grouped: Callable[[], Node]

    @cached_property
    def tree(self) -> Node:
        """The players in groups that belong together."""
        return self.grouped()

    @property
    def d(self) -> int:
        return self.players.d

    @cached_property
    def full(self) -> Float[Tensor, " t"]:
        """v of everybody."""
        return self.value.score.exact(self.value.x[None])[0].cpu().double()

    @cached_property
    def ends(self) -> Float[Tensor, "2 t"]:
        """v of nobody and of everybody. What rounding adds to every other row alike cancels in all the estimators."""
        return torch.stack([self.value.score.exact(self.value.nobody[None])[0].cpu().double(), self.full])

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
        """Every player shows its value."""
        return attributions(
            self.value.score,
            self.full,
            self.players.paint(values.T.float()),
            signed=True,
            stderr=None if stderr is None else self.players.paint(stderr.T.float()),
            deltas=deltas,
            words=self.players.words,
            meta={"regions": self.d, **(meta or {})},
        )
