"""A text as a network receives it."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Token:
    """What the network reads at one position; `start` and `end` are offsets into the string that was given.

    Several tokens may share a character, as the bytes of an emoji do.
    """

    text: str
    start: int
    end: int

    @property
    def special(self) -> bool:
        """Put in by the tokeniser, and nothing of the text."""
        return self.start == self.end


@dataclass(frozen=True, eq=False)
class Passage:
    """`x` is what the network receives: an embedding at each position, before positions are added to it.

    `mask` is the embedding of the token that stands for an unknown one, `mean` that of the whole vocabulary. The model
    does not read the last `cut` characters of the text, which are beyond its limit. `unknown`: it knows no token of it.
    """

    text: str
    x: Float[Tensor, "e t"]
    tokens: tuple[Token, ...]
    mask: Float[Tensor, " e"]
    mean: Float[Tensor, " e"]
    cut: int
    unknown: bool = False
