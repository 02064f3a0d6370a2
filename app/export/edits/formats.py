"""The formats of an edited map."""

from __future__ import annotations

from app.export import png, svg
from app.export.edits import methods, npz, page, table
from app.export.edits.edited import Edited
from app.export.format import Format

FORMATS: tuple[Format[Edited], ...] = (
    Format("png", lambda made: png.written(made.finding), "Picture, edited map and scale"),
    Format("svg", lambda made: svg.written(made.finding), "The same, in layers"),
    Format("html", page.written, "A page to send: both maps, what the model answers"),
    Format("csv", table.written, "Regions by strength, for a spreadsheet"),
    Format("npz", npz.written, "Machine\u2019s map, edit and edited map, for NumPy"),
    Format("txt", methods.written, "A methods paragraph, with numbers"),
)


def filename(made: Edited, suffix: str) -> str:
    return f"whylens-edit-{made.revision.id[:8]}.{suffix}"
