"""The frame of a page to send: no script, nothing from elsewhere, readable from a folder, a mail, or on paper.

Elements are escaped by the XML library. The policy allows the one style sheet, by its hash, and pictures in the file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from unicodedata import category
from xml.etree import ElementTree as ET

from app.export.words import drawable

STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1a1c22; font: 1rem/1.5 "Source Sans 3", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 0.5rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 0.5rem; }
h1, h2, p, li, td, dd { overflow-wrap: anywhere; }
bdi { unicode-bidi: isolate; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: start; vertical-align: top; padding: 0.35rem 0.75rem 0.35rem 0; border-bottom: 1px solid #dcdee4; }
td:not([class]) { min-width: 7rem; }
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
FOOT = "Made by Whylens. This page has no scripts and asks for nothing from elsewhere."


class Sheet:
    """Rules that belong to single elements: the policy allows no style on the elements themselves."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, rule: str) -> str:
        """A class with this rule, which is made of numbers only."""
        return self._known.setdefault(rule, f"s{len(self._known)}")

    @property
    def rules(self) -> str:
        return "\n".join(f".{name} {{ {rule} }}" for rule, name in self._known.items())


def document(title: str, body: ET.Element, *rules: str) -> bytes:
    """`rules` beside those of every page: ours to the last character, for a style sheet is not escaped."""
    put(body, "footer", FOOT)
    style = "".join((STYLE, *rules))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    root = ET.Element("html", {"lang": "en"})
    head = ET.SubElement(root, "head")
    ET.SubElement(head, "meta", {"charset": "utf-8"})
    ET.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": policy})
    ET.SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    ET.SubElement(head, "meta", {"name": "referrer", "content": "no-referrer"})
    ET.SubElement(head, "title").text = drawable(title)
    ET.SubElement(head, "style").text = style
    ET.SubElement(root, "body").append(body)
    written: bytes = ET.tostring(root, encoding="utf-8", method="html")
    return b"<!doctype html>\n" + written


def put(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    """`text` is anybody's, and stands by itself whatever the direction in which it is written."""
    made = ET.SubElement(parent, tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()})
    if text:
        ET.SubElement(made, "bdi").text = line(text)
    return made


def said(parent: ET.Element, *parts: tuple[str, str], first: str = "") -> ET.Element:
    """A paragraph in which words of anybody's stand out, each with what we say after it."""
    told = ET.SubElement(parent, "p")
    told.text = first
    for text, tail in parts:
        strong = ET.SubElement(told, "strong")
        ET.SubElement(strong, "bdi").text = line(text)
        strong.tail = tail
    return told


def listed(body: ET.Element, told: Mapping[str, str]) -> None:
    """Terms with what they are; those of which there is nothing to say are left out."""
    made = ET.SubElement(body, "dl")
    for term, value in told.items():
        if value:
            put(made, "dt", term)
            put(made, "dd", value)


def table(
    body: ET.Element,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[int],
    short: Sequence[int] = (),
) -> None:
    """`numbers` and `short` are columns that are not broken into lines, the former to the right."""
    made = ET.SubElement(put(body, "div", class_="wide", tabindex="0", role="group", aria_label="Table"), "table")
    for kind, cells in (("th", head), *(("td", row) for row in rows)):
        row = ET.SubElement(made, "tr")
        for i, cell in enumerate(cells):
            attributes = {"class_": "number" if i in numbers else "short"} if i in (*numbers, *short) else {}
            put(row, kind, cell, **attributes)


def line(text: str) -> str:
    """The same on one line. Signs that turn the direction stay: what they stand in is isolated."""
    return lines(" ".join(text.split()))


def lines(text: str) -> str:
    """As it stands, but for what no page has room for."""
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join("\ufffd" if category(c) in ("Cc", "Cs") and c not in "\n\t" else c for c in kept)
