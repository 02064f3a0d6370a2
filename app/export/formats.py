"""The formats there are, by the ending of a file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.export import methods, npz, page, png, svg, table
from app.export.finding import Finding
from app.failures import RequestError
from app.jobs.look import INPUTS
from explainers.types import Kind


@dataclass(frozen=True)
class Format:
    """`about` says what is in it, for whoever chooses."""

    suffix: str
    media: str
    written: Callable[[Finding], bytes]
    kinds: tuple[Kind, ...]
    about: Mapping[Kind, str]


BOTH: tuple[Kind, ...] = ("image", "text")
FORMATS: Mapping[str, Format] = {
    format.suffix: format
    for format in (
        Format("png", "image/png", png.written, ("image",), {"image": "Picture, map and scale"}),
        Format("svg", "image/svg+xml", svg.written, ("image",), {"image": "The same, in layers"}),
        Format(
            "html",
            "text/html; charset=utf-8",
            page.written,
            BOTH,
            dict.fromkeys(BOTH, "A page to send: map, classes, trust, notes"),
        ),
        Format(
            "csv",
            "text/csv; charset=utf-8",
            table.written,
            BOTH,
            {"image": "Regions by strength, for a spreadsheet", "text": "Words with values, for a spreadsheet"},
        ),
        Format("npz", "application/octet-stream", npz.written, BOTH, dict.fromkeys(BOTH, "The numbers, for NumPy")),
        Format(
            "txt",
            "text/plain; charset=utf-8",
            methods.written,
            BOTH,
            dict.fromkeys(BOTH, "A methods paragraph, with references"),
        ),
    )
}


def of(kind: Kind) -> list[Format]:
    return [format for format in FORMATS.values() if kind in format.kinds]


def named(suffix: str, kind: Kind) -> Format:
    """Raises RequestError."""
    format = FORMATS.get(suffix)
    if format is None or kind not in format.kinds:
        names = [each.suffix for each in of(kind)]
        raise RequestError(
            f"format must be {', '.join(names[:-1])} or {names[-1]} for {INPUTS[kind]}; got {suffix!r:.20}"
        )
    return format


def filename(finding: Finding, format: Format) -> str:
    """Minted: nothing that a user has named is in it."""
    return f"whylens-{finding.spec.method}-{finding.spec.key[:8]}.{format.suffix}"
