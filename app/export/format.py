"""A form that something kept can take as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from app.failures import RequestError

T = TypeVar("T")

MEDIA = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "npz": "application/octet-stream",
    "txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class Format(Generic[T]):
    """By the ending of a file's name. `about` says what is in it, for whoever chooses."""

    suffix: str
    written: Callable[[T], bytes]
    about: str

    @property
    def media(self) -> str:
        return MEDIA[self.suffix]


def named(formats: Iterable[Format[T]], suffix: str, what: str) -> Format[T]:
    """Raises RequestError; `what` is what would take that form."""
    known = {format.suffix: format for format in formats}
    if suffix not in known:
        raise RequestError(f"format must be {choice(known)} for {what}; got {suffix!r:.20}")
    return known[suffix]


def written_to(name: str, formats: Iterable[Format[T]], what: str) -> tuple[Path, Format[T]]:
    """The file of that name and its format. Raises RequestError; `what` is what would take it."""
    path = Path(name)
    known = {f".{format.suffix}": format for format in formats}
    if path.suffix not in known:
        raise RequestError(f"out must end in {choice(known)} for {what}; got {name!r}")
    return path, known[path.suffix]


def choice(names: Iterable[str]) -> str:
    """Of several, one: in a sentence."""
    *others, last = names
    return f"{', '.join(others)} or {last}"
