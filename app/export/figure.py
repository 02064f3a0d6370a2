"""A map on a page: over the picture or behind the words, with its scale."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

import numpy as np
from PIL import Image

from app.export.finding import Finding
from app.export.frame import Sheet, lines, put
from app.export.overlay import laid, scaled
from app.export.sheet import number
from app.export.svg import data_url
from app.export.words import drawable
from app.views import colours

SIDE = 896
STYLE = """
figure { margin: 1.25rem 0 0; }
.map { position: relative; }
.map img { display: block; width: 100%; height: auto; border-radius: 8px; }
.pin { position: absolute; min-width: 1.5rem; height: 1.5rem; margin: -0.75rem 0 0 -0.75rem; border-radius: 1rem; background: #1a1c22; color: #fff; outline: 2px solid #fff; font-size: 0.85rem; line-height: 1.5rem; text-align: center; }
.box { position: absolute; outline: 2px solid #fff; border: 2px solid #1a1c22; box-sizing: border-box; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 2; font-size: 1.1rem; }
.text span { unicode-bidi: isolate; border-radius: 4px; padding: 0.1em 0.15em; }
.text .cut { color: #5a5e69; }
.text sup { font-size: 0.7em; line-height: 0; }
.scale img { display: block; width: 100%; height: 14px; border-radius: 7px; margin-top: 0.75rem; }
.ends { display: flex; justify-content: space-between; font-variant-numeric: tabular-nums; }
.unit { text-align: center; color: #3d4049; margin: 0; }
"""  # noqa: E501  (one rule, one line)


def picture(body: ET.Element, finding: Finding, sheet: Sheet) -> ET.Element:
    """The figure, to which a caption may be added."""
    whole = put(body, "figure")
    frame = put(whole, "div", class_="map")
    h, w = finding.attribution.values.shape
    drawn = laid(finding.attribution, finding.pixels, SIDE, finding.hand)
    width, height = scaled((w, h), SIDE)
    alt = f"Map of the evidence for {finding.label} over the picture as the model sees it."
    ET.SubElement(
        frame, "img", {"src": data_url(drawn), "alt": drawable(alt), "width": str(width), "height": str(height)}
    )
    for note in finding.notes:
        place = note["place"]
        if place["kind"] == "rectangle":
            left, top, right, bottom = (100 * place[edge] for edge in ("left", "top", "right", "bottom"))
            rule = f"left: {left:.3f}%; top: {top:.3f}%; width: {right - left:.3f}%; height: {bottom - top:.3f}%"
            put(frame, "div", class_=f"box {sheet.of(rule)}")
        else:
            left, top = 100 * place["x"], 100 * place["y"]
        pin = put(frame, "span", class_=f"pin {sheet.of(f'left: {left:.3f}%; top: {top:.3f}%')}")
        pin.text = str(note["number"])
    return whole


def text(body: ET.Element, finding: Finding, sheet: Sheet) -> None:
    """Every character of the text, each word on its colour; what the model does not read is grey."""
    frame = put(put(body, "figure"), "div", class_="text", dir="auto")
    attribution, text = finding.attribution, finding.text
    painted = colours.paint(attribution.values[None], signed=attribution.signed)[0].tolist()
    noted: dict[int, list[int]] = {}
    for note in finding.notes:
        noted.setdefault(note["place"]["number"], []).append(note["number"])
    done = 0
    for i, (word, colour) in enumerate(zip(attribution.words, painted, strict=True)):
        ET.SubElement(frame, "span").text = lines(text[done : word.start])
        ink = "#000" if _luminance(colour) > 0.179 else "#fff"  # where black and white are equally far (WCAG 2)
        rule = f"background: rgb({','.join(map(str, colour))}); color: {ink}"
        part = ET.SubElement(frame, "span", {"class": sheet.of(rule)})
        part.set("title", f"{attribution.values[i]:+.3g}")
        part.text = lines(word.text)
        if i in noted:
            ET.SubElement(part, "sup").text = " ".join(map(str, noted[i]))
        done = word.end
    end = len(text) - finding.look["cut"]
    ET.SubElement(frame, "span").text = lines(text[done:end])
    if finding.look["cut"]:
        ET.SubElement(frame, "span", {"class": "cut"}).text = lines(text[end:])


def legend(body: ET.Element, finding: Finding) -> None:
    attribution = finding.attribution
    low, high = finding.limits
    ramp = colours.paint(np.linspace(low, high, 256, dtype=np.float32)[None], signed=attribution.signed)
    scale = put(body, "div", class_="scale")
    ET.SubElement(scale, "img", {"src": data_url(Image.fromarray(ramp)), "alt": ""})
    ends = put(scale, "div", class_="ends")
    for value in (low, 0.0, high) if low < 0 < high else (low, high):
        ET.SubElement(ends, "span").text = number(value)
    unit = f"\u2190 against \u00b7 {finding.unit} \u00b7 for \u2192" if attribution.signed else finding.unit
    put(scale, "p", unit, class_="unit")


def _luminance(colour: Sequence[int]) -> float:
    """Relative, of sRGB (WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
