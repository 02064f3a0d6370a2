"""How many concepts: what half as many, and twice as many, would leave out, and whether they would be found again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from app.jobs.intervene import Bench
from explainers import sizes
from explainers.concepts.autoencoder import FEWEST
from explainers.concepts.bank import sampled
from explainers.concepts.dictionaries import OVERCOMPLETE

ROWS = 2_000  # activations that are learnt from: three numbers of concepts, three times each


def sized(bench: Bench, k: int, factorizer: str, seed: int) -> dict[str, Any]:
    """As the API has it. From activations of the study's own pictures, drawn by chance."""
    overcomplete = factorizer in OVERCOMPLETE
    A = sampled(bench.a, seed, 2 * FEWEST if overcomplete else ROWS)
    most = len(A) if overcomplete else min(len(A) // 2, A.shape[1])  # each half must have as many rows as concepts
    return {
        "rows": len(A),
        "sizes": [asdict(size) for size in sizes(A, list(around(k, most)), factorizer, seed)],
    }


def around(k: int, most: int) -> Iterator[int]:
    """Half as many, as many, twice as many, where there may be so many."""
    yield from (n for n in dict.fromkeys((max(k // 2, 1), k, 2 * k)) if n <= most)
