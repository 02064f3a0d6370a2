"""The formats of a study."""

from __future__ import annotations

from app.export.format import Format
from app.export.studies import methods, npz, page, png, svg, table
from app.export.studies.study import Study

FORMATS: tuple[Format[Study], ...] = (
    Format("html", page.written, "A page to send: concepts, strategies, quality"),
    Format("svg", svg.written, "The graph, with words that can be edited"),
    Format("png", png.written, "The graph as a picture"),
    Format("csv", table.written, "Importances and strategies, for a spreadsheet"),
    Format("npz", npz.written, "Bank, coefficients, shares, memberships, for NumPy"),
    Format("txt", methods.written, "A methods paragraph, with references"),
)


def filename(study: Study, suffix: str) -> str:
    """Minted: nothing that a user has named is in it."""
    return f"whylens-study-{study.spec.key[:8]}.{suffix}"
