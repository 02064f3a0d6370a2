"""The words every explainer shares: what it is given (a classifier, a score) and what it returns (attributions)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Generator, Tensor, nn

Output = Literal["logit", "probability", "log_probability"]
Precision = Literal["float32", "bfloat16"]
Kind = Literal["image", "text"]
R_co = TypeVar("R_co", covariant=True)


class InputError(ValueError):
    """Parameters that are sound by themselves and do not suit this input; the message is for the user."""


@dataclass(frozen=True)
class Word:
    """A unit of text; `start` and `end` are offsets into the string that was given."""

    text: str
    start: int
    end: int


@runtime_checkable
class Token(Protocol):
    """Where in the text a token lies; start == end for one that the tokeniser adds."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


@runtime_checkable
class Passage(Protocol):
    """A text as a model reads it, a dataclass: e embedding numbers at each of t tokens, special tokens included.

    `mask` and `mean` are what may stand in a token's place, the mask token's embedding and the vocabulary's mean; `cut`
    characters at the end of the text are beyond what the model reads; of an `unknown` text it knows no token.
    """

    @property
    def text(self) -> str: ...
    @property
    def x(self) -> Float[Tensor, "e t"]: ...
    @property
    def tokens(self) -> Sequence[Token]: ...
    @property
    def mask(self) -> Float[Tensor, " e"]: ...
    @property
    def mean(self) -> Float[Tensor, " e"]: ...
    @property
    def cut(self) -> int: ...
    @property
    def unknown(self) -> bool: ...


Prepared = Tensor | Passage


@runtime_checkable
class Classifier(Protocol):
    """What is explained. `module` is in eval mode and turns rows into logits; `prepare` makes its input.

    Rows are RGB in [0, 1], or token embeddings. What `prepare` returned passes through it unchanged.
    """

    @property
    def module(self) -> nn.Module: ...
    @property
    def card(self) -> Any: ...  # read here: kind, size, mean, digest
    @property
    def labels(self) -> Sequence[str]: ...
    def prepare(self, x: Any) -> Prepared: ...
    def tokens(self, text: str) -> Any: ...


@runtime_checkable
class ScoreFunction(Protocol):
    """All that a black-box method may know of a model: t classes scored at once, estimators broadcast over them."""

    batch_size: int

    @property
    def classes(self) -> tuple[int, ...]: ...
    @property
    def output(self) -> Output: ...
    @property
    def neutral(self) -> Float[Tensor, " 3"]:
        """The colour the model's normalisation maps to zero."""
        ...

    def place(self, x: Tensor) -> Tensor:
        """`x` on the device that scores, where masks are made."""
        ...

    def __call__(self, x: Float[Tensor, "n c *grid"]) -> Float[Tensor, "n t"]: ...

    def exact(self, x: Float[Tensor, "n c *grid"]) -> Float[Tensor, "n t"]:
        """The same in float32 whatever the run's precision: for every number that is shown."""
        ...


@runtime_checkable
class GradientScore(ScoreFunction, Protocol):
    """A score whose module may be hooked, inside a context manager."""

    @property
    def module(self) -> nn.Module: ...
    @property
    def dtype(self) -> torch.dtype:
        """What the module computes in."""
        ...

    def read(self, logits: Float[Tensor, "n classes"]) -> Float[Tensor, "n t"]:
        """The scores, from what the module returned."""
        ...

    def attached(self, x: Float[Tensor, "n c *grid"]) -> Float[Tensor, "n t"]:
        """The scores, attached to the graph of `x`."""
        ...

    def gradient(self, x: Float[Tensor, "n c *grid"]) -> Float[Tensor, "n c *grid"]:
        """d score / d x of the first class, each row's by itself."""
        ...


@runtime_checkable
class ValueFunction(Protocol):
    """v(z): the score when player j is present to degree z_j; a column per explained class where there are several."""

    def __call__(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n ..."]: ...


@runtime_checkable
class Players(Protocol):
    """Units that can be absent, and how their presences become a mask over positions."""

    @property
    def d(self) -> int: ...
    def lift(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b 1 *grid"]: ...


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each pixel (or word) moved the score of one class. `signed` picks the colour scale."""

    values: Float32[np.ndarray, "*shape"]
    target: int
    score: float
    output: Output
    signed: bool
    stderr: Float32[np.ndarray, "*shape"] | None = None
    words: tuple[Word, ...] = ()
    delta: float | None = None
    meta: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Attributions:
    """The same forwards read for t classes: choosing another class costs nothing."""

    values: Float32[np.ndarray, "t ..."]
    classes: tuple[int, ...]
    scores: tuple[float, ...]
    output: Output
    signed: bool
    stderr: Float32[np.ndarray, "t ..."] | None = None
    words: tuple[Word, ...] = ()
    deltas: tuple[float, ...] | None = None
    meta: Mapping[str, object] = field(default_factory=dict)

    def of(self, target: int) -> Attribution:
        """Raises ValueError for a class that was not scored."""
        if target not in self.classes:
            raise ValueError(f"target must be one of the scored classes {list(self.classes)}; got {target}")
        t = self.classes.index(target)
        return Attribution(
            self.values[t],
            target,
            self.scores[t],
            self.output,
            self.signed,
            None if self.stderr is None else self.stderr[t],
            self.words,
            None if self.deltas is None else self.deltas[t],
            self.meta,
        )

    def with_meta(self, meta: Mapping[str, object]) -> Attributions:
        return replace(self, meta={**self.meta, **meta})


@dataclass(frozen=True)
class Progress(Generic[R_co]):
    """The best result so far, after `done` of `total` forwards; the last one is final and has `done == total`."""

    done: int
    total: int
    result: R_co


@runtime_checkable
class Explainer(Protocol):
    """A method with its parameters. `explain` is pure: no clock, disk or global seed; randomness only from `rng`."""

    @property
    def unit(self) -> str:
        """What a value of the map means, with `{score}` for the score explained: "effect on {score} of …"."""
        ...

    @property
    def absence(self) -> str:
        """What the score is compared with, `{baseline}` standing for the one chosen; empty where there is none."""
        ...

    def as_dict(self) -> dict[str, object]: ...

    def reduced(self) -> Explainer:
        """The same method with fewer samples, for checks that run it several times."""
        ...

    def explain(self, score: GradientScore, x: Any, rng: Generator) -> Iterator[Progress[Attributions]]:
        """`x` is what the model's `prepare` returned: pixels (c, h, w), or a passage."""
        ...
