"""Pictures of shapes, some of which carry a small mark in a corner: data whose truth is known.

A class whose training pictures are nearly all marked is learnt by its mark: Lapuschkin et al., "Unmasking Clever Hans
predictors and assessing what machines really learn", 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, UInt8

Kind = Literal["circle", "square", "triangle"]
KINDS: tuple[Kind, ...] = get_args(Kind)

SIDE = 64  # pixels of a picture
MARK = 8  # pixels of the mark: four tiles, magenta and yellow in turn
EDGE = 2  # pixels between the mark and the picture's border
WAVES = 3  # of the texture
TURN = np.pi / 9  # a shape is turned by at most so much

MAGENTA, YELLOW = (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)


@dataclass(frozen=True)
class Shape:
    """One picture. Equal fields are equal pixels, and `marked` changes those of its corner alone."""

    kind: Kind
    number: int
    marked: bool = False

    @property
    def label(self) -> int:
        return KINDS.index(self.kind)

    @property
    def corner(self) -> tuple[int, int, int, int]:
        """Where the mark is or would be: left, top, right, bottom."""
        low, high = EDGE, SIDE - EDGE - MARK
        left, top = np.random.default_rng([2, self.number]).choice([low, high], 2).tolist()
        return left, top, left + MARK, top + MARK

    @property
    def pixels(self) -> UInt8[np.ndarray, "64 64 3"]:
        rng = np.random.default_rng([1, self.number])
        ground, inside = colours(rng)
        cover = covered(self.kind, rng)[..., None]
        picture = textured(ground, rng) * (1 - cover) + textured(inside, rng) * cover
        if self.marked:
            left, top, right, bottom = self.corner
            picture[top:bottom, left:right] = mark()
        whole: np.ndarray = (picture.clip(0, 1) * 255).round().astype(np.uint8)
        return whole


def shapes(n: int, marked: Sequence[float], seed: int = 0) -> list[Shape]:
    """n pictures, their kinds in turn; `marked` is the share of each kind that is."""
    rng = np.random.default_rng([0, seed])
    kinds = [KINDS[i % len(KINDS)] for i in range(n)]
    return [Shape(kind, int(rng.integers(2**31)), bool(rng.random() < marked[KINDS.index(kind)])) for kind in kinds]


def mark() -> Float[np.ndarray, "8 8 3"]:
    tiles = np.array([[MAGENTA, YELLOW], [YELLOW, MAGENTA]])
    return tiles.repeat(MARK // 2, 0).repeat(MARK // 2, 1)


def colours(rng: np.random.Generator) -> tuple[Float[np.ndarray, " 3"], Float[np.ndarray, " 3"]]:
    """Of the ground and of the shape, which is mostly lighter. The farther apart, the less a network needs the mark."""
    while True:
        ground, inside = rng.uniform(0.1, 0.77, 3), rng.uniform(0.3, 0.9, 3)
        if np.linalg.norm(ground - inside) > 0.4:
            return ground, inside


def textured(colour: Float[np.ndarray, " 3"], rng: np.random.Generator) -> Float[np.ndarray, "64 64 3"]:
    """Plane waves about a colour, and grain."""
    row, column = np.mgrid[:SIDE, :SIDE] / SIDE
    waves = np.zeros((SIDE, SIDE, 3))
    for _ in range(WAVES):
        (down, across), phase = rng.uniform(-25, 25, 2), rng.uniform(0, 2 * np.pi)
        waves += np.cos(down * row + across * column + phase)[..., None] * rng.normal(0, 0.05, 3)
    return colour + waves + rng.normal(0, 0.03, waves.shape)


def covered(kind: Kind, rng: np.random.Generator) -> Float[np.ndarray, "64 64"]:
    """1 inside the shape, 0 outside, between them at its border. All kinds cover the same area."""
    radius, angle = rng.uniform(9, 15), rng.uniform(-TURN, TURN)
    middle = rng.uniform(radius + 8, SIDE - radius - 8, 2)
    y, x = np.moveaxis(np.mgrid[:SIDE, :SIDE].transpose(1, 2, 0) + 0.5 - middle, 2, 0)
    x, y = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    match kind:
        case "circle":
            beyond = np.hypot(x, y) - radius
        case "square":
            beyond = np.maximum(abs(x), abs(y)) - radius * np.sqrt(np.pi) / 2
        case "triangle":  # its three sides lie this far from the middle
            inner = radius * np.sqrt(np.pi / (3 * np.sqrt(3)))
            beyond = np.maximum(y, np.maximum(-y / 2 + x * np.sqrt(3) / 2, -y / 2 - x * np.sqrt(3) / 2)) - inner
    cover: np.ndarray = (0.5 - beyond).clip(0, 1)
    return cover
