"""What becomes of a text's classes when words of it are switched off or replaced, beside random words as many."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from app.failures import RequestError
from app.jobs.look import read, refuse_changed
from app.uploads import unkept
from explainers.game import Value
from explainers.masking import MaskedScore
from explainers.scoring import ModelScore
from explainers.text.board import Absence, Words, absent
from explainers.text.deletion import ShortenedScore
from explainers.text.units import Units, members
from explainers.types import Classifier, Word

SETS = 20
LONGEST = 200  # characters in the place of one word


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Of the `words` of an explained text, those switched off and those replaced, by their numbers.

    Raises RequestError. `baseline` is what stands in the place of a word that is off; `classes` are read.
    """

    text: str
    words: tuple[Word, ...]
    off: frozenset[int]
    replace: Mapping[int, str]
    baseline: Absence
    classes: tuple[int, ...]
    seed: int

    def __post_init__(self) -> None:
        last = len(self.words) - 1
        for field, numbers in (("off", self.off), ("replace", self.replace)):
            for number in numbers:
                if not 0 <= number <= last:
                    raise RequestError(f"{field} must name words by numbers in [0, {last}]; got {str(number)[:20]}")
        for number, text in self.replace.items():
            if number in self.off:
                raise RequestError(f"word {number} can be off or replaced, and is named in both")
            if not text.strip() or len(text) > LONGEST:
                told = f"{len(text)} characters" if text.strip() else repr(text[:60])
                raise RequestError(
                    f"replace must give a word 1 to {LONGEST} characters, not blank; got {told} for word {number}"
                )
            if fault := unkept(text):
                raise RequestError(f"The replacement of word {number} {fault}.")

    @property
    def edited(self) -> tuple[str, tuple[Word, ...]]:
        """The text with its replacements, and where its words lie then."""
        pieces, words, done, shift = [], [], 0, 0
        for number, word in enumerate(self.words):
            new = self.replace.get(number, self.text[word.start : word.end])
            start = word.start + shift
            pieces += [self.text[done : word.start], new]
            words.append(Word(new, start, start + len(new)))
            done, shift = word.end, shift + len(new) - (word.end - word.start)
        return "".join([*pieces, self.text[done:]]), tuple(words)


@dataclass(frozen=True, kw_only=True)
class Edited:
    """Probabilities of the classes, and their least and greatest over the `sets` of other words: none without sets."""

    text: str
    probabilities: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    sets: int


def edit(model: Classifier, digest: str, asked: Edit) -> Edited:
    """The edited text is read anew; the band is of the text as it was, without as many words that were not edited."""
    refuse_changed(model, digest)
    text, words = asked.edited
    score = ModelScore(model, asked.classes, "probability")
    touched = asked.off | asked.replace.keys()
    others = [number for number in range(len(words)) if number not in touched]
    chosen = list(sets(others, len(touched), asked.seed))
    (now,) = without(model, score, text, words, asked.baseline, [asked.off]).tolist()
    low, high = (), ()
    if chosen:
        rows = without(model, score, asked.text, asked.words, asked.baseline, chosen)
        low, high = tuple(rows.amin(0).tolist()), tuple(rows.amax(0).tolist())
    return Edited(text=text, probabilities=tuple(now), low=low, high=high, sets=len(chosen))


def sets(others: Sequence[int], size: int, seed: int) -> Iterator[frozenset[int]]:
    """Different sets of that many, at random; all of them where there are no more."""
    if comb(len(others), size) <= SETS:
        yield from map(frozenset, combinations(others, size))
        return
    rng, found = random.Random(seed), set[frozenset[int]]()
    while len(found) < SETS:
        drawn = frozenset(rng.sample(others, size))
        if drawn not in found:
            found.add(drawn)
            yield drawn


def without(
    model: Classifier,
    score: ModelScore,
    text: str,
    words: Sequence[Word],
    baseline: Absence,
    absences: Sequence[Iterable[int]],
) -> Float[Tensor, "n t"]:
    """The score of the text without each of these sets of words."""
    z = torch.ones(len(absences), len(words))
    for row, absence in zip(z, absences, strict=True):
        row[list(absence)] = 0
    return played(model, score, text, words, baseline)(z).cpu()


def played(model: Classifier, score: ModelScore, text: str, words: Sequence[Word], baseline: Absence) -> Value:
    """The text as a game of these words."""
    passage = read(model, "text", text.encode())
    assert not isinstance(passage, Tensor)
    spans = [(token.start, token.end) for token in passage.tokens]
    units = Units(tuple(words), members(text, spans, words))
    players, x = Words(units), score.place(passage.x)
    if baseline == "deletion":
        return ShortenedScore(score, x, players)
    return MaskedScore(score, x, absent(baseline, passage, units, score), players)


def stand(params: Mapping[str, Any]) -> Absence:
    """What the explanation's own method puts in the place of a word; the mask where it hides none."""
    return next((known for known in get_args(Absence) if known == params.get("baseline")), "mask")
