"""One finding as a page of its own: no script, nothing from elsewhere, readable from a folder, a mail, or on paper.

Elements are escaped by the XML library. The policy allows the one style sheet, by its hash, and pictures in the file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from itertools import islice
from unicodedata import category
from xml.etree import ElementTree as ET

import numpy as np
from PIL import Image

from app.export import methods
from app.export.finding import Finding
from app.export.overlay import laid, scaled
from app.export.sheet import number
from app.export.svg import data_url
from app.export.table import CELLS, strongest
from app.export.words import drawable
from app.views import colours

SIDE = 896
ROWS = 10
STATUS = {"passed": "\u2713 passed", "doubtful": "\u25d0 doubtful", "failed": "\u2715 failed"}
STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1a1c22; font: 1rem/1.5 "Source Sans 3", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 0.5rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 0.5rem; }
h1, h2, p, li, td, dd { overflow-wrap: anywhere; }
bdi { unicode-bidi: isolate; }
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
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: start; vertical-align: top; padding: 0.35rem 0.75rem 0.35rem 0; border-bottom: 1px solid #dcdee4; }
.number, .short { white-space: nowrap; }
.number { text-align: end; }
.wide { overflow-x: auto; }
.verdict { font-weight: 600; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.25rem 1rem; margin: 0; }
dt { color: #3d4049; } dd { margin: 0; }
footer { margin-top: 2.5rem; color: #5a5e69; font-size: 0.875rem; }
@media (max-width: 30rem) { main { padding: 1.25rem 1rem 2rem; } h1 { font-size: 1.5rem; } dl { grid-template-columns: minmax(0, 1fr); } dt { margin-top: 0.5rem; } }
@media print { main { max-width: none; padding: 0; } h2 { break-after: avoid; } }
"""  # noqa: E501  (one rule, one line)


def written(finding: Finding) -> bytes:
    sheet = _Sheet()
    body = ET.Element("main")
    _put(body, "h1", finding.question)
    _answer(body, finding)
    (_text if finding.spec.kind == "text" else _picture)(body, finding, sheet)
    _legend(body, finding)
    _notes(body, finding)
    _classes(body, finding)
    _trust(body, finding)
    if finding.spec.kind == "image":
        _regions(body, finding)
    _put(body, "h2", "Methods")
    _put(body, "p", methods.paragraph(finding))
    _put(body, "p", f"Reference: {methods.source(finding)}")
    _provenance(body, finding)
    _put(body, "footer", "Made by Whylens. This page has no scripts and asks for nothing from elsewhere.")
    return _document(finding, body, f"{STYLE}{sheet.rules}")


class _Sheet:
    """Rules that belong to single elements: the policy allows no style on the elements themselves."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, rule: str) -> str:
        """A class with this rule, which is made of numbers only."""
        return self._known.setdefault(rule, f"s{len(self._known)}")

    @property
    def rules(self) -> str:
        return "\n".join(f".{name} {{ {rule} }}" for rule, name in self._known.items())


def _document(finding: Finding, body: ET.Element, style: str) -> bytes:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    root = ET.Element("html", {"lang": "en"})
    head = ET.SubElement(root, "head")
    ET.SubElement(head, "meta", {"charset": "utf-8"})
    ET.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": policy})
    ET.SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    ET.SubElement(head, "meta", {"name": "referrer", "content": "no-referrer"})
    ET.SubElement(head, "title").text = drawable(finding.question)
    ET.SubElement(head, "style").text = style  # ours to the last character: it is not escaped
    ET.SubElement(root, "body").append(body)
    written: bytes = ET.tostring(root, encoding="utf-8", method="html")
    return b"<!doctype html>\n" + written


def _put(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    """`text` is anybody's, and stands by itself whatever the direction in which it is written."""
    made = ET.SubElement(parent, tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()})
    if text:
        ET.SubElement(made, "bdi").text = _line(text)
    return made


def _answer(body: ET.Element, finding: Finding) -> None:
    told = ET.SubElement(body, "p")
    told.text = "The model "
    for text, tail in ((finding.model, " gives "), (finding.label, " a probability of ")):
        part = ET.SubElement(told, "strong")
        ET.SubElement(part, "bdi").text = _line(text)
        part.tail = tail
    chance = ET.SubElement(told, "strong")
    chance.text = f"{finding.probability:.1%}"
    chance.tail = f". {finding.method}{f', {finding.baseline}' if finding.baseline else ''}, seed {finding.spec.seed}."
    _put(body, "p", f"Input: {finding.name}")


def _picture(body: ET.Element, finding: Finding, sheet: _Sheet) -> None:
    frame = _put(_put(body, "figure"), "div", class_="map")
    h, w = finding.attribution.values.shape
    drawn = laid(finding.attribution, finding.pixels, SIDE)
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
            _put(frame, "div", class_=f"box {sheet.of(rule)}")
        else:
            left, top = 100 * place["x"], 100 * place["y"]
        pin = _put(frame, "span", class_=f"pin {sheet.of(f'left: {left:.3f}%; top: {top:.3f}%')}")
        pin.text = str(note["number"])


def _text(body: ET.Element, finding: Finding, sheet: _Sheet) -> None:
    """Every character of the text, each word on its colour; what the model does not read is grey."""
    frame = _put(_put(body, "figure"), "div", class_="text", dir="auto")
    attribution, text = finding.attribution, finding.text
    painted = colours.paint(attribution.values[None], signed=attribution.signed)[0].tolist()
    noted: dict[int, list[int]] = {}
    for note in finding.notes:
        noted.setdefault(note["place"]["number"], []).append(note["number"])
    done = 0
    for i, (word, colour) in enumerate(zip(attribution.words, painted, strict=True)):
        ET.SubElement(frame, "span").text = _lines(text[done : word.start])
        ink = "#000" if _luminance(colour) > 0.179 else "#fff"  # where black and white are equally far (WCAG 2)
        rule = f"background: rgb({','.join(map(str, colour))}); color: {ink}"
        part = ET.SubElement(frame, "span", {"class": sheet.of(rule)})
        part.set("title", f"{attribution.values[i]:+.3g}")
        part.text = _lines(word.text)
        if i in noted:
            ET.SubElement(part, "sup").text = " ".join(map(str, noted[i]))
        done = word.end
    end = len(text) - finding.look["cut"]
    ET.SubElement(frame, "span").text = _lines(text[done:end])
    if finding.look["cut"]:
        ET.SubElement(frame, "span", {"class": "cut"}).text = _lines(text[end:])


def _legend(body: ET.Element, finding: Finding) -> None:
    attribution = finding.attribution
    low, high = colours.limits(attribution.values, signed=attribution.signed)
    ramp = colours.paint(np.linspace(low, high, 256, dtype=np.float32)[None], signed=attribution.signed)
    scale = _put(body, "div", class_="scale")
    ET.SubElement(scale, "img", {"src": data_url(Image.fromarray(ramp)), "alt": ""})
    ends = _put(scale, "div", class_="ends")
    for value in (low, 0.0, high) if low < 0 < high else (low, high):
        ET.SubElement(ends, "span").text = number(value)
    unit = f"\u2190 against \u00b7 {finding.unit} \u00b7 for \u2192" if attribution.signed else finding.unit
    _put(scale, "p", unit, class_="unit")


def _notes(body: ET.Element, finding: Finding) -> None:
    if not finding.notes:
        return
    _put(body, "h2", "Notes")
    listed = ET.SubElement(body, "ol")
    for note in finding.notes:
        _put(listed, "li", str(note["text"]), value=str(note["number"]))


def _classes(body: ET.Element, finding: Finding) -> None:
    _put(body, "h2", "What the model answers")
    rows = [[label, f"{chance:.1%}" if chance >= 0.001 else "< 0.1%"] for label, chance in finding.classes[:ROWS]]
    _table(body, ["Class", "Probability"], rows, numbers=(1,))


def _trust(body: ET.Element, finding: Finding) -> None:
    _put(body, "h2", "Can this map be trusted?")
    if finding.report is None:
        _put(body, "p", "It has not been judged.")
        return
    _put(body, "p", finding.report.sentence, class_="verdict")
    rows = [
        [
            check.name.capitalize(),
            STATUS.get(check.status, check.status),
            "" if check.value is None else f"{check.value:.3g}",
            "" if check.control is None else f"{check.control:.3g}",
            check.finding,
        ]
        for check in finding.report.checks
    ]
    _table(body, ["Check", "Result", "Value", "Control", "Finding"], rows, numbers=(2, 3), short=(0, 1))


def _regions(body: ET.Element, finding: Finding) -> None:
    _put(body, "h2", "Strongest regions")
    rows = [
        [str(row + 1), str(column + 1), f"{mean:+.3g}", "for" if mean > 0 else "against"]
        for row, column, mean in islice(strongest(finding.attribution.values), ROWS)
    ]
    _put(body, "p", f"Mean value of each cell of a grid of {CELLS} \u00d7 {CELLS}, counted from the top left.")
    _table(body, ["Row", "Column", "Mean value", "Says"], rows, numbers=(2,))


def _provenance(body: ET.Element, finding: Finding) -> None:
    _put(body, "h2", "How it was made")
    spec = finding.spec
    told = {
        "Model": f"{finding.model}, weights sha256 {spec.digest}",
        "Method": f"{finding.method}, revision {spec.revision}",
        "Parameters": finding.parameters,
        "Score": f"{finding.score} of {finding.label}: {finding.attribution.score:.6g}",
        "Seed": str(spec.seed),
        "Precision": spec.precision,
        "Versions": finding.versions,
        "Key": spec.key,
    }
    listed = ET.SubElement(body, "dl")
    for term, value in told.items():
        _put(listed, "dt", term)
        _put(listed, "dd", value)


def _table(
    body: ET.Element,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[int],
    short: Sequence[int] = (),
) -> None:
    """`numbers` and `short` are columns that are not broken into lines, the former to the right."""
    table = ET.SubElement(_put(body, "div", class_="wide", tabindex="0", role="group", aria_label="Table"), "table")
    for kind, cells in (("th", head), *(("td", row) for row in rows)):
        row = ET.SubElement(table, "tr")
        for i, cell in enumerate(cells):
            attributes = {"class_": "number" if i in numbers else "short"} if i in (*numbers, *short) else {}
            _put(row, kind, cell, **attributes)


def _line(text: str) -> str:
    """The same on one line. Signs that turn the direction stay: what they stand in is isolated."""
    return _lines(" ".join(text.split()))


def _lines(text: str) -> str:
    """As it stands, but for what no page has room for."""
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join("\ufffd" if category(c) in ("Cc", "Cs") and c not in "\n\t" else c for c in kept)


def _luminance(colour: Sequence[int]) -> float:
    """Relative, of sRGB (WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
