"""A row of a summary, on the command line and on the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the summary says of an item: an explanation, or an error in one sentence."""

    file: str
    key: str = ""
    label: str = ""
    target: int | None = None
    score: float | None = None
    output: str = ""
    seconds: float | None = None
    error: str = ""
