"""What judging a map needs to know of its input: how it is cut, hidden, and moved a little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Protocol, cast, get_args, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from explainers.masking import Baseline, Cells, ShiftedCells, on
from explainers.metrics.players import PlayedScore
from explainers.scoring import ModelScore
from explainers.text.board import TextBoard, Words, divided
from explainers.text.units import Unit
from explainers.types import Attribution, Passage, Prepared

SIDE = 7  # cells along each side for curves and for comparing maps
MASKS = 8  # cells along each side of the soft masks
SLIGHT = 0.01  # standard deviation of the noise: of colours in [0, 1], or in that of the embeddings


@runtime_checkable
class Setting(Protocol):
    """One kind of input. `baseline` is what the map itself was asked about, or the usual."""

    part: ClassVar[str]
    whole: ClassVar[str]
    nudge: ClassVar[str]  # what `moved` does, for a sentence about what it leaves

    @property
    def x(self) -> Prepared: ...
    @property
    def d(self) -> int:
        """Parts that curves take away, and on which maps are compared."""
        ...

    @property
    def masks(self) -> int:
        """Numbers in a row that hides parts, of which the last `shifts` are fractions."""
        ...

    @property
    def shifts(self) -> int: ...
    def pool(self, values: Float[Tensor, "*shape"]) -> Float[Tensor, " d"]:
        """A map by parts."""
        ...

    def curves(self, score: ModelScore) -> PlayedScore:
        """v of the parts."""
        ...

    def hiding(self, score: ModelScore) -> PlayedScore:
        """v of the rows that hide."""
        ...

    def shown(self, z: Float[Tensor, "n m"]) -> Float[Tensor, " n *shape"]:
        """How present each value of the map is in a row that hides."""
        ...

    def coarse(self, z: Float[Tensor, "n m"]) -> Float[Tensor, "n q"]:
        """The same in few numbers."""
        ...

    def moved(self, rng: torch.Generator) -> Prepared:
        """An input that should be explained alike."""
        ...


def setting(x: Prepared, a: Attribution) -> Setting:
    chosen = a.meta.get("params")
    params = chosen if isinstance(chosen, Mapping) else {}
    return PictureSetting.of(x, params) if isinstance(x, Tensor) else TextSetting.of(x, a, params)


@dataclass(frozen=True)
class PictureSetting:
    """Cells of a grid for curves, and to hide parts RISE's soft masks: hard squares add edges of their own."""

    part: ClassVar[str] = "region"
    whole: ClassVar[str] = "picture"
    nudge: ClassVar[str] = "A shift by one pixel and slight noise leave"

    x: Float[Tensor, "c h w"]
    baseline: Baseline

    @classmethod
    def of(cls, x: Float[Tensor, "c h w"], params: Mapping[str, Any]) -> PictureSetting:
        return cls(x, next((known for known in get_args(Baseline) if known == params.get("baseline")), "mean"))

    @property
    def d(self) -> int:
        return self.cells.d

    @property
    def masks(self) -> int:
        return self.soft.d

    @property
    def shifts(self) -> int:
        return 2

    @cached_property
    def cells(self) -> Cells:
        return Cells(SIDE, SIDE, (self.x.shape[-2], self.x.shape[-1]))

    @cached_property
    def soft(self) -> ShiftedCells:
        return ShiftedCells(MASKS, MASKS, (self.x.shape[-2], self.x.shape[-1]))

    def pool(self, values: Float[Tensor, "h w"]) -> Float[Tensor, " d"]:
        return self.cells.pool(values)

    def curves(self, score: ModelScore) -> PlayedScore:
        return on(score, self.x, self.baseline, self.cells)

    def hiding(self, score: ModelScore) -> PlayedScore:
        return on(score, self.x, self.baseline, self.soft)

    def shown(self, z: Float[Tensor, "n m"]) -> Float[Tensor, "n h w"]:
        return self.soft.lift(z)[:, 0]

    def coarse(self, z: Float[Tensor, "n m"]) -> Float[Tensor, "n q"]:
        return F.adaptive_avg_pool2d(self.soft.lift(z), MASKS).flatten(1)

    def moved(self, rng: torch.Generator) -> Float[Tensor, "c h w"]:
        """One pixel to the right, the left edge repeated, with slight noise."""
        aside = torch.cat([self.x[..., :1], self.x[..., :-1]], -1)
        return (aside + SLIGHT * torch.randn(aside.shape, generator=rng).to(aside)).clamp(0, 1)


@dataclass(frozen=True)
class TextSetting:
    """The words that the map is about, for curves and to hide parts alike."""

    part: ClassVar[str] = "word"
    whole: ClassVar[str] = "text"
    nudge: ClassVar[str] = "Slight noise in the embeddings leaves"

    x: Passage
    board: TextBoard
    words: Words

    @classmethod
    def of(cls, x: Passage, a: Attribution, params: Mapping[str, Any]) -> TextSetting:
        """Raises ValueError for a map of other words."""
        known = {param.name: param.choices for param in TextBoard.schema()}
        told = {name: params[name] for name, choices in known.items() if params.get(name) in choices}
        for by in get_args(Unit):
            if (found := divided(x, by)).words == a.words:
                return cls(x, TextBoard(**{**told, "by": by}), Words(found))
        raise ValueError(f"the map is about {len(a.words)} words that are not those of the text")

    @property
    def d(self) -> int:
        return self.words.d

    @property
    def masks(self) -> int:
        return self.d

    @property
    def shifts(self) -> int:
        return 0

    def pool(self, values: Float[Tensor, " d"]) -> Float[Tensor, " d"]:
        return values

    def curves(self, score: ModelScore) -> PlayedScore:
        return self.board.play(score, self.x).value

    def hiding(self, score: ModelScore) -> PlayedScore:
        return self.curves(score)

    def shown(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        return z

    def coarse(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        return z

    def moved(self, rng: torch.Generator) -> Passage:
        """The same words, their embeddings slightly noisy."""
        x, passage = self.x.x, cast(Any, self.x)  # a dataclass, as `Passage` asks, which a protocol cannot say
        noisy: Passage = replace(passage, x=x + SLIGHT * x.std() * torch.randn(x.shape, generator=rng).to(x))
        return noisy
