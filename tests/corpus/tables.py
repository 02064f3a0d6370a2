"""Tables of labelled texts that are none, or are monsters."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from tests.corpus.case import ROOT, Case, Request

GOOD = b"text,label\n" + b"good film,positive\nbad film,negative\n" * 20


def cases() -> Iterator[Case]:
    for name, make in TABLES.items():
        yield Case("table", name, "refused", lambda m=make: _sent(m()))  # type: ignore[misc]  # bound now
    for name, query in QUERIES.items():
        yield Case("table's query", name, "refused", lambda q=query: _sent(GOOD, q))  # type: ignore[misc]  # bound now


def _sent(table: bytes, query: bytes = b"name=x") -> Request:
    return Request("POST", f"{ROOT}/heads/fit", table, [(b"content-type", b"text/csv")], query)


TABLES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "blank": lambda: b"\n\r\n\n",
    "only a mark": lambda: b"\xef\xbb\xbf",
    "only a header": lambda: b"text,label\n",
    "one column": lambda: b"text\na\nb\n",
    "one row": lambda: b"good,positive\n",
    "one class": lambda: b"text,label\n" + b"good,positive\n" * 50,
    "a class of one": lambda: b"text,label\n" + b"good,positive\n" * 50 + b"bad,negative\n",
    "all the same column": lambda: b"text,text,text\na,b,c\n",
    "ragged": lambda: GOOD + b"a,b,c\n",
    "short row": lambda: GOOD + b"a\n",
    "an open quote": lambda: b'text,label\n"good,positive\n' * 10,
    "text after a quote": lambda: b'text,label\n"good"x,positive\n',
    "a cell of 900,000": lambda: b"text,label\n" + b"x" * 900_000 + b",a\n",
    "a million commas": lambda: b"," * 999_000,
    "a header of 100,000 columns": lambda: b",".join(b"c%d" % n for n in range(100_000)),
    "a million lines": lambda: b"\n" * 999_000 + b"a,b\n",
    "lines of carriage returns": lambda: b"text,label\r" * 10_000,
    "100,001 rows": lambda: b"text,label\n" + b"a,b\n" * 100_001,
    "two megabytes": lambda: GOOD * 2_000,
    "zeros": lambda: bytes(1_000),
    "a zero in a cell": lambda: GOOD + b"a\0b,positive\n",
    "UTF-16": lambda: GOOD.decode().encode("utf-16"),
    "Latin 1": lambda: GOOD + b"caf\xe9,positive\n",
    "surrogates": lambda: GOOD + b"\xed\xa0\x80,positive\n",
    "noise": lambda: random.Random(0).randbytes(10_000),
    "noise of letters": lambda: bytes(random.Random(1).choices(b'ab,";\t\n\r', k=10_000)),
    "a zip": lambda: b"PK\x03\x04" + bytes(100),
    "a workbook": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000),
    "HTML": lambda: b"<table><tr><td>text</td><td>label</td></tr></table>",
    "JSON lines": lambda: b'{"text": "a", "label": "b"}\n' * 10,
    "texts of blanks": lambda: b"text,label\n" + b" ,positive\n ,negative\n" * 20,
    "labels of blanks": lambda: b"text,label\n" + b"good, \nbad,\n" * 20,
    "a label for each": lambda: b"text,label\n" + b"".join(b"good,l%d\n" % n for n in range(3_000)),
    "labels of 10,000": lambda: b"text,label\n" + (b"good," + b"a" * 10_000 + b"\nbad," + b"b" * 10_000 + b"\n") * 20,
    "a text of 6,000": lambda: GOOD + b"x " * 3_000 + b",positive\n",
    "tabs in the header only": lambda: b"text\tlabel\n" + b"good,positive\n" * 20,
}  # fmt: skip
QUERIES: dict[str, bytes] = {
    "no name": b"",
    "a name of 201": b"name=" + b"n" * 201,
    "a column that is not there": b"name=x&text_column=nothing",
    "the same column twice": b"name=x&text_column=text&label_column=text",
    "a column of 201": b"name=x&text_column=" + b"c" * 201,
    "a column in HTML": b"name=x&label_column=%3Cscript%3E",
    "a column with zeros": b"name=x&label_column=%00",
    "a column of no UTF-8": b"name=x&label_column=%ff%fe",
    "a picture's model": b"name=x&base=tiny",
    "a model that is a file": b"name=x&base=/etc/passwd",
    "a model of none": b"name=x&base=%00",
    "a head on a head": b"name=x&base=head/" + b"0" * 32,
}
