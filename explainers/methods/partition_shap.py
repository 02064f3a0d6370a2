"""Partition SHAP: Owen values, the Shapley values of a hierarchy of players that enter together.

Owen, "Values of Games with a Priori Unions", 1977; refinement in order of what changes most after the Partition
explainer of the shap package, 2020.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from explainers.board import RegionBoard, Shares
from explainers.game import Game
from explainers.hierarchy import Node
from explainers.params import Range
from explainers.players import Regions
from explainers.registry import register
from explainers.text.board import TextBoard
from explainers.types import Attributions, Progress, ValueFunction

TOGETHER = 64  # nodes split in one round at most, so that a batch is full; the first round splits one, the next two


@dataclass(frozen=True, kw_only=True)
class PartitionShap(Shares):
    """The shares add up to v(everybody) − v(nobody) at any n. Exact at about ⅔ d² forwards for d players."""

    n: Annotated[int, Range(16, 65536, "Forwards; more split more groups.")] = 512

    def reduced(self) -> PartitionShap:
        return replace(self, n=min(self.n, 160))

    def share(self, game: Game, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        owen = Owen(game.tree, game.ends)
        total = 2 + 2 * min(splits(owen.root), self.n // 2 - 1)
        while owen.rows < total:
            owen.split(game.value, (total - owen.rows) // 2)
            yield Progress(owen.rows, total, game.shares(owen.values, meta={"unsplit": owen.unsplit}))


@register("partition_shap", revision=1)
@dataclass(frozen=True, kw_only=True)
class PicturePartitionShap(RegionBoard, PartitionShap):
    """Fair shares of groups of regions, split further where the score changes most: Owen values.

    Starts with two halves of the picture; the shares add up to the score minus that of the hidden image at any n.
    A group that has not been split yet shows as a flat block. What is split first is decided by all explained classes
    together, so below the full cost, about ⅔ d² forwards for d regions, another choice of classes gives other blocks.
    """

    regions: Annotated[Regions, "A grid halved again and again, or superpixels merged by colour and place."] = "grid"
    cells: Annotated[int, Range(2, 32, "Regions along each side; superpixels: the square of it in all.")] = 16


@register("partition_shap", "text", revision=1)
@dataclass(frozen=True, kw_only=True)
class TextPartitionShap(TextBoard, PartitionShap):
    """Fair shares of phrases, split further where the score changes most, down to words: Owen values.

    Starts with sentences or the two halves of one; the shares add up to the score minus that of the text without its
    words at any n. A phrase that has not been split yet shows one value for all its words.
    """


@dataclass(order=True)
class Change:
    """What a node changes when it enters in one context, and how much of all orders enter there: `weight`."""

    rank: tuple[float, int]
    node: Node = field(compare=False)
    context: Bool[Tensor, " d"] = field(compare=False)
    before: Float[Tensor, " t"] = field(compare=False)
    after: Float[Tensor, " t"] = field(compare=False)
    weight: float = field(compare=False)


class Owen:
    """Shares that add up at any time; a group not yet split shares equally among its players."""

    def __init__(self, root: Node, ends: Float[Tensor, "2 t"]) -> None:
        self.root = root
        self.d = len(root.players)
        self.values = torch.zeros(self.d, ends.shape[1], dtype=torch.float64)
        self.rows = 2
        self._open: list[Change] = []
        self._entered = 0
        self._width = 1
        self._enter(root, torch.zeros(self.d, dtype=torch.bool), ends[0], ends[1], 1.0)

    @property
    def unsplit(self) -> int:
        """Changes of whole groups that are still shared equally; none: the values are exact."""
        return len(self._open)

    def split(self, value: ValueFunction, most: int) -> None:
        """Score both parts of the groups that change most: 2 rows each."""
        # the number must not depend on the batch size, or so would the order, and with it the values
        chosen = [heapq.heappop(self._open) for _ in range(min(self._width, most, len(self._open)))]
        self._width = min(2 * self._width, TOGETHER)
        rows = torch.stack([c.context | self._members(part) for c in chosen for part in c.node.parts])
        v = value(rows.float()).cpu().double().unflatten(0, (-1, 2))
        self.rows += len(rows)
        for change, (first, second), row in zip(chosen, v, rows.unflatten(0, (-1, 2)), strict=True):
            self._share(change, -1)
            a, b = change.node.parts
            half = change.weight / 2
            self._enter(a, change.context, change.before, first, half)
            self._enter(a, row[1], second, change.after, half)
            self._enter(b, change.context, change.before, second, half)
            self._enter(b, row[0], first, change.after, half)

    def _enter(self, node: Node, context: Tensor, before: Tensor, after: Tensor, weight: float) -> None:
        self._entered += 1  # ties go to the earlier, so that a flat score is split evenly
        size = weight * (after - before).square().mean().sqrt().item()
        change = Change((-size, self._entered), node, context, before, after, weight)
        self._share(change, 1)
        if node.parts:
            heapq.heappush(self._open, change)

    def _share(self, change: Change, sign: int) -> None:
        players = list(change.node.players)
        self.values[players] += sign * change.weight * (change.after - change.before) / len(players)

    def _members(self, node: Node) -> Bool[Tensor, " d"]:
        return torch.zeros(self.d, dtype=torch.bool).index_fill_(0, torch.tensor(node.players), True)


def splits(node: Node) -> int:
    """Splits until the values are exact: a group of depth k enters in 2^k contexts."""
    return 1 + 2 * sum(splits(part) for part in node.parts) if node.parts else 0
