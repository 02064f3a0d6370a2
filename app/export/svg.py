"""The picture with its map, as SVG: two layers and text that can be edited. Elements are escaped by the XML library."""

from __future__ import annotations

import base64
import io
from xml.etree import ElementTree as ET

from PIL import Image

from app.export.finding import Finding
from app.export.overlay import grey, layer
from app.export.sheet import laid_out
from app.export.words import drawable, font
from app.views import colours

ANCHORS = {"l": "start", "m": "middle", "r": "end"}
FACE = "'Source Sans 3', 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif"


def written(finding: Finding) -> bytes:
    sheet = laid_out(finding)
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {sheet.width} {sheet.height}",
            "width": str(sheet.width),
            "height": str(sheet.height),
            "role": "img",
            "font-family": FACE,
        },
    )
    ET.SubElement(root, "title").text = sheet.title
    ET.SubElement(root, "desc").text = drawable(" \u00b7 ".join(finding.provenance))
    ramp = ET.SubElement(ET.SubElement(root, "defs"), "linearGradient", {"id": "scale-colours"})
    stops = colours.stops(signed=sheet.signed)
    for i, stop in enumerate(stops):
        ET.SubElement(ramp, "stop", {"offset": f"{i / (len(stops) - 1):.4g}", "stop-color": _rgb(stop)})
    ET.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "white"})
    for id, image in (("picture", grey(finding.pixels)), ("map", layer(finding.attribution))):
        ET.SubElement(
            root, "image", {"id": id, "href": data_url(image), "preserveAspectRatio": "none", **_box(sheet.picture)}
        )
    ET.SubElement(root, "rect", {"id": "scale", "fill": "url(#scale-colours)", **_box(sheet.scale)})
    for line in sheet.lines:
        told = ET.SubElement(
            root,
            "text",
            {
                "x": f"{line.x:g}",
                "y": f"{line.y:g}",
                "font-size": str(line.size),
                "font-weight": str(line.weight),
                "fill": _rgb(line.colour),
                "text-anchor": ANCHORS[line.anchor[0]],
                # whatever face the reader has, the line is as long as it was laid out
                "textLength": f"{font(line.size, line.weight).getlength(line.text):.4g}",
                "lengthAdjust": "spacingAndGlyphs",
            },
        )
        told.text = line.text
    drawn: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return drawn


def data_url(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _box(box: tuple[int, int, int, int]) -> dict[str, str]:
    return dict(zip(("x", "y", "width", "height"), map(str, box), strict=True))


def _rgb(colour: tuple[int, int, int]) -> str:
    return f"rgb({','.join(map(str, colour))})"
