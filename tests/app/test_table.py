"""A table of labelled texts: what is read, and what is refused in one sentence."""

from __future__ import annotations

import csv
import io

import pytest

from app import table
from app.failures import RequestError
from app.table import labelled

ROWS = (["a good film", 'it said "no", twice', "über, allem"], ["+", "-", "+"])

READ: dict[str, tuple[bytes, dict[str, str]]] = {
    "csv with a header": (b'text,label\na good film,+\n"it said ""no"", twice",-\n"\xc3\xbcber, allem",+\n', {}),
    "csv without": (b'a good film,+\n"it said ""no"", twice",-\n"\xc3\xbcber, allem",+', {}),
    "semicolons": (b'text;label\na good film;+\n"it said ""no"", twice";-\n\xc3\xbcber, allem;+\n', {}),
    "tsv": (b'sentence\tlabel\na good film\t+\nit said "no", twice\t-\n\xc3\xbcber, allem\t+\n', {}),
    "tsv without": (b'a good film\t+\nit said "no", twice\t-\n\xc3\xbcber, allem\t+\n', {}),
    "the label first": (b'Label\tText\n+\ta good film\n-\tit said "no", twice\n+\t\xc3\xbcber, allem\n', {}),
    "a mark, other line ends, blank lines": (
        b'\xef\xbb\xbftext\tlabel\r\na good film\t+\r\n\r\nit said "no", twice\t-\r\n\xc3\xbcber, allem\t+\r\n\r\n',
        {},
    ),
    "the other of two": (b'review text,label\na good film,+\n"it said ""no"", twice",-\n"\xc3\xbcber, allem",+', {}),
    "named": (
        b'id\tbody\tmood\n1\ta good film\t+\n2\tit said "no", twice\t-\n3\t\xc3\xbcber, allem\t+\n',
        {"text_column": "body", "label_column": "mood"},
    ),
    "one named": (
        b'what\tmood\na good film\t+\nit said "no", twice\t-\n\xc3\xbcber, allem\t+\n',
        {"label_column": "mood"},
    ),
}


@pytest.mark.parametrize(("data", "columns"), READ.values(), ids=READ)
def test_what_is_read(data: bytes, columns: dict[str, str]) -> None:
    assert labelled(data, **columns) == ROWS


def test_a_text_over_several_lines() -> None:
    out = io.StringIO()
    rows = [("text", "label"), ("one\ntwo", "a"), ('say "three"', "b")]
    csv.writer(out).writerows(rows)
    assert labelled(out.getvalue().encode()) == (["one\ntwo", 'say "three"'], ["a", "b"])


def test_quotes_of_a_tsv_swallow_no_rows() -> None:
    assert labelled(b'"so it begins\t1\nand ends"\t0\n') == (['"so it begins', 'and ends"'], ["1", "0"])


REFUSED: dict[str, tuple[bytes, dict[str, str], str]] = {
    "nothing": (b"", {}, "The table is empty."),
    "blank lines": (b"\n\n", {}, "The table is empty."),
    "a header alone": (b"text,label\n", {}, "The table has a header and no rows."),
    "one column": (
        b"text\na\nb\n",
        {},
        "The table must have a column of texts and one of labels; it has only 'text'.",
    ),
    "three columns of other names": (
        b"title,description,label\na,b,c\n",
        {},
        "text_column must be named where none is called text, sentence, review; "
        "the columns are 'title', 'description', 'label'",
    ),
    "no label": (
        b"text,mood,id\na,b,c\n",
        {},
        "label_column must be named where none is called label, class, sentiment; the columns are 'text', 'mood', 'id'",
    ),
    "a column that is not there": (
        b"text,label\na,b\n",
        {"text_column": "body"},
        "text_column must be one of 'text', 'label'; got 'body'",
    ),
    "twice the same": (
        b"text,label\na,b\n",
        {"text_column": "text", "label_column": "text"},
        "text_column and label_column must differ; got 'text' twice",
    ),
    "a row too long": (
        b"text,label\na,b\na,b,c\n",
        {},
        "Row 3 of the table must have 2 columns, as the first has; got 3.",
    ),
    "a row too short": (b"text\tlabel\na\n", {}, "Row 2 of the table must have 2 columns, as the first has; got 1."),
    "not UTF-8": ("text,label\nän,b\n".encode("latin-1"), {}, "The table must be UTF-8; byte 12 is not."),
    "UTF-16": ("text,label\n".encode("utf-16"), {}, "The table must be UTF-8; byte 1 is not."),
    "a zero byte": (b"text,label\na\0,b\n", {}, "The table has a zero byte at character 13, which cannot be kept."),
    "an open quote": (b'text,label\n"a,b\n', {}, "Line 2 of the table cannot be read: unexpected end of data."),
    "a text without end": (
        b"text\tlabel\n" + b"a" * 200_000 + b"\tb\n",
        {},
        "Line 2 of the table cannot be read: field larger than field limit (131072).",
    ),
}


@pytest.mark.parametrize(("data", "columns", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(data: bytes, columns: dict[str, str], sentence: str) -> None:
    with pytest.raises(RequestError) as refused:
        labelled(data, **columns)
    assert str(refused.value) == sentence


def test_the_limit_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MOST_ROWS", 3)
    three = b"text,label\n" + b"a,b\n" * 3
    assert len(labelled(three)[0]) == 3
    with pytest.raises(RequestError, match="more than 3 rows, which is the limit"):
        labelled(three + b"a,b\n")
