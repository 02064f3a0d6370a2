"""The graph of a study as places and words: what PNG, SVG and the page have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from app.export.sheet import INK, MARGIN, QUIET, Line
from app.export.studies.layout import ROOM, WORDS, Node, nodes, projected
from app.export.studies.marks import Mark, Point, of_strategy
from app.export.studies.study import Study
from app.export.words import drawable, font, lines
from app.jobs.pictures import TILE

W, H = 960, 620  # pixels of the plane
FACE = 288  # of a node's mosaic, before it is drawn smaller
WIDEST = 5  # pictures along its side
GREY = (176, 180, 190)  # of what belongs to no strategy
KEY = "Colour and shape: strategy"


@dataclass(frozen=True)
class Dot:
    """A picture. Without a mark, it is of no strategy; hollow where the model was wrong."""

    at: Point
    mark: Mark | None
    wrong: bool


@dataclass(frozen=True, eq=False)
class Group:
    """A strategy with the pictures that are shown in it."""

    node: Node
    mark: Mark
    face: Image.Image
    suspicious: bool


@dataclass(frozen=True, eq=False)
class Graph:
    """`edges` are lines with their width."""

    width: int
    height: int
    dots: tuple[Dot, ...]
    groups: tuple[Group, ...]
    edges: tuple[tuple[Point, Point, float], ...]
    lines: tuple[Line, ...]
    title: str
    description: str


def alone(study: Study) -> Graph:
    """With question and provenance, as a file of its own has it."""
    return laid_out(study, study.question, " \u00b7 ".join(study.provenance))


def laid_out(study: Study, above: str, below: str) -> Graph:
    """With words above and below it, where there are any."""
    written: list[Line] = []
    y = float(MARGIN)

    def write(text: str, size: int, weight: int, colour: tuple[int, int, int], most: int) -> None:
        nonlocal y
        for line in lines(drawable(text), W, font(size, weight), most) if text else ():
            y += round(size * 1.32)
            written.append(Line(MARGIN, y - round(size * 0.3), line, size, weight, colour))

    write(above, 28, 600, INK, 2)
    y += 10 if above else 0
    top = y
    places = [_below(projected((each["x"], each["y"]), W, H), top) for each in study.images]
    dots = tuple(
        Dot(place, of_strategy(each["cluster"]) if each["cluster"] >= 0 else None, each["right"] is False)
        for place, each in zip(places, study.images, strict=True)
    )
    groups = _groups(study, top)
    edges = tuple(
        (
            (groups[edge["first"]].node.x, groups[edge["first"]].node.y),
            (groups[edge["second"]].node.x, groups[edge["second"]].node.y),
            1.5 + 14 * min(edge["weight"], 1),
        )
        for edge in study.result["edges"]
    )
    for index, group in enumerate(groups):
        written += _said(study, index, group)
    y = top + H
    write(" \u00b7 ".join(key(study)), 15, 400, INK, 2)
    write(study.result["note"] or "", 15, 400, INK, 3)
    y += 6
    write(below, 14, 400, QUIET, 4)
    return Graph(
        width=W + 2 * MARGIN,
        height=round(y) + MARGIN - 6,
        dots=dots,
        groups=groups,
        edges=edges,
        lines=tuple(written),
        title=drawable(study.question),
        description=drawable(" \u00b7 ".join(study.provenance)),
    )


def key(study: Study) -> list[str]:
    known = any(each["right"] is not None for each in study.images)
    told = [KEY, "hollow: answered wrong" if known else "no labels, so nobody knows what is right"]
    if any(each["cluster"] < 0 for each in study.images):
        told.append("grey: in no strategy")
    if study.result["edges"]:
        told.append("line: more neighbours than chance has")
    if any(study.suspicious("strategies", each["index"]) for each in study.strategies):
        told.append("dashed: marked as suspicious")
    return [*told, "distances between groups mean nothing (t-SNE)"]


def fares(strategy: Mapping[str, Any]) -> str:
    """How many of its pictures are answered right, with 95 % limits; empty where nobody knows."""
    if strategy["reliability"] is None:
        return ""
    share, low, high = (round(100 * value) for value in strategy["reliability"])
    return f"{share}% right ({low}\u2013{high})"


def _groups(study: Study, top: float) -> tuple[Group, ...]:
    images = study.images
    places = [[(images[i]["x"], images[i]["y"]) for i in each["members"]] for each in study.strategies]
    placed = nodes([(at, each["prevalence"]) for at, each in zip(places, study.strategies, strict=True)], W, H)
    return tuple(
        Group(
            Node(MARGIN + node.x, top + node.y, node.r),
            of_strategy(each["index"]),
            _mosaic(study, each["members"]),
            study.suspicious("strategies", each["index"]),
        )
        for node, each in zip(placed, study.strategies, strict=True)
    )


def _mosaic(study: Study, members: list[int]) -> Image.Image:
    """Its pictures in a circle, RGBA; the most typical in the middle."""
    wide = max(1, min(WIDEST, math.isqrt(len(members))))
    columns = math.ceil(math.sqrt(len(study.images)))
    size = math.ceil(FACE / wide)
    whole = Image.new("RGB", (wide * size, wide * size), "white")
    middle = (wide - 1) / 2
    cells = sorted(
        ((i % wide, i // wide) for i in range(wide * wide)), key=lambda at: sum((c - middle) ** 2 for c in at)
    )
    for (column, row), member in zip(cells, members, strict=False):
        left, top = TILE * (member % columns), TILE * (member // columns)
        tile = study.sprite.crop((left, top, left + TILE, top + TILE))
        whole.paste(tile.resize((size, size), Image.Resampling.BICUBIC), (column * size, row * size))
    side = whole.size[0]
    mask = Image.new("L", (2 * side, 2 * side))
    ImageDraw.Draw(mask).ellipse((0, 0, 2 * side - 1, 2 * side - 1), fill=255)
    whole.putalpha(mask.resize((side, side), Image.Resampling.BOX))
    return whole


def _said(study: Study, index: int, group: Group) -> list[Line]:
    """Name, prevalence and reliability, below the node."""
    strategy = study.strategies[index]
    many = f"{strategy['prevalence']:.0%} of pictures"
    told = [(study.strategy(strategy["index"]), 600), (many, 400), (fares(strategy), 400)]
    x, y = group.node.x, group.node.y + group.node.r + (14 if group.suspicious else 8)
    step = (ROOM - 8) / len(told)
    found = []
    for i, (text, weight) in enumerate(told):
        for line in lines(drawable(text), WORDS, font(15, weight), 1) if text else ():
            found.append(Line(x, y + (i + 0.8) * step, line, 15, weight, INK, "ms"))
    return found


def _below(place: Point, top: float) -> Point:
    return MARGIN + place[0], top + place[1]
