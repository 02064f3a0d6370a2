"""A user's table of labelled texts: CSV or TSV, by content.

The rule, since guessing from free text goes wrong: a tab in the first line makes it a TSV, whose lines are rows and
whose quotes are part of the text; otherwise it is a CSV as RFC 4180 (2005) has it, with semicolons where the first line
has no comma. A table of two columns may do without a header: the text, then its label.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from app.failures import RequestError

MOST_ROWS = 100_000
TEXTS = ("text", "sentence", "review")  # what headers call them, in any case
LABELS = ("label", "class", "sentiment")


def labelled(
    data: bytes, text_column: str | None = None, label_column: str | None = None
) -> tuple[list[str], list[str]]:
    """Texts and labels, in the table's order. Raises RequestError."""
    rows = _rows(_decoded(data))
    first = next(rows, None)
    if first is None:
        raise RequestError("The table is empty.")
    text, label, header = _columns(first, text_column, label_column)
    texts, labels = ([], []) if header else ([first[text]], [first[label]])
    for number, row in enumerate(rows, 2):
        if len(row) != len(first):
            raise RequestError(
                f"Row {number:,} of the table must have {len(first)} columns, as the first has; got {len(row)}."
            )
        if len(texts) == MOST_ROWS:
            raise RequestError(f"The table has more than {MOST_ROWS:,} rows, which is the limit.")
        texts.append(row[text])
        labels.append(row[label])
    if not texts:
        raise RequestError("The table has a header and no rows.")
    return texts, labels


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(f"The table must be UTF-8; byte {error.start + 1:,} is not.") from error
    if (place := text.find("\0")) >= 0:
        raise RequestError(f"The table has a zero byte at character {place + 1:,}, which cannot be kept.")
    return text


def _rows(text: str) -> Iterator[list[str]]:
    """Without blank lines."""
    first = text.lstrip("\r\n").partition("\n")[0]
    file = io.StringIO(text, newline="")
    if "\t" in first:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        rows = csv.reader(file, delimiter=";" if ";" in first and "," not in first else ",", strict=True)
    try:
        yield from (row for row in rows if row)
    except csv.Error as error:
        raise RequestError(f"Line {rows.line_num:,} of the table cannot be read: {error}.") from error


def _columns(first: Sequence[str], text_column: str | None, label_column: str | None) -> tuple[int, int, bool]:
    """Numbers of the two columns, and whether the first row is a header."""
    if len(first) < 2:
        raise RequestError(f"The table must have a column of texts and one of labels; it has only {first[0]!r:.60}.")
    names = [name.strip() for name in first]
    lower = [name.lower() for name in names]
    text = _named("text_column", text_column, names) if text_column else _usual(TEXTS, lower)
    label = _named("label_column", label_column, names) if label_column else _usual(LABELS, lower)
    match text, label:
        case None, None if len(first) == 2:
            return 0, 1, False
        case None, int(other) if len(first) == 2:
            text = 1 - other
        case int(other), None if len(first) == 2:
            label = 1 - other
    if text is None or label is None:
        field, usual = ("text_column", TEXTS) if text is None else ("label_column", LABELS)
        raise RequestError(
            f"{field} must be named where none is called {', '.join(usual)}; the columns are {_listed(names)}"
        )
    if text == label:
        raise RequestError(f"text_column and label_column must differ; got {names[text]!r:.60} twice")
    return text, label, True


def _named(field: str, column: str, names: Sequence[str]) -> int:
    if column not in names:
        raise RequestError(f"{field} must be one of {_listed(names)}; got {column!r:.60}")
    return names.index(column)


def _usual(usual: Sequence[str], names: Sequence[str]) -> int | None:
    return next((names.index(name) for name in usual if name in names), None)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"{name!r:.60}" for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"
