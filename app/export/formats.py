"""The formats of a finding."""

from __future__ import annotations

from collections.abc import Mapping

from app.export import methods, npz, page, png, svg, table
from app.export.finding import Finding
from app.export.format import Format
from explainers.types import Kind

COMMON = (
    Format("npz", npz.written, "The numbers, for NumPy"),
    Format("txt", methods.written, "A methods paragraph, with references"),
)
HTML = Format("html", page.written, "A page to send: map, classes, trust, notes")
FORMATS: Mapping[Kind, tuple[Format[Finding], ...]] = {
    "image": (
        Format("png", png.written, "Picture, map and scale"),
        Format("svg", svg.written, "The same, in layers"),
        HTML,
        Format("csv", table.written, "Regions by strength, for a spreadsheet"),
        *COMMON,
    ),
    "text": (HTML, Format("csv", table.written, "Words with values, for a spreadsheet"), *COMMON),
}


def filename(finding: Finding, suffix: str) -> str:
    """Minted: nothing that a user has named is in it."""
    return f"whylens-{finding.spec.method}-{finding.spec.key[:8]}.{suffix}"
