"""The drawing of a picture with its map, as places and words: what PNG and SVG have in common."""

from __future__ import annotations

from dataclasses import dataclass

from app.export.finding import Finding
from app.export.overlay import scaled
from app.export.words import drawable, font, lines

SIDE = 720  # pixels of the picture's longer side
MARGIN = 36
BAR = 18  # height of the scale
NARROWEST = 480
SIGNS = 84  # beside the unit: what the ends speak for
INK, QUIET = (26, 28, 34), (90, 94, 105)


@dataclass(frozen=True)
class Line:
    """`anchor` as Pillow has it: left, middle or right, at the baseline."""

    x: float
    y: float
    text: str
    size: int
    weight: int
    colour: tuple[int, int, int]
    anchor: str = "ls"


@dataclass(frozen=True)
class Sheet:
    """`picture` and `scale` are boxes: left, top, width, height."""

    width: int
    height: int
    picture: tuple[int, int, int, int]
    scale: tuple[int, int, int, int]
    lines: tuple[Line, ...]
    signed: bool
    title: str


def laid_out(finding: Finding) -> Sheet:
    h, w = finding.attribution.values.shape
    wide, high = scaled((w, h), SIDE)
    inner = max(wide, NARROWEST)
    written = []
    y = MARGIN

    def write(text: str, size: int, weight: int, colour: tuple[int, int, int], most: int) -> None:
        nonlocal y
        for line in lines(drawable(text), inner, font(size, weight), most):
            y += round(size * 1.32)
            written.append(Line(MARGIN, y - round(size * 0.3), line, size, weight, colour))

    write(finding.question, 30, 600, INK, 2)
    y += 2
    write(f"{finding.model} gives {finding.label} a probability of {finding.probability:.1%}", 18, 400, QUIET, 2)
    if finding.hand is not None:
        write(finding.hand.said, 18, 600, INK, 3)
    y += 14
    picture = (MARGIN + (inner - wide) // 2, y, wide, high)
    y += high + 20
    scale = (MARGIN, y, inner, BAR)
    y += BAR + 20
    low, top = finding.limits
    marks = [(MARGIN, number(low), "ls"), (MARGIN + inner, number(top), "rs")]
    if low < 0 < top:
        marks.append((MARGIN + round(inner * -low / (top - low)), "0", "ms"))
    written += [Line(x, y, text, 17, 400, INK, anchor) for x, text, anchor in marks]
    y += 6
    if finding.attribution.signed:
        written.append(Line(MARGIN, y + 22, "\u2190 against", 17, 400, INK))
        written.append(Line(MARGIN + inner, y + 22, "for \u2192", 17, 400, INK, "rs"))
    for line in lines(drawable(finding.unit), inner - 2 * SIGNS, font(17), 2):
        y += 22
        written.append(Line(MARGIN + inner / 2, y, line, 17, 400, INK, "ms"))
    y += 12
    write(" \u00b7 ".join(finding.provenance), 14, 400, QUIET, 6)
    return Sheet(
        width=inner + 2 * MARGIN,
        height=y + MARGIN - 6,
        picture=picture,
        scale=scale,
        lines=tuple(written),
        signed=finding.attribution.signed,
        title=drawable(finding.question),
    )


def number(value: float) -> str:
    """Three digits, its sign always shown."""
    return f"{value:+.3g}".replace("-", "\u2212") if value else "0"
