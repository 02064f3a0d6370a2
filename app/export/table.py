"""Words with their values, or the regions of a picture by strength, as CSV for spreadsheets.

A cell of text that a spreadsheet would take for a formula is told not to be one (OWASP, "CSV Injection"); numbers stay
numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from jaxtyping import Float

from app.export.finding import Finding
from explainers.types import Attribution

CELLS = 7  # regions along each side
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four are their full-width twins


def written(finding: Finding) -> bytes:
    return spread(_words(finding) if finding.spec.kind == "text" else _regions(finding.attribution))


def spread(rows: Iterable[Iterable[object]]) -> bytes:
    """As a spreadsheet reads them."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerows(map(row_of, rows))
    return file.getvalue().encode("utf-8-sig")  # or a spreadsheet would guess another alphabet


def row_of(cells: Iterable[object]) -> list[object]:
    """As it is written."""
    return [safe(cell) if isinstance(cell, str) else cell for cell in cells]


def safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def means(values: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "rows columns"]:
    """Mean value of each cell of a 7 × 7 grid."""
    rows = np.array_split(values, CELLS, axis=0)
    return np.array([[cell.mean() for cell in np.array_split(row, CELLS, axis=1)] for row in rows])


def strongest(values: Float[np.ndarray, "h w"]) -> Iterator[tuple[int, int, float]]:
    """Row, column and mean of every cell, those farthest from zero first."""
    found = means(values)
    for i in np.argsort(-np.abs(found), axis=None, kind="stable").tolist():
        row, column = divmod(i, CELLS)
        yield row, column, float(found[row, column])


def _words(finding: Finding) -> Iterator[Sequence[object]]:
    """In the order of the text; offsets count characters of the text."""
    attribution = finding.attribution
    stderr = attribution.stderr
    yield ["number", finding.look["by"], "start", "end", "value", *([] if stderr is None else ["standard error"])]
    for i, word in enumerate(attribution.words):
        error = [] if stderr is None else [float(stderr[i])]
        yield [i + 1, word.text, word.start, word.end, float(attribution.values[i]), *error]


def _regions(attribution: Attribution) -> Iterator[Sequence[object]]:
    """The strongest first; edges in pixels of what the model sees."""
    yield ["rank", "row", "column", "left", "top", "right", "bottom", "mean value"]
    for rank, (row, column, mean) in enumerate(strongest(attribution.values), 1):
        yield [rank, row + 1, column + 1, *edges(attribution.values, row, column), mean]


def edges(values: Float[np.ndarray, "h w"], row: int, column: int) -> list[int]:
    """Left, top, right and bottom of a cell, in pixels."""
    h, w = values.shape
    down, across = (np.cumsum([0, *map(len, np.array_split(np.arange(side), CELLS))]).tolist() for side in (h, w))
    return [across[column], down[row], across[column + 1], down[row + 1]]
