"""Names that users give: display text and never a path."""

from __future__ import annotations

from unicodedata import category

LONGEST = 200


def displayed(name: str, longest: int = LONGEST) -> str:
    """Without what is no character; PostgreSQL keeps no zero byte."""
    return "".join(c for c in name if category(c) not in ("Cc", "Cs"))[:longest]
