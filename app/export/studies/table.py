"""Concepts and strategies of a study as one table, as CSV for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.export.studies.study import Study
from app.export.table import spread
from app.export.words import drawable

HEAD = (
    "kind", "index", "name", "suspicious", "importance", "standard error", "share", "mean amount", "pictures",
    "prevalence", "answered right", "at least", "at most",
)  # fmt: skip


def written(study: Study) -> bytes:
    return spread(_rows(study))


def _rows(study: Study) -> Iterator[Sequence[object]]:
    """Concepts, the most important first, then strategies, each with its mean share of every concept."""
    order = [concept["index"] for concept in study.concepts]
    yield [*HEAD, *(f"share of {drawable(study.concept(k))}" for k in order)]
    for concept in study.concepts:
        k = concept["index"]
        about = ["concept", k, drawable(study.concept(k)), _yes(study.suspicious("concepts", k))]
        numbers = [concept[name] for name in ("importance", "stderr", "share", "amount")]
        yield [*about, *numbers, *[None] * (len(HEAD) - len(about) - len(numbers) + len(order))]
    for strategy in study.strategies:
        c = strategy["index"]
        about = ["strategy", c, drawable(study.strategy(c)), _yes(study.suspicious("strategies", c)), *[None] * 4]
        known = strategy["reliability"] or [None] * 3
        shares = [strategy["importance"][k] for k in order]
        yield [*about, len(strategy["members"]), strategy["prevalence"], *known, *shares]


def _yes(suspicious: bool) -> str:
    return "yes" if suspicious else ""
