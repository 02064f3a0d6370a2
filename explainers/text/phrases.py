"""A text as a binary tree of phrases: what punctuation holds together first, halves where it says nothing.

Stands in for a parser, which would be one more model for each language.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from explainers.hierarchy import Node
from explainers.text.units import sentences
from explainers.types import Word

CLAUSE = re.compile(r"[,;:()\[\]{}«»“”\"–—…、，；：（）،؛।]$")  # after which a clause may end


def phrases(text: str, words: Sequence[Word]) -> Node:
    """The words' numbers as leaves, in order. A cut falls between sentences, else between clauses, else in the middle.

    Of several such cuts the one nearest to the middle is taken, so that the tree is about log₂ of the words deep.
    """
    starts = [sentence.start for sentence in sentences(text)]
    sentence = [bisect_right(starts, word.start) for word in words]
    # how strongly the text parts after each word: 2 a sentence ends, 1 a clause, 0 neither
    strength = [
        2 if here != there else 1 if CLAUSE.search(word.text) else 0
        for word, here, there in zip(words, sentence, sentence[1:], strict=False)
    ]
    return _halved(0, len(words), strength)


def _halved(start: int, stop: int, strength: Sequence[int]) -> Node:
    players = tuple(range(start, stop))
    if len(players) == 1:
        return Node(players)
    inner = strength[start : stop - 1]
    strongest, middle = max(inner), (stop - start) / 2
    cut = start + min((k for k, s in enumerate(inner, 1) if s == strongest), key=lambda k: abs(k - middle))
    return Node(players, (_halved(start, cut, strength), _halved(cut, stop, strength)))
