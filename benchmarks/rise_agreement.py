"""Forwards and seconds that RISE's estimators need for Spearman 0.95 with a reference map, on the top class's logit.

The reference is the centred map of `--reference` masks; the agreement of its two halves is the ceiling. Every count is
run, none extrapolated: where 0.95 is not reached the result says ">". Scores are kept in `--cache` as they come, so a
run can be stopped and taken up again; images finished before stay in the result file:
python -m benchmarks.rise_agreement --images coffee chelsea goldfish.jpg
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import torch
from jaxtyping import Float
from PIL import Image
from scipy.stats import spearmanr
from torch import Tensor

import models
from app.examples import EXAMPLES
from benchmarks import compiled
from benchmarks.record import RESULTS, write
from explainers.designs import bernoulli, mirrored
from explainers.masking import Scored, ShiftedCells, on
from explainers.methods.rise import CentredMap, Estimate, RawMap, units
from explainers.regression import MaskRegression
from explainers.scoring import ModelScore, resolve_precision, top_classes
from explainers.types import Precision

COUNTS = (50, 100, 150, 200, 300, 400, 600, 800, 1200, 1600, 3200, 8000, 16000, 32000)
CELLS, P, GOAL = 8, 0.5, 0.95
ESTIMATORS = ("raw", "centred", "regression")
EVERY = 4  # pixels between those compared: maps are smooth, and the ranks of 50,000 are slow
CHUNK = 512  # rows between two saves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--images", nargs="+", default=tuple(EXAMPLES), help="built-in examples or files")
    parser.add_argument("--reference", type=int, default=32000)
    parser.add_argument("--side", type=int, help="input side in pixels, smaller than the model's own to save hours")
    parser.add_argument(
        "--precision", choices=get_args(Precision), help="for all rows; by default what a job would use"
    )
    parser.add_argument("--cache", type=Path, default=Path("data/rise_agreement"))
    args = parser.parse_args()
    model = compiled.load(args.model)
    if args.side:
        scale = args.side / model.card.size[0]
        resize = (round(model.card.resize[0] * scale), round(model.card.resize[1] * scale))
        model = replace(model, card=replace(model.card, size=(args.side, args.side), resize=resize))
    result = RESULTS / f"rise_agreement_{model.card.size[0]}.json"
    found = json.loads(result.read_text())["images"] if result.exists() else {}
    for name in args.images:
        found[Path(name).stem] = agreement(model, name, args.reference, args.precision, args.cache)
        setting = {"model": args.model, "input": list(model.card.size), "reference": args.reference}
        write(result.stem, {**setting, **summary(found), "images": found})


def fewer(image: dict[str, Any]) -> float:
    """Times fewer forwards by regression than by the published estimator; at least so many where that never came."""
    raw, regression = (image["forwards to 0.95"][e] for e in ("raw", "regression"))
    count = raw if isinstance(raw, int) else int(raw.removeprefix("> "))
    return count / regression if isinstance(regression, int) else 0.0


def summary(found: dict[str, dict[str, Any]]) -> dict[str, object]:
    """Over the images: how often the goal was reached, and with how many forwards."""
    reached = {e: [image["forwards to 0.95"][e] for image in found.values()] for e in ESTIMATORS}
    return {
        "number of images": len(found),
        "reached by": {e: sum(isinstance(n, int) for n in counts) for e, counts in reached.items()},
        "median forwards where reached": {
            e: statistics.median(ns) if (ns := [n for n in counts if isinstance(n, int)]) else None
            for e, counts in reached.items()
        },
        "times fewer forwards than raw, at least": {name: fewer(image) for name, image in found.items()},
        "median times fewer, at least": statistics.median(fewer(image) for image in found.values()),
    }


def agreement(
    model: models.ImageClassifier, name: str, reference: int, precision: Precision | None, cache: Path
) -> dict[str, Any]:
    """Spearman by estimator and count. Masks tried and masks of the reference are different draws."""
    source = Image.open(BytesIO(EXAMPLES[name].read()) if name in EXAMPLES else name)
    x = model.prepare(source)
    top = top_classes(model, x, 1)
    score = ModelScore(model, top, precision=precision or resolve_precision(model, x, top))
    players = ShiftedCells(CELLS, CELLS, (x.shape[-2], x.shape[-1]))
    setting = f"{model.card.name}-{model.card.size[0]}-{score.precision}-{Path(name).stem}"

    def rows(seed: int, n: int, paired: bool) -> tuple[Tensor, Tensor]:
        rng = torch.Generator().manual_seed(seed)
        z = mirrored(reference, CELLS**2, 2, rng) if paired else bernoulli(reference, CELLS**2, 2, P, rng)
        return z[:n], scored(score, x, players, z[:n], cache / f"{setting}-{seed}.pt")

    z, f = rows(0, reference, True)
    truth, half = estimated("centred", players, z, f), reference // 4 * 2
    ceiling = correlation(
        *(estimated("centred", players, z[part], f[part]) for part in (slice(half), slice(half, None)))
    )
    curves: dict[str, dict[str, object]] = {}
    forwards: dict[str, object] = {}
    seconds: dict[str, object] = {}
    for estimator in ESTIMATORS:
        curve: dict[str, object] = {}
        for n in (n for n in COUNTS if n <= reference):
            z, f = rows(2 if estimator == "raw" else 1, n, estimator != "raw")
            started = time.perf_counter()
            curve[str(n)] = reached = correlation(estimated(estimator, players, z, f), truth)
            spent = time.perf_counter() - started
            if reached >= GOAL:
                forwards[estimator], seconds[estimator] = n, round(n * second_per_row(score, x) + spent, 2)
                break
        else:
            forwards[estimator] = f"> {n}"
            seconds[estimator] = f"> {n * second_per_row(score, x) + spent:.2f}"
        curves[estimator] = curve
    return {
        "precision": score.precision,
        "halves of the reference": {"centred": ceiling},
        "Spearman": dict(curves),
        "forwards to 0.95": forwards,
        "seconds to 0.95": seconds,
    }


def second_per_row(score: ModelScore, x: Float[Tensor, "c h w"]) -> float:
    """Of bare forwards, in the same process and moment."""
    batch = x.expand(score.batch_size, -1, -1, -1)
    score(batch)  # where all scores were known the network has not been compiled yet
    started = time.perf_counter()
    for _ in range(4):
        score(batch)
    return (time.perf_counter() - started) / (4 * len(batch))


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
    return round(float(spearmanr(*(part[::EVERY, ::EVERY].flatten().numpy() for part in (a, b))).statistic), 4)


if __name__ == "__main__":
    main()
