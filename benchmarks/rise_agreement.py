"""Forwards that RISE's estimators need for Spearman 0.95 with a reference map, per image, on the top class's logit.

The reference is the centred map of `--reference` masks, and the agreement of its two halves is the ceiling.
Every count in COUNTS up to the reference's is run, none extrapolated: where 0.95 is not reached the result says ">".
Scores are kept in `--cache` as they come, so the run can be stopped and taken up again:
python -m benchmarks.rise_agreement --images coffee chelsea --reference 32000
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import spearmanr
from skimage import data
from torch import Tensor

import models
from benchmarks.record import write
from explainers.designs import bernoulli, mirrored
from explainers.masking import Scored, ShiftedCells, on
from explainers.methods.rise import CentredMap, Estimate, RawMap, units
from explainers.regression import MaskRegression
from explainers.scoring import ModelScore, top_classes

IMAGES = ("coffee", "chelsea", "camera", "astronaut", "rocket", "motorcycle", "horse", "cat", "coins", "page", "clock")
COUNTS = (50, 100, 200, 400, 800, 1600, 3200, 8000, 16000, 32000)
CELLS, P, GOAL = 8, 0.5, 0.95
ESTIMATORS = ("raw", "centred", "regression")
EVERY = 4  # pixels between those compared: maps are smooth, and the ranks of 50,000 are slow
CHUNK = 512  # rows between two saves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--images", nargs="+", default=IMAGES, help="names in skimage.data")
    parser.add_argument("--reference", type=int, default=32000)
    parser.add_argument("--cache", type=Path, default=Path("data/rise_agreement"))
    args = parser.parse_args()
    model = models.load(args.model)
    found = {name: agreement(model, name, args.reference, args.cache) for name in args.images}
    reached = {
        estimator: [result["forwards to 0.95"][estimator] for result in found.values()] for estimator in ESTIMATORS
    }
    write("rise_agreement", {"model": args.model, "reference": args.reference, "images": found, "reached": reached})


def agreement(model: models.ImageClassifier, name: str, reference: int, cache: Path) -> dict[str, dict[str, object]]:
    """Spearman by estimator and count. Masks tried and masks of the reference are different draws."""
    image = getattr(data, name)()
    pixels = image if image.ndim == 3 else np.stack([image] * 3, -1)
    x = model.prepare(pixels[..., :3])
    score = ModelScore(model, top_classes(model, x, 1))
    players = ShiftedCells(CELLS, CELLS, (x.shape[-2], x.shape[-1]))
    sets = {}
    for kind, seed in (("mirrored", 0), ("mirrored", 1), ("independent", 2)):
        rng = torch.Generator().manual_seed(seed)
        z = mirrored(reference, CELLS**2, 2, rng) if kind == "mirrored" else bernoulli(reference, CELLS**2, 2, P, rng)
        sets[seed] = z, scored(score, x, players, z, cache / f"{model.card.name.replace('/', '-')}-{name}-{seed}.pt")
    truth = estimated("centred", players, *sets[0])
    half = reference // 2 // 2 * 2
    halves = [estimated("centred", players, z, f) for z, f in (cut(sets[0], 0, half), cut(sets[0], half, reference))]
    curves: dict[str, dict[str, float]] = {}
    for estimator in ESTIMATORS:
        rows = sets[2 if estimator == "raw" else 1]
        curves[estimator] = {
            str(n): correlation(estimated(estimator, players, *cut(rows, 0, n)), truth)
            for n in COUNTS
            if n <= reference
        }
    return {
        "halves of the reference": {"centred": correlation(*halves)},
        "Spearman": dict(curves),
        "forwards to 0.95": {
            estimator: next((n for n, value in curve.items() if value >= GOAL), f"> {max(map(int, curve))}")
            for estimator, curve in curves.items()
        },
    }


def cut(rows: tuple[Tensor, Tensor], start: int, stop: int) -> tuple[Tensor, Tensor]:
    return rows[0][start:stop], rows[1][start:stop]


def scored(
    score: ModelScore, x: Float[Tensor, "c h w"], players: ShiftedCells, z: Float[Tensor, "n d"], path: Path
) -> Float[Tensor, "n 1"]:
    path.parent.mkdir(parents=True, exist_ok=True)
    known = torch.load(path, weights_only=True) if path.exists() else torch.zeros(0, 1)
    value = on(score, x, "mean", players)
    while len(known) < len(z):
        known = torch.cat([known, value(z[len(known) : len(known) + CHUNK]).cpu()])
        torch.save(known, path)
        print(f"{path.stem}: {len(known)} of {len(z)}", flush=True)
    return known[: len(z)]


def estimated(
    estimator: str, players: ShiftedCells, z: Float[Tensor, "n d"], f: Float[Tensor, "n 1"]
) -> Float[Tensor, "h w"]:
    def stream() -> Iterator[Scored]:
        for start in range(0, len(z), 256):
            part = z[start : start + 256]
            yield Scored(part, players.lift(part), f[start : start + 256])

    estimate: Estimate
    match estimator:
        case "raw":
            estimate = RawMap(P)
        case "centred":
            estimate = CentredMap(players, P)
        case _:
            estimate = MaskRegression(players, P, 1)
    for unit in stream() if estimator == "raw" else units(stream(), paired=True):
        estimate.add(unit)
    return estimate.map()[0][0]


def correlation(a: Float[Tensor, "h w"], b: Float[Tensor, "h w"]) -> float:
    return float(spearmanr(*(part[::EVERY, ::EVERY].flatten().numpy() for part in (a, b))).statistic)


if __name__ == "__main__":
    main()
