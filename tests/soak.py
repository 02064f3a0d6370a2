"""What `make soak` saw, test by test: with RECORD_SOAK=1 it is written to benchmarks/results/soak.json."""

from __future__ import annotations

import os

from benchmarks.record import add


def told(part: str, **figures: object) -> None:
    if os.environ.get("RECORD_SOAK"):
        add("soak", part, figures)
