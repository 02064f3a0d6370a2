"""Regions of an edited map by strength, beside the machine's and what was painted, as CSV for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.export.edits.edited import Edited
from app.export.table import edges, means, spread, strongest


def written(made: Edited) -> bytes:
    return spread(_rows(made))


def _rows(made: Edited) -> Iterator[Sequence[object]]:
    values = made.values
    machine, painted = means(made.machine.attribution.values), means(made.amount / 255)
    names = ["left", "top", "right", "bottom", "mean value", "mean value of the machine", "share painted"]
    yield ["rank", "row", "column", *names]
    for rank, (row, column, mean) in enumerate(strongest(values), 1):
        place = [rank, row + 1, column + 1, *edges(values, row, column)]
        yield [*place, mean, float(machine[row, column]), float(painted[row, column])]
