"""The graph of a study as SVG: pictures, groups, lines between them, and text that can be edited."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from app.export import svg
from app.export.studies.graph import GREY, Dot, Graph, Group, alone
from app.export.studies.marks import Mark, Point
from app.export.studies.study import Study

RADIUS = 4.5  # of a picture's mark
FAINT = "0.45"  # pictures behind the groups
RING = 5
ALARM = "#b3261e"
INK = "#1a1c22"
HALO = {"stroke": "white", "stroke-width": "4", "paint-order": "stroke"}  # words stand before pictures


def written(study: Study) -> bytes:
    return svg.drawn(drawing(alone(study)))


def drawing(graph: Graph) -> ET.Element:
    root = svg.sheet_of(graph.width, graph.height, graph.title, graph.description)
    dots = ET.SubElement(root, "g", {"id": "pictures", **({"opacity": FAINT} if graph.groups else {})})
    for dot in graph.dots:
        _dot(dots, dot)
    edges = ET.SubElement(root, "g", {"id": "lines", "stroke": INK, "stroke-opacity": "0.45"})
    for (x1, y1), (x2, y2), width in graph.edges:
        ends = dict(zip(("x1", "y1", "x2", "y2"), map(_number, (x1, y1, x2, y2)), strict=True))
        ET.SubElement(edges, "line", {**ends, "stroke-width": _number(width)})
    groups = ET.SubElement(root, "g", {"id": "strategies"})
    for group in graph.groups:
        _group(groups, group)
    svg.words(root, graph.lines, HALO)
    return root


def icon(mark: Mark, size: int) -> ET.Element:
    """A mark by itself, beside words that say the same."""
    root = ET.Element("svg", {"viewBox": "-8 -8 16 16", "width": str(size), "height": str(size), "aria-hidden": "true"})
    _polygon(root, mark.outline(0, 0, 4.9), {"fill": svg.rgb(mark.colour)})
    return root


def _dot(parent: ET.Element, dot: Dot) -> None:
    colour = svg.rgb(GREY if dot.mark is None else dot.mark.colour)
    style = {"fill": "white", "stroke": colour, "stroke-width": "2"} if dot.wrong else {"fill": colour}
    if dot.mark is None:
        x, y = dot.at
        ET.SubElement(parent, "circle", {"cx": _number(x), "cy": _number(y), "r": _number(0.8 * RADIUS), **style})
    else:
        _polygon(parent, dot.mark.outline(*dot.at, RADIUS), style)


def _group(parent: ET.Element, group: Group) -> None:
    x, y, r = group.node.x, group.node.y, group.node.r
    box = {"x": _number(x - r), "y": _number(y - r), "width": _number(2 * r), "height": _number(2 * r)}
    ET.SubElement(parent, "image", {"href": svg.data_url(group.face), **box})
    around = {"cx": _number(x), "cy": _number(y), "fill": "none"}
    ring = {"r": _number(r), "stroke": svg.rgb(group.mark.colour), "stroke-width": str(RING)}
    ET.SubElement(parent, "circle", {**around, **ring})
    if group.suspicious:
        alarm = {"r": _number(r + 9), "stroke": ALARM, "stroke-width": "3", "stroke-dasharray": "8 6"}
        ET.SubElement(parent, "circle", {**around, **alarm})
    corner = (x - r * 0.5**0.5, y - r * 0.5**0.5)
    ET.SubElement(parent, "circle", {"cx": _number(corner[0]), "cy": _number(corner[1]), "r": "14", "fill": "white"})
    _polygon(parent, group.mark.outline(*corner, 8.5), {"fill": svg.rgb(group.mark.colour)})


def _polygon(parent: ET.Element, outline: Iterable[Point], style: dict[str, str]) -> None:
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in outline)
    ET.SubElement(parent, "polygon", {"points": points, **style})


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
