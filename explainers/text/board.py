"""What a method is told about a text besides its own parameters: what the players are, and what stands for absence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.board import Board, Stage, Stretch
from explainers.game import Game, Value
from explainers.masking import MaskedScore
from explainers.text.deletion import ShortenedScore
from explainers.text.phrases import phrases
from explainers.text.units import Unit, Units, units
from explainers.types import InputError, Passage, ScoreFunction, Word

Stand = Literal["mask", "mean"]
Absence = Literal["mask", "mean", "deletion"]


@dataclass(frozen=True)
class Words:
    """Units of a text as players; tokens that belong to none, special ones among them, are always present."""

    units: Units

    @property
    def d(self) -> int:
        return len(self.units.words)

    @property
    def words(self) -> tuple[Word, ...]:
        return self.units.words

    def lift(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b 1 t"]:
        present = torch.cat([z, torch.ones_like(z[:, :1])], 1)
        return present[:, self.units.member.to(z.device)][:, None]  # member −1 is the column of ones

    def paint(self, values: Float[Tensor, "t d"]) -> Float[Tensor, "t d"]:
        return values


@dataclass(frozen=True)
class Text:
    """The tokens' embeddings; values at tokens add up to those of their units."""

    x: Float[Tensor, "e t"]
    units: Units

    @property
    def words(self) -> tuple[Word, ...]:
        return self.units.words

    def gather(self, values: Float[Tensor, "*r t"]) -> Float[Tensor, "*r d"]:
        return self.units.sum(values)


@dataclass(frozen=True, kw_only=True)
class OnText(Stage):
    """For methods that need the text alone."""

    by: Annotated[Unit, "What has a value of its own; that of a word is the sum over its tokens."] = "word"

    @property
    def part(self) -> str:
        return self.by

    @property
    def whole(self) -> str:
        return "text"

    def subject(self, score: ScoreFunction, x: Passage) -> Text:
        return Text(score.place(x.x), divided(x, self.by))


@dataclass(frozen=True, kw_only=True)
class FromStand(OnText, Stretch):
    """For methods that count from a text of the same length that says nothing."""

    baseline: Annotated[Stand, "What stands in every token's place: the mask token, or the vocabulary's mean."] = "mask"

    def absent(self, score: ScoreFunction, x: Passage) -> Float[Tensor, "e t"]:
        return absent(self.baseline, x, divided(x, self.by), score)


@dataclass(frozen=True, kw_only=True)
class TextBoard(OnText, Board):
    """Words, tokens or sentences of a text."""

    baseline: Annotated[
        Absence,
        "What replaces absent ones: the mask token, the vocabulary's mean, or nothing: a shorter text.",
    ] = "mask"

    def play(self, score: ScoreFunction, x: Passage) -> Game:
        players = Words(divided(x, self.by))
        rows = score.place(x.x)
        value: Value = (
            ShortenedScore(score, rows, players)
            if self.baseline == "deletion"
            else MaskedScore(score, rows, absent(self.baseline, x, players.units, score), players)
        )
        return Game(value, players, lambda: phrases(x.text, players.words))


def divided(x: Passage, by: Unit) -> Units:
    found = units(x.text, [(token.start, token.end) for token in x.tokens], by)
    if not found.words:
        raise InputError("the text has no words that the model reads")
    return found


def absent(stand: Stand, x: Passage, found: Units, score: ScoreFunction) -> Float[Tensor, "e t"]:
    """The text with something that says nothing in every unit's place; special tokens stay."""
    here = score.place(found.member) >= 0
    filler = score.place(x.mask if stand == "mask" else x.mean)
    return torch.where(here, filler[:, None], score.place(x.x))
