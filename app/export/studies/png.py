"""The graph of a study as PNG, drawn twice as large and halved, so that its edges are smooth."""

from __future__ import annotations

import io
import math

from PIL import Image, ImageDraw

from app.export.studies.graph import GREY, Dot, Graph, Group, alone
from app.export.studies.marks import Point
from app.export.studies.study import Study
from app.export.studies.svg import RADIUS, RING
from app.export.words import font

TWICE = 2
FAINT = 0.45
INK, ALARM = (26, 28, 34), (179, 38, 30)
DASHES = 24  # around a node that is suspected


def written(study: Study) -> bytes:
    graph = alone(study)
    page = _shapes(graph).resize((graph.width, graph.height), Image.Resampling.BOX)
    pen = ImageDraw.Draw(page)
    for line in graph.lines:  # before the pictures behind it
        face = font(line.size, line.weight)
        pen.text((line.x, line.y), line.text, line.colour, face, line.anchor, stroke_width=2, stroke_fill="white")
    buffer = io.BytesIO()
    page.save(buffer, "PNG", optimize=False)
    return buffer.getvalue()


def _shapes(graph: Graph) -> Image.Image:
    size = (TWICE * graph.width, TWICE * graph.height)
    page = Image.new("RGB", size, "white")
    behind = page.copy()
    pen = ImageDraw.Draw(behind)
    for dot in graph.dots:
        _dot(pen, dot)
    page = Image.blend(page, behind, FAINT if graph.groups else 1)
    if graph.edges:
        joined = page.copy()
        pen = ImageDraw.Draw(joined)
        for first, second, width in graph.edges:
            pen.line([_twice(first), _twice(second)], INK, round(TWICE * width))
        page = Image.blend(page, joined, FAINT)
    for group in graph.groups:
        _group(page, group)
    return page


def _dot(pen: ImageDraw.ImageDraw, dot: Dot) -> None:
    colour = GREY if dot.mark is None else dot.mark.colour
    inside = (255, 255, 255) if dot.wrong else colour
    if dot.mark is None:
        _circle(pen, dot.at, 0.8 * RADIUS, inside, colour)
    else:
        outline = [_twice(point) for point in dot.mark.outline(*dot.at, RADIUS)]
        pen.polygon(outline, inside, colour, 2 * TWICE if dot.wrong else 1)


def _group(page: Image.Image, group: Group) -> None:
    x, y, r = group.node.x, group.node.y, group.node.r
    pen = ImageDraw.Draw(page)
    side = round(2 * TWICE * r)
    face = group.face.resize((side, side), Image.Resampling.BICUBIC)
    page.paste(face, (round(TWICE * (x - r)), round(TWICE * (y - r))), face)
    _ring(pen, (x, y), r, RING, group.mark.colour)
    if group.suspicious:
        box = _box((x, y), r + 9 + 1.5)
        for dash in range(DASHES):
            start = 360 * dash / DASHES
            pen.arc(box, start, start + 0.6 * 360 / DASHES, ALARM, 3 * TWICE)
    corner = (x - r * math.sqrt(0.5), y - r * math.sqrt(0.5))
    _circle(pen, corner, 14, (255, 255, 255), (255, 255, 255))
    pen.polygon([_twice(point) for point in group.mark.outline(*corner, 8.5)], group.mark.colour)


def _ring(pen: ImageDraw.ImageDraw, at: Point, r: float, width: float, colour: tuple[int, int, int]) -> None:
    """Half of its width outside."""
    pen.ellipse(_box(at, r + width / 2), None, colour, round(TWICE * width))


def _circle(
    pen: ImageDraw.ImageDraw, at: Point, r: float, inside: tuple[int, int, int], colour: tuple[int, int, int]
) -> None:
    pen.ellipse(_box(at, r), inside, colour, 2 * TWICE)


def _box(at: Point, r: float) -> tuple[float, float, float, float]:
    return TWICE * (at[0] - r), TWICE * (at[1] - r), TWICE * (at[0] + r), TWICE * (at[1] + r)


def _twice(point: Point) -> Point:
    return TWICE * point[0], TWICE * point[1]
