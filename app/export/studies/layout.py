"""Where things lie in the graph, by the numbers of static/strategies/layout.js: pictures, and nodes that keep apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from app.export.studies.marks import Point

MARGIN = 0.09  # of the frame
ROOM = 68.0  # pixels below a node for its words
WORDS = 168.0  # their width
SMALLEST = 26.0  # radius of a node
ROUNDS = 300  # of pushing apart


@dataclass
class Node:
    """A group's place."""

    x: float
    y: float
    r: float


def projected(place: Point, w: float, h: float) -> Point:
    """From [0, 1]² to pixels, with a margin."""
    u, v = place
    return w * (MARGIN + u * (1 - 2 * MARGIN)), h * (MARGIN + v * (1 - 2 * MARGIN))


def nodes(groups: Sequence[tuple[Sequence[Point], float]], w: float, h: float) -> list[Node]:
    """Of (places of its pictures, prevalence): at their middle, the area by prevalence, pushed apart until all can be
    read; in rows where there is no room for that."""
    words = min(WORDS, (w - 24) / 2)
    top = max([1e-9, *(prevalence for _, prevalence in groups)])
    largest = min(w, h - ROOM) * (0.17 if len(groups) > 3 else 0.23)
    placed = []
    for places, prevalence in groups:
        x, y = projected(_middle(places), w, h)
        placed.append(Node(x, y, max(SMALLEST, largest * math.sqrt(prevalence / top))))
    for _ in range(ROUNDS):
        for node in placed:
            half = max(node.r, words / 2) + 8
            node.x = _clamp(node.x, half, w - half)
            node.y = _clamp(node.y, node.r + 16, h - node.r - ROOM - 8)
        moved = False
        for a, b in combinations(placed, 2):
            moved = _apart(a, b, words) or moved
        if not moved:
            return placed
    return _in_rows(placed, w, h, words)


def _in_rows(placed: list[Node], w: float, h: float, words: float) -> list[Node]:
    columns = max(1, int(w // (words + 12)))
    high = h / math.ceil(len(placed) / columns)
    order = sorted(placed, key=lambda node: node.y)
    for first in range(0, len(order), columns):
        line = sorted(order[first : first + columns], key=lambda node: node.x)
        for i, node in enumerate(line):
            node.r = min(node.r, (high - ROOM - 20) / 2)
            node.x = (i + 0.5) * w / len(line)
            node.y = first / columns * high + (high - ROOM) / 2
    return placed


def _apart(a: Node, b: Node, words: float) -> bool:
    """Boxes of a node with its words give way where it is the shorter way; whether they had to."""
    wide = max(a.r, words / 2) + max(b.r, words / 2) + 12
    high = a.r + b.r + ROOM + 12
    dx, dy = b.x - a.x, b.y - a.y
    over_x, over_y = wide - abs(dx), high - abs(dy)
    if over_x <= 0.5 or over_y <= 0.5:
        return False
    if over_x < over_y:
        step = over_x / 2 * (-1 if dx < 0 else 1)
        a.x, b.x = a.x - step, b.x + step
    else:
        step = over_y / 2 * (-1 if dy < 0 else 1)
        a.y, b.y = a.y - step, b.y + step
    return True


def _middle(places: Sequence[Point]) -> Point:
    many = max(len(places), 1)
    return sum(x for x, _ in places) / many, sum(y for _, y in places) / many


def _clamp(value: float, low: float, high: float) -> float:
    return (low + high) / 2 if low > high else min(max(value, low), high)
