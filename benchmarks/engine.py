"""What the engine costs over bare forwards: RISE and Sobol against the same number of rows, alternating in one run.

The bare forwards score ready-made batches of 32 in the same memory format, one class list, nothing kept but the scores.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from skimage import data
from torch import Tensor, nn

import models
from benchmarks.record import write
from explainers import build
from explainers.scoring import ModelScore, top_classes

BATCH = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rows", type=int, default=256, help="forwards in each measurement")
    args = parser.parse_args()
    model = models.load(args.model)
    x = model.prepare(data.coffee())  # type: ignore[no-untyped-call]
    score = TimedScore(model, top_classes(model, x), batch_size=BATCH)
    rows = score.place(torch.rand(BATCH, *x.shape))
    contenders: dict[str, Callable[[], int]] = {
        "bare": lambda: sum(len(score(rows)) for _ in range(args.rows // BATCH)),
        "rise regression": lambda: explained(score, x, "rise", n_masks=args.rows),
        "rise centred": lambda: explained(score, x, "rise", n_masks=args.rows, estimator="centred"),
        "sobol": lambda: explained(score, x, "sobol", cells=5, n=max(8, args.rows // 26)),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for repeat in range(args.rounds + 1):
        for name, run in contenders.items():
            start = time.perf_counter()
            done = run()
            if repeat:  # the first round warms up
                seconds[name].append((time.perf_counter() - start) / done)
    bare = seconds.pop("bare")
    outside = {}
    for name in seconds:
        score.reset()
        start = time.perf_counter()
        contenders[name]()
        outside[name] = (time.perf_counter() - start) / score.seconds - 1
    overhead = {
        # paired by round: the machine's drift falls out
        name: statistics.median(mine / plain for mine, plain in zip(times, bare, strict=True)) - 1
        for name, times in seconds.items()
    }
    write(
        "engine",
        {
            "model": args.model,
            "batch": BATCH,
            "classes": len(score.classes),
            "rows": args.rows,
            "rounds": args.rounds,
            "bare images per second": 1 / statistics.median(bare),
            "overhead over bare forwards, median of rounds": overhead,
            "time outside the score over time inside, one run": outside,
            "rounds with overhead": {
                name: [mine / plain - 1 for mine, plain in zip(times, bare, strict=True)]
                for name, times in seconds.items()
            },
        },
    )


class TimedScore(ModelScore):
    """Knows how long it computed: what is left of a run is the engine, whatever else the machine does."""

    seconds = 0.0

    def reset(self) -> None:
        self.seconds = 0.0

    def _score(self, module: nn.Module, x: Tensor, dtype: torch.dtype) -> Tensor:
        start = time.perf_counter()
        scores = super()._score(module, x, dtype)
        self.seconds += time.perf_counter() - start
        return scores


def explained(score: ModelScore, x: torch.Tensor, method: str, **params: object) -> int:
    *_, last = build(method, params).explain(score, x, torch.Generator().manual_seed(0))
    return int(last.done)


if __name__ == "__main__":
    main()
