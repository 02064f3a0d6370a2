"""Words on drawings: in the page's own typeface, broken into lines, and harmless to whatever reads the file."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from unicodedata import category

from PIL import ImageFont

ELLIPSIS = "\u2026"
UNDRAWN = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")  # what XML has no room for, and what turns the direction of the rest


def drawable(text: str) -> str:
    """On one line."""
    return " ".join(
        "".join(" " if c.isspace() else c for c in text if c.isspace() or category(c) not in UNDRAWN).split()
    )


@cache
def font(size: int, weight: int = 400) -> ImageFont.FreeTypeFont:
    """Source Sans as the page's framework brings it along: it has the accents and signs that Pillow's own lacks."""
    spec = importlib.util.find_spec("streamlit")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    (file,) = folder.glob("static/static/media/SourceSansVF-Upright*.woff2")
    face = ImageFont.truetype(file, size)
    face.set_variation_by_axes([weight])
    return face


def lines(text: str, width: float, face: ImageFont.FreeTypeFont, most: int) -> list[str]:
    """Greedily filled; a word that is too long is cut, and what is beyond the last line is."""
    found: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}".strip()
        if face.getlength(longer) <= width:
            line = longer
            continue
        if line:
            found.append(line)
        line = _cut(word, width, face)
        if len(found) == most:
            break
    else:
        found.append(line)
    if len(found) > most or (len(found) == most and line not in found):
        found = [*found[: most - 1], _cut(f"{found[most - 1]} {ELLIPSIS}", width, face)]
    return found


def _cut(text: str, width: float, face: ImageFont.FreeTypeFont) -> str:
    if face.getlength(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if face.getlength(text[:middle] + ELLIPSIS) <= width else (low, middle - 1)
    return text[:low] + ELLIPSIS
