"""Colour and shape by which a concept or strategy is known, on the page and in files: neither is needed alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.views.colours import CATEGORICAL, Stop

Point = tuple[float, float]


def _corners(n: int, r: float, turn: float) -> tuple[Point, ...]:
    angles = [math.radians(turn + 360 * i / n) for i in range(n)]
    return tuple((r * math.cos(angle), r * math.sin(angle)) for angle in angles)


def _arms(r: float, half: float) -> tuple[Point, ...]:
    points = [(half, -r), (half, -half), (r, -half)]
    for _ in range(3):  # each quarter is the one before, turned
        points += [(-y, x) for x, y in points[-3:]]
    return tuple(points)


# as static/concepts/marks.js has them: each covers about the area of a circle of radius 1
POLYGONS: dict[str, tuple[Point, ...]] = {
    "circle": _corners(48, 1, 0),
    "square": _corners(4, 1.25, 45),
    "triangle": _corners(3, 1.5, -90),
    "diamond": _corners(4, 1.3, 0),
    "cross": _arms(1.12, 0.42),
    "wedge": _corners(3, 1.5, 90),
    "hexagon": _corners(6, 1.12, 0),
}
SHAPES = tuple(POLYGONS)
PAIRS = len(SHAPES) * len(CATEGORICAL)


@dataclass(frozen=True)
class Mark:
    shape: str
    colour: Stop

    def outline(self, x: float, y: float, r: float) -> tuple[Point, ...]:
        return tuple((x + r * u, y + r * v) for u, v in POLYGONS[self.shape])


def of_concept(rank: int) -> Mark:
    return _pair(rank)


def of_strategy(rank: int) -> Mark:
    """They count from the back: none is that of a concept."""
    return _pair(PAIRS - 1 - rank)


def _pair(i: int) -> Mark:
    number = i % PAIRS
    return Mark(SHAPES[number % len(SHAPES)], CATEGORICAL[number % len(CATEGORICAL)])
