"""What the engine costs over bare forwards: RISE and Sobol, each batch beside a bare forward of as many rows.

The bare forwards score ready-made rows in the same memory format, right after each batch of the method, so that both
meet the same machine: on a shared one whole runs after each other differ by a fifth. First batches are small, for an
early preview; the others have 32 rows.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from skimage import data
from torch import Tensor, nn

import models
from benchmarks.record import write
from explainers import build
from explainers.scoring import ModelScore, top_classes

BATCH = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=512, help="forwards of each run")
    args = parser.parse_args()
    model = models.load(args.model)
    x = model.prepare(data.coffee())  # type: ignore[no-untyped-call]
    methods: dict[str, tuple[str, dict[str, object]]] = {
        "rise regression": ("rise", {"n_masks": args.rows}),
        "rise centred": ("rise", {"n_masks": args.rows, "estimator": "centred"}),
        "sobol": ("sobol", {"cells": 5, "n": max(8, args.rows // 26)}),
    }
    rounds: dict[str, list[float]] = {name: [] for name in methods}
    rates: list[float] = []
    for repeat in range(args.rounds + 1):
        for name, (method, params) in methods.items():
            score = PairedScore(model, top_classes(model, x), batch_size=BATCH)
            start = time.perf_counter()
            *_, last = build(method, params).explain(score, x, torch.Generator().manual_seed(0))
            spent = time.perf_counter() - start - score.bare
            if repeat:  # the first round warms up
                rounds[name].append(spent / score.bare - 1)
                rates.append(last.done / score.bare)
    write(
        "engine",
        {
            "model": args.model,
            "batch": BATCH,
            "classes": len(score.classes),
            "rows": args.rows,
            "rounds": args.rounds,
            "bare images per second": statistics.median(rates),
            "overhead over bare forwards, median of rounds": {
                name: statistics.median(found) for name, found in rounds.items()
            },
            "rounds with overhead": rounds,
        },
    )


class PairedScore(ModelScore):
    """Scores rows of its own after every batch, and knows how long those took: `bare` seconds in all."""

    bare = 0.0
    rows: Tensor | None = None

    def _score(self, module: nn.Module, x: Tensor, dtype: torch.dtype) -> Tensor:
        scores = super()._score(module, x, dtype)
        if self.rows is None:
            self.rows = self.place(torch.rand(BATCH, *x.shape[1:]))
        start = time.perf_counter()
        super()._score(module, self.rows[: len(x)], dtype)
        self.bare += time.perf_counter() - start
        return scores


if __name__ == "__main__":
    main()
