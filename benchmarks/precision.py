"""float32 against bf16 on a channels-last copy: images per second, agreement of scores and of maps, in one run."""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import torch
from scipy.stats import spearmanr
from skimage import data

import models
from benchmarks.record import write
from explainers import stream_classes
from explainers.scoring import ModelScore, precision_gap, resolve_precision, top_classes
from explainers.types import Precision

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--masks", type=int, default=200)
    args = parser.parse_args()
    model = models.load(args.model)
    x = model.prepare(data.coffee())  # type: ignore[no-untyped-call]
    classes = top_classes(model, x)
    scores = {precision: ModelScore(model, classes, precision=precision, batch_size=32) for precision in PRECISIONS}
    rows = scores["float32"].place(torch.rand(32, *x.shape))
    seconds: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
    for repeat in range(args.rounds + 1):
        for precision, score in scores.items():
            start = time.perf_counter()
            score(rows)
            if repeat:  # the first makes the copy
                seconds[precision].append(time.perf_counter() - start)
    rms, spread = precision_gap(scores["bfloat16"], x)
    exact, rounded = (last_map(model, x, classes, precision, args.masks) for precision in PRECISIONS)
    agreement = [float(spearmanr(a.ravel(), b.ravel()).statistic) for a, b in zip(exact, rounded, strict=True)]
    write(
        "precision",
        {
            "model": args.model,
            "images per second at batch 32": {name: 32 / statistics.median(times) for name, times in seconds.items()},
            "resolved here": resolve_precision(model, x, classes),
            "rms difference of masked logits, about each class mean": rms,
            "standard deviation of masked logits": spread,
            "masks": args.masks,
            "Spearman of the RISE maps": {"lowest class": min(agreement), "median class": statistics.median(agreement)},
        },
    )


def last_map(
    model: models.ImageClassifier, x: torch.Tensor, classes: tuple[int, ...], precision: Precision, masks: int
) -> np.ndarray:
    *_, last = stream_classes("rise", model, x, classes, precision=precision, params={"n_masks": masks})
    return last.result.values


if __name__ == "__main__":
    main()
