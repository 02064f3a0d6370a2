"""Absence as deletion: v(z) is the score of the words that are there alone, in order, as a shorter text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.masking import Scored, batches
from explainers.types import Players, ScoreFunction


@dataclass(frozen=True)
class ShortenedScore:
    """A word is there from one half on. Rows of one length are scored together, so that no network needs padding."""

    score: ScoreFunction
    x: Float[Tensor, "e t"]
    players: Players

    @property
    def d(self) -> int:
        return self.players.d

    @property
    def nobody(self) -> Float[Tensor, "e _"]:
        return self.x[:, self.players.lift(torch.zeros(1, self.d, device=self.x.device))[0, 0] >= 0.5]

    def stream(self, rows: Iterable[Float[Tensor, "_ d"]]) -> Iterator[Scored]:
        for z in rows:
            z = self.score.place(z)
            mask = self.players.lift(z)
            there = mask[:, 0] >= 0.5
            length = there.sum(1)
            scores = torch.empty(len(z), len(self.score.classes), device=z.device)
            for size in length.unique().tolist():
                alike = (length == size).nonzero()[:, 0]
                # their tokens' numbers, in order: (rows, size)
                kept = there[alike].nonzero()[:, 1].view(len(alike), size)
                scores[alike] = self.score(self.x[:, kept].transpose(0, 1))
            yield Scored(z, mask, scores)

    def __call__(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n t"]:
        return torch.cat([batch.score for batch in self.stream(z[part] for part in batches(len(z), self.score))])
