"""What a method is told about a picture besides its own parameters: what stands for absence, and what the regions are.

A method that also explains texts is a core without these fields; each kind of input adds its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.game import Game
from explainers.hierarchy import tree
from explainers.masking import Baseline, Cells, absent, on
from explainers.params import Parameters, Range
from explainers.players import Regions, divided
from explainers.types import Attributions, Progress, ScoreFunction, Word


@runtime_checkable
class Subject(Protocol):
    """The numbers that a network takes, and how values at their positions become those of a map."""

    @property
    def x(self) -> Float[Tensor, " c *grid"]: ...
    @property
    def words(self) -> tuple[Word, ...]: ...
    def gather(self, values: Float[Tensor, "*r"]) -> Float[Tensor, "*s"]: ...


@dataclass(frozen=True)
class Picture:
    """Every pixel has its own value."""

    x: Float[Tensor, "c h w"]
    words: tuple[Word, ...] = ()

    def gather(self, values: Float[Tensor, "*r h w"]) -> Float[Tensor, "*r h w"]:
        return values


@dataclass(frozen=True, kw_only=True)
class Stage(Parameters, ABC):
    """What the core of a method that reads the network knows of an input."""

    @abstractmethod
    def subject(self, score: ScoreFunction, x: Any) -> Subject: ...


@dataclass(frozen=True, kw_only=True)
class Stretch(Stage, ABC):
    """And of a method that compares it with a baseline."""

    @property
    def absence(self) -> str:
        return "counted from {baseline}"

    @abstractmethod
    def absent(self, score: ScoreFunction, x: Any) -> Float[Tensor, " c *grid"]:
        """The baseline."""


@dataclass(frozen=True, kw_only=True)
class OnPicture(Stage):
    """For methods that need the picture alone."""

    def subject(self, score: ScoreFunction, x: Float[Tensor, "c h w"]) -> Picture:
        return Picture(score.place(x))


@dataclass(frozen=True, kw_only=True)
class FromBaseline(OnPicture, Stretch):
    """For methods that count from a baseline."""

    baseline: Annotated[Baseline, "The picture that contributions are counted from."] = "mean"

    def absent(self, score: ScoreFunction, x: Float[Tensor, "c h w"]) -> Float[Tensor, "c h w"]:
        return absent(self.baseline, score.place(x), score.neutral)


@dataclass(frozen=True, kw_only=True)
class Board(Parameters, ABC):
    """What the core of a method that hides parts of an input knows of it."""

    @property
    @abstractmethod
    def part(self) -> str:
        """What a player is called."""

    @property
    @abstractmethod
    def whole(self) -> str: ...

    @abstractmethod
    def play(self, score: ScoreFunction, x: Any) -> Game:
        """The input with its players."""


@dataclass(frozen=True, kw_only=True)
class Shares(Board, ABC):
    """The core of a method whose values are fair shares of v(everybody) − v(nobody)."""

    @property
    def unit(self) -> str:
        return f"the {self.part}'s share of {{score}} above the hidden {self.whole}'s"

    def explain(self, score: ScoreFunction, x: Any, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        game = self.play(score, x)
        if game.d == 1:
            empty, full = game.ends
            yield Progress(2, 2, game.shares((full - empty)[None], torch.zeros(1, len(full))))
        else:
            yield from self.share(game, rng)

    @abstractmethod
    def share(self, game: Game, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        """Among two players or more."""


@dataclass(frozen=True, kw_only=True)
class PictureBoard(Board):
    """Regions of a picture."""

    @property
    def part(self) -> str:
        return "region"

    @property
    def whole(self) -> str:
        return "picture"


@dataclass(frozen=True, kw_only=True)
class GridBoard(PictureBoard):
    """Cells of a grid."""

    cells: Annotated[int, Range(2, 16, "Regions along each side.")] = 8
    baseline: Annotated[Baseline, "What replaces the hidden regions."] = "mean"

    def play(self, score: ScoreFunction, x: Float[Tensor, "c h w"]) -> Game:
        players = Cells(self.cells, self.cells, (x.shape[-2], x.shape[-1]))
        return Game(on(score, x, self.baseline, players), players, lambda: tree(players, x))


@dataclass(frozen=True, kw_only=True)
class RegionBoard(PictureBoard):
    """Cells of a grid, or superpixels."""

    regions: Annotated[Regions, "Equal rectangles, or superpixels that follow the picture's edges."] = "grid"
    cells: Annotated[int, Range(2, 16, "Regions along each side; superpixels: the square of it in all.")] = 8
    baseline: Annotated[Baseline, "What replaces the hidden regions."] = "mean"

    def play(self, score: ScoreFunction, x: Float[Tensor, "c h w"]) -> Game:
        players = divided(x, self.regions, self.cells)
        return Game(on(score, x, self.baseline, players), players, lambda: tree(players, x))
