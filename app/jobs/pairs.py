"""What a word of an explained text says together with each of the others, beyond what the two say alone."""

from __future__ import annotations

from dataclasses import dataclass

from app.failures import refuse_outside
from app.jobs.edit import played
from app.jobs.look import refuse_changed
from explainers import interactions
from explainers.scoring import ModelScore
from explainers.text.board import Absence
from explainers.types import Classifier, Output, Word


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """One of the `words` of an explained text, by its number, and the score in which it is read. Raises RequestError.

    `baseline` is what stands in the place of absent words.
    """

    text: str
    words: tuple[Word, ...]
    word: int
    baseline: Absence
    target: int
    against: int | None
    output: Output
    seed: int

    def __post_init__(self) -> None:
        refuse_outside("word", self.word, len(self.words))


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Interactions with every word, that with itself zero, and a standard error of each; in units of the score."""

    values: tuple[float, ...]
    stderr: tuple[float, ...]
    forwards: int


def paired(model: Classifier, digest: str, asked: Pairing) -> Paired:
    """Costs 128 forwards, or 8 for each other word where there are more than 16."""
    refuse_changed(model, digest)
    score = ModelScore(model, (asked.target,), asked.output, against=asked.against)
    value = played(model, score, asked.text, asked.words, asked.baseline)
    found = interactions(lambda z: value(z)[:, 0], len(asked.words), asked.word, asked.seed)
    return Paired(values=tuple(found.values.tolist()), stderr=tuple(found.stderr.tolist()), forwards=score.forwards)
