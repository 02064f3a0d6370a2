"""What a layer says of many images, read in batches; what somebody remembers is not read again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.concepts.split import BATCH, READ, Split
from explainers.scoring import grid_of
from explainers.types import Classifier, InputError

MOST_BYTES = 2_000_000_000  # of activations at a time
MOST_PLACES = 500_000  # each is written in concepts by itself


@runtime_checkable
class Memory(Protocol):
    """Activations and logits of images, by their numbers; None for what it does not have."""

    def logits(self, i: int) -> Float[Tensor, " classes"] | None: ...
    def activations(self, i: int) -> Float[Tensor, " p *map"] | None: ...
    def keep(self, i: int, a: Float[Tensor, " p *map"], logits: Float[Tensor, " classes"]) -> None: ...


@dataclass(frozen=True, eq=False)
class Recollection:
    """Everything that was read, as long as this object lives."""

    kept: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def logits(self, i: int) -> Tensor | None:
        return self.kept[i][1] if i in self.kept else None

    def activations(self, i: int) -> Tensor | None:
        return self.kept[i][0] if i in self.kept else None

    def keep(self, i: int, a: Tensor, logits: Tensor) -> None:
        self.kept[i] = (a, logits)


@dataclass(frozen=True, eq=False)
class Reader:
    """Every forward has the same number of rows: what one image gives does not depend on how many were remembered."""

    model: Classifier
    images: Sequence[Any]
    cut: Split
    memory: Memory

    def logits(self) -> Iterator[tuple[int, Float[Tensor, "n classes"]]]:
        """How many images are read; the last time, the logits of all."""
        known = {i: row for i in range(len(self.images)) if (row := self.memory.logits(i)) is not None}
        for numbers, _, logits in self._batches([i for i in range(len(self.images)) if i not in known]):
            known.update(zip(numbers, logits, strict=True))
            yield len(known), logits
        yield len(known), torch.stack([known[i] for i in range(len(self.images))])

    def activations(self, numbers: Sequence[int]) -> Iterator[tuple[int, Float[Tensor, "n p *map"]]]:
        """How many are there; the last time, the activations of all these images."""
        whole: Tensor | None = None
        missing, there = [], 0
        for place, i in enumerate(numbers):
            if (a := self.memory.activations(i)) is None:
                missing.append(place)
                continue
            whole = room(len(numbers), a) if whole is None else whole
            whole[place] = a
            there += 1
        for places, a, _ in self._batches(missing, numbers):
            whole = room(len(numbers), a[0]) if whole is None else whole
            whole[places] = a
            there += len(places)
            yield there, whole
        assert whole is not None, "there are images"
        yield there, whole

    def pixels(self, numbers: Sequence[int]) -> Float[Tensor, "n c h w"]:
        return torch.stack([grid_of(self.model.prepare(self.images[i])) for i in numbers])

    def _batches(
        self, places: Sequence[int], numbers: Sequence[int] | None = None
    ) -> Iterator[tuple[list[int], Tensor, Tensor]]:
        """Places in `numbers`, by default the images' own, with what was read there."""
        for start in range(0, len(places), BATCH):
            part = list(places[start : start + BATCH])
            named = part if numbers is None else [numbers[place] for place in part]
            x = self.pixels(named)
            a = self.cut.encode(torch.cat([x, x[-1:].expand(-len(x) % READ, -1, -1, -1)]))[: len(part)]
            with torch.inference_mode():
                logits = self.cut.head(a).clone()
            for i, here, scores in zip(named, a, logits, strict=True):
                self.memory.keep(i, here, scores)
            yield part, a, logits


def room(count: int, a: Float[Tensor, " p *map"]) -> Float[Tensor, "n p *map"]:
    """For the activations of so many images. Raises InputError where that is more than can be worked with."""
    places, size = count * math.prod(a.shape[1:]), 4 * count * a.numel()
    if size > MOST_BYTES or places > MOST_PLACES:
        raise InputError(
            f"{count} pictures have {places:,} places at this layer, {size / 1e9:.1f} GB; the limits are "
            f"{MOST_PLACES:,} and {MOST_BYTES / 1e9:.0f} GB: choose a later layer or fewer pictures"
        )
    return torch.empty(count, *a.shape)
