"""Scores, games and classifiers whose explanation is known in closed form."""

from __future__ import annotations

import itertools
import math
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from explainers.types import Output, Word


@dataclass(frozen=True)
class Card:
    """What explainers read of a model card."""

    size: tuple[int, int]
    kind: str = "image"
    mean: tuple[float, ...] | None = (0.5, 0.4, 0.3)
    digest: str = "0" * 64
    name: str = "oracle"


@dataclass(frozen=True, eq=False)
class Oracle:
    """A classifier around any module of (n, 3, h, w) pixels."""

    module: nn.Module
    labels: tuple[str, ...]
    card: Card

    def prepare(self, x: Any) -> Float[Tensor, "3 h w"]:
        return torch.as_tensor(x)

    def tokens(self, text: str) -> NoReturn:
        raise TypeError(f"an image model has no tokens; got {text!r}")


class Linear(nn.Module):
    """logit_t = bias + Σ_l weight_t(l) · mean over channels of x(l): additive over pixels."""

    weight: Tensor

    def __init__(self, weight: Float[Tensor, "t h w"], bias: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("nhw,thw->nt", x.mean(1), self.weight) + self.bias


class SmallNet(nn.Module):
    """A random convolutional network with batch norm: smooth enough to compare, and not linear."""

    def __init__(self, classes: int = 5, width: int = 8) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 5, stride=2, padding=2),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=2, padding=1),
            nn.GELU(),
            nn.AdaptiveAvgPool2d(3),
            nn.Flatten(),
            nn.Linear(9 * width, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers((x - 0.5) * 4)
        return logits


def classifier(module: nn.Module, classes: int, size: tuple[int, int], **card: Any) -> Oracle:
    return Oracle(module.eval(), tuple(f"class {k}" for k in range(classes)), Card(size, **card))


def small_classifier(size: tuple[int, int] = (40, 56), classes: int = 5) -> Oracle:
    """Not square, so that height and width cannot be swapped unseen."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return classifier(SmallNet(classes), classes, size)


def linear_classifier(weight: Float[Tensor, "t h w"], bias: float = 0.0, **card: Any) -> Oracle:
    t, h, w = weight.shape
    return classifier(Linear(weight, bias), t, (h, w), **card)


@dataclass
class LinearScore:
    """A `ScoreFunction` without a model: Σ_l weight_t(l) · mean over channels of x(l)."""

    weight: Float[Tensor, "t h w"]
    bias: float = 0.0
    batch_size: int = 32
    output: Output = "logit"
    neutral: Float[Tensor, " 3"] = field(default_factory=lambda: torch.zeros(3))

    @property
    def classes(self) -> tuple[int, ...]:
        return tuple(range(len(self.weight)))

    def place(self, x: Tensor) -> Tensor:
        return x

    def __call__(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n t"]:
        return torch.einsum("nhw,thw->nt", x.mean(1), self.weight) + self.bias

    exact = __call__


@dataclass
class GameScore:
    """A `ScoreFunction` that plays a game with how bright each region is: of ones over black, exactly v(z)."""

    cell: Int[Tensor, "h w"]
    game: Callable[[Tensor], Tensor]  # (n, d) → (n,)
    batch_size: int = 32
    classes: tuple[int, ...] = (0,)
    output: Output = "logit"
    neutral: Float[Tensor, " 3"] = field(default_factory=lambda: torch.zeros(3))

    def place(self, x: Tensor) -> Tensor:
        return x

    def __call__(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1"]:
        inside = torch.nn.functional.one_hot(self.cell.flatten()).float()
        return self.game(x.mean(1).flatten(1) @ inside / inside.sum(0))[:, None]

    exact = __call__

    def at_players(self, values: Any) -> Float[Tensor, "t d"]:
        """One value of a map per region."""
        flat = torch.as_tensor(values).flatten(1)
        first = [int((self.cell.flatten() == j).nonzero()[0]) for j in range(int(self.cell.max()) + 1)]
        return flat[:, first]


def shapley(value: Callable[[Tensor], Tensor], d: int) -> Float[Tensor, " d"]:
    """By the textbook: Σ over sets S without j of |S|! (d − |S| − 1)! / d! (v(S ∪ j) − v(S))."""
    phi = torch.zeros(d, dtype=torch.float64)
    for members in itertools.product([0.0, 1.0], repeat=d):
        S = torch.tensor(members)
        size = int(S.sum())
        for j in range(d):
            if S[j] == 0:
                joined = S.clone()
                joined[j] = 1
                weight = math.factorial(size) * math.factorial(d - size - 1) / math.factorial(d)
                phi[j] += weight * (value(joined[None]) - value(S[None])).double().item()
    return phi


@dataclass(frozen=True)
class Multilinear:
    """Σ_S c_S Π_{j ∈ S} z_j over random sets; Shapley values Σ_{S ∋ j} c_S / |S|."""

    sets: Float[Tensor, "m d"]
    c: Float[Tensor, " m"]

    @classmethod
    def random(cls, d: int, terms: int, seed: int) -> Multilinear:
        rng = torch.Generator().manual_seed(seed)
        sets = (torch.rand(terms, d, generator=rng) < 0.35).float()
        sets[torch.arange(terms), torch.randint(d, (terms,), generator=rng)] = 1
        return cls(sets, torch.randn(terms, generator=rng))

    def __call__(self, z: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
        present = torch.where(self.sets.bool(), z[:, None], 1.0).prod(2)
        return present @ self.c

    @property
    def values(self) -> Float[Tensor, " d"]:
        return (self.sets * (self.c / self.sets.sum(1))[:, None]).sum(0)


class Ishigami:
    """sin x₁ + a sin² x₂ + b x₃⁴ sin x₁ on [−π, π]³, given on [0, 1]³ (Ishigami and Homma, 1990)."""

    a, b = 7.0, 0.1

    def __call__(self, z: Float[Tensor, "n 3"]) -> Float[Tensor, " n"]:
        x = (2 * z - 1) * math.pi
        return x[:, 0].sin() + self.a * x[:, 1].sin() ** 2 + self.b * x[:, 2] ** 4 * x[:, 0].sin()

    @property
    def variances(self) -> tuple[float, float, float]:
        """V₁, V₂ and V₁₃; all others are zero."""
        return (
            0.5 * (1 + self.b * math.pi**4 / 5) ** 2,
            self.a**2 / 8,
            self.b**2 * math.pi**8 * (1 / 18 - 1 / 50),
        )

    @property
    def first(self) -> Float[Tensor, " 3"]:
        v1, v2, v13 = self.variances
        return torch.tensor([v1, v2, 0.0]) / (v1 + v2 + v13)

    @property
    def total(self) -> Float[Tensor, " 3"]:
        v1, v2, v13 = self.variances
        return torch.tensor([v1 + v13, v2, v13]) / (v1 + v2 + v13)


@dataclass(frozen=True)
class GFunction:
    """Π_i (|4 z_i − 2| + a_i) / (1 + a_i) (Sobol, 1993)."""

    a: Float[Tensor, " d"]

    def __call__(self, z: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
        return ((4 * z - 2).abs().add(self.a) / (1 + self.a)).prod(1)

    @property
    def first(self) -> Float[Tensor, " d"]:
        v = 1 / (3 * (1 + self.a) ** 2)
        return v / ((1 + v).prod() - 1)

    @property
    def total(self) -> Float[Tensor, " d"]:
        v = 1 / (3 * (1 + self.a) ** 2)
        return v * (1 + v).prod() / (1 + v) / ((1 + v).prod() - 1)


@dataclass(frozen=True)
class Game:
    """Players and their score without a model or an image: what a metric needs, closed form and all."""

    play: Callable[[Tensor], Tensor]
    d: int
    score: LinearScore = field(default_factory=lambda: LinearScore(torch.zeros(1, 1, 1)))

    def __call__(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n t"]:
        scores = self.play(z)
        return scores if scores.ndim == 2 else scores[:, None]


@dataclass(frozen=True, eq=False)
class Passage:
    """Words separated by spaces, a token each, between two special ones."""

    text: str
    x: Float[Tensor, "e t"]
    tokens: tuple[Word, ...]
    mask: Float[Tensor, " e"]
    mean: Float[Tensor, " e"]
    cut: int = 0
    unknown: bool = False


@dataclass(frozen=True, eq=False)
class TextOracle:
    """A classifier around any module of (n, e, t) embeddings; a word's embedding depends on its letters alone."""

    module: nn.Module
    labels: tuple[str, ...]
    card: Card
    e: int = 6

    def prepare(self, x: Any) -> Passage:
        if isinstance(x, Passage):
            return x
        found = tuple(Word(m[0], m.start(), m.end()) for m in re.finditer(r"\S+", x))
        tokens = (Word("", 0, 0), *found, Word("", len(x), len(x)))
        rows = torch.stack([embedding(token.text, self.e) for token in tokens], 1)
        return Passage(x, rows, tokens, embedding("[MASK]", self.e), torch.full((self.e,), 0.1))

    def tokens(self, text: str) -> tuple[Word, ...]:
        return self.prepare(text).tokens


def embedding(word: str, e: int) -> Float[Tensor, " e"]:
    """Of a special token, whose text is empty, too."""
    return torch.randn(e, generator=torch.Generator().manual_seed(zlib.crc32(word.encode())))


class BagOfWords(nn.Module):
    """logit_k = Σ over tokens of w_k · x: additive over words, in any order."""

    def __init__(self, weight: Float[Tensor, "k e"]) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)  # a parameter: the panel shuffles those

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("net,ke->nk", x, self.weight)


class SmallEncoder(nn.Module):
    """One layer of self-attention, its mean, and a head: words interact, and their order does not count."""

    def __init__(self, e: int = 6, classes: int = 5) -> None:
        super().__init__()
        self.query, self.key, self.value = nn.Linear(e, 8), nn.Linear(e, 8), nn.Linear(e, 8)
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, classes)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.transpose(1, 2)
        attention = (self.query(tokens) @ self.key(tokens).transpose(1, 2) / 8**0.5).softmax(-1)
        logits: Tensor = self.head(nn.functional.gelu(self.norm(attention @ self.value(tokens))).mean(1))
        return logits


def text_classifier(module: nn.Module, classes: int) -> TextOracle:
    return TextOracle(module.eval(), tuple(f"class {k}" for k in range(classes)), Card((1, 1), "text", None))


def small_text_classifier(classes: int = 5) -> TextOracle:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return text_classifier(SmallEncoder(classes=classes), classes)
