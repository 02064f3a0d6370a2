"""Units of a text (tokens, words, sentences) and what the tokens of each add up to.

Word and sentence boundaries are those of Unicode Standard Annex #29, revision 45, 2024. It has no dictionary: in Thai
and Chinese, which put no spaces between words, a word is one character with its marks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Literal

import numpy as np
import regex
import torch
from jaxtyping import Float, Int
from torch import Tensor

from explainers.types import Word

Unit = Literal["token", "word", "sentence"]

WORD_BREAK = regex.compile(r"(?w)\b")
# the library looks back to the first flag of a row at each of them: a row of a million would take hours
TRAIN = r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]*+"
FLAGS = regex.compile(
    rf"(?:\p{{WB=Regional_Indicator}}{TRAIN}){{1,2}}+(?:(?<=\u200d)\p{{Extended_Pictographic}}{TRAIN})*+"
)

# rules SB4 to SB11; possessive throughout, so that no text is read twice
MARKS = r"[\p{SB=Extend}\p{SB=Format}]*+"
NEWLINE = r"(?:\r\n|[\p{SB=Sep}\r\n])"
CLOSING = rf"(?:\p{{SB=Close}}{MARKS})*+(?:\p{{SB=Sp}}{MARKS})*+"
CONTINUED = r"(?![\p{SB=SContinue}\p{SB=ATerm}\p{SB=STerm}])"
LOWER_AHEAD = r"[^\p{SB=OLetter}\p{SB=Upper}\p{SB=Lower}\p{SB=Sep}\r\n\p{SB=ATerm}\p{SB=STerm}]*+\p{SB=Lower}"
INITIAL = rf"(?<=[\p{{SB=Upper}}\p{{SB=Lower}}]{MARKS}\p{{SB=ATerm}}{MARKS})\p{{SB=Upper}}"
SENTENCE_END = regex.compile(
    rf"{NEWLINE}"
    rf"|\p{{SB=STerm}}{MARKS}{CLOSING}{CONTINUED}{NEWLINE}?+"
    rf"|\p{{SB=ATerm}}{MARKS}(?!\p{{SB=Numeric}})(?!{INITIAL}){CLOSING}(?!{LOWER_AHEAD}){CONTINUED}{NEWLINE}?+"
)


@dataclass(frozen=True, eq=False)
class Units:
    """The units that a model read, in their order, and the unit of each of its tokens; −1 for tokens of none."""

    words: tuple[Word, ...]
    member: Int[Tensor, " t"]

    def sum(self, values: Float[Tensor, "*r t"]) -> Float[Tensor, "*r d"]:
        """What the tokens of each unit add up to."""
        member = self.member.to(values.device)
        kept = member >= 0
        return values.new_zeros(*values.shape[:-1], len(self.words)).index_add(-1, member[kept], values[..., kept])


def units(text: str, spans: Sequence[tuple[int, int]], unit: Unit) -> Units:
    """The units that have a token, of which the offsets into `text` are given.

    A token belongs to the unit in which most of it lies, the first of several. Special tokens, whose span is empty, and
    tokens of white space alone belong to none, whatever the unit: so the sum over all units is the same for each unit.
    Tokens that share a character, as the bytes of an emoji do, are one unit.
    """
    read = [k for k, (start, end) in enumerate(spans) if text[start:end].strip()]
    match unit:
        case "token":
            found = tuple(Word(text[start:end], start, end) for start, end in joined(spans[k] for k in read))
        case "word":
            found = words(text)
        case "sentence":
            found = sentences(text)
    chosen = members(text, spans, found)
    listed, place = np.unique(chosen[read].numpy(), return_inverse=True)
    member = torch.full((len(spans),), -1)
    member[read] = torch.from_numpy(place)
    return Units(tuple(found[k] for k in listed), member)


def members(text: str, spans: Sequence[tuple[int, int]], found: Sequence[Word]) -> Int[Tensor, " t"]:
    """The number of the unit in which most of each token lies, the first of several; −1 where it is in none.

    The units in their order, none over another; a token of white space alone is in none.
    """
    ends = [word.end for word in found]
    return torch.tensor(
        [
            closest(found, bisect_right(ends, start), start, end) if text[start:end].strip() else -1
            for start, end in spans
        ]
    )


def joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans that overlap, made one."""
    start, end = 0, 0
    for first, last in sorted(spans):
        if first >= end:
            if end > start:
                yield start, end
            start = first
        end = max(end, last)
    if end > start:
        yield start, end


def closest(found: Sequence[Word], first: int, start: int, end: int) -> int:
    """The unit, from the `first` that ends behind `start`, of which most lies between `start` and `end`; −1: none."""
    best, most = -1, 0
    for k in range(first, len(found)):
        if found[k].start >= end:
            break
        shared = min(found[k].end, end) - max(found[k].start, start)
        if shared > most:
            best, most = k, shared
    return best


def words(text: str) -> tuple[Word, ...]:
    """Words and punctuation marks, each mark by itself; white space belongs to none."""
    return without_space(text, chain.from_iterable(word_breaks(text, *part) for part in between_flags(text)))


def sentences(text: str) -> tuple[Word, ...]:
    """Sentences, without the white space around them. A line break ends a sentence."""
    return without_space(text, (match.end() for match in SENTENCE_END.finditer(text)))


def between_flags(text: str) -> Iterator[tuple[int, int]]:
    """The text in parts: each pair of regional indicators, which is one flag, and what lies between them."""
    done = 0
    for flag in FLAGS.finditer(text):
        if flag.start() > done:
            yield done, flag.start()
        yield flag.span()
        done = flag.end()
    if done < len(text):
        yield done, len(text)


def word_breaks(text: str, start: int, end: int) -> Iterator[int]:
    for found in WORD_BREAK.finditer(text[start:end]):
        yield start + found.start()
    yield end


def without_space(text: str, breaks: Iterable[int]) -> tuple[Word, ...]:
    """The pieces between rising breaks, trimmed, without those of white space alone."""
    found = []
    for start, end in pairwise(chain((0,), breaks, (len(text),))):
        piece = text[start:end]
        if trimmed := piece.strip():
            start += len(piece) - len(piece.lstrip())
            found.append(Word(trimmed, start, start + len(trimmed)))
    return tuple(found)
