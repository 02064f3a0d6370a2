"""The picture with its map, as SVG: two layers and text that can be edited. Elements are escaped by the XML library."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal
from xml.etree import ElementTree as ET

from PIL import Image

from app.export.finding import Finding
from app.export.overlay import layers
from app.export.sheet import Line, laid_out
from app.export.words import drawable, font
from app.views import colours

ANCHORS = {"l": "start", "m": "middle", "r": "end"}
FACE = "'Source Sans 3', 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif"


def written(finding: Finding) -> bytes:
    sheet = laid_out(finding)
    root = sheet_of(sheet.width, sheet.height, sheet.title, " \u00b7 ".join(finding.provenance))
    ramp = ET.SubElement(ET.SubElement(root, "defs"), "linearGradient", {"id": "scale-colours"})
    stops = colours.stops(signed=sheet.signed)
    for i, stop in enumerate(stops):
        ET.SubElement(ramp, "stop", {"offset": f"{i / (len(stops) - 1):.4g}", "stop-color": rgb(stop)})
    for id, image in layers(finding.attribution, finding.pixels, finding.hand).items():
        ET.SubElement(
            root, "image", {"id": id, "href": data_url(image), "preserveAspectRatio": "none", **_box(sheet.picture)}
        )
    ET.SubElement(root, "rect", {"id": "scale", "fill": "url(#scale-colours)", **_box(sheet.scale)})
    words(root, sheet.lines)
    return drawn(root)


def sheet_of(width: int, height: int, title: str, description: str) -> ET.Element:
    """White, with what it is in words."""
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "img",
            "font-family": FACE,
        },
    )
    ET.SubElement(root, "title").text = title
    ET.SubElement(root, "desc").text = drawable(description)
    ET.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "white"})
    return root


def words(root: ET.Element, lines: Iterable[Line], style: Mapping[str, str] = MappingProxyType({})) -> None:
    for line in lines:
        told = ET.SubElement(
            root,
            "text",
            {
                "x": f"{line.x:g}",
                "y": f"{line.y:g}",
                "font-size": str(line.size),
                "font-weight": str(line.weight),
                "fill": rgb(line.colour),
                "text-anchor": ANCHORS[line.anchor[0]],
                # whatever face the reader has, the line is as long as it was laid out
                "textLength": f"{font(line.size, line.weight).getlength(line.text):.4g}",
                "lengthAdjust": "spacingAndGlyphs",
                **style,
            },
        )
        told.text = line.text


def drawn(root: ET.Element) -> bytes:
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def data_url(image: Image.Image, kind: Literal["PNG", "WEBP"] = "PNG") -> str:
    """WebP, with losses, where there are many."""
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _box(box: tuple[int, int, int, int]) -> dict[str, str]:
    return dict(zip(("x", "y", "width", "height"), map(str, box), strict=True))


def rgb(colour: tuple[int, int, int]) -> str:
    return f"rgb({','.join(map(str, colour))})"
