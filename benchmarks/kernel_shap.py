"""KernelSHAP's error against forwards and seconds: ours beside captum's and shap's, on the top class's logit.

Every set of `--rows` × `--cols` regions is scored once for each image and kept in `--cache`, so a run can be stopped
and taken up again. Shapley values of that game are exact, and all three estimators draw from it with the same budgets:
what differs is the estimator alone. Seconds are forwards times the measured seconds per row, one at a time in float32
as captum does by default, or 32 at a time in float32 or in the precision that this machine gains from, plus the
estimator's own; one whole run of each on the model shows that they add up. What bf16 does to the values, where it is
used, is their change over the same rows in both precisions.

python -m benchmarks.kernel_shap [--photographs FOLDER], of which as many are taken as make ten with the examples.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import captum.attr
import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

import models
from app.examples import EXAMPLES
from benchmarks.record import write
from explainers import shapley_values, stream_classes
from explainers.masking import Cells, MaskedScore, on
from explainers.methods.exact_shapley import SizeMeans, everything
from explainers.scoring import ModelScore, resolve_precision, top_classes
from explainers.shapley import KernelRegression, drawn
from explainers.types import Precision

with warnings.catch_warnings():
    warnings.simplefilter("ignore", PendingDeprecationWarning)  # it colours its plots by an old way of matplotlib
    import shap

COUNTS = (26, 50, 100, 150, 200, 250, 300, 350, 400, 500, 600, 800, 1000, 1200, 1400, 1600, 1800)
PICTURES = 10
GOAL = 0.1  # error in root mean squares of the values
CHUNK = 512  # rows between two saves
BATCH = 32
ROUNDS = 8

Game = Callable[[Tensor], Tensor]
Estimator = Callable[[Game, int, int, int], Tensor]  # game, d, n, seed → values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--photographs", type=Path, help="folder; without it the built-in examples are all")
    parser.add_argument("--rows", type=int, default=3)
    parser.add_argument("--cols", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--side", type=int, help="input side in pixels, smaller than the model's own to save time")
    parser.add_argument("--cache", type=Path, default=Path("data/kernel_shap"))
    args = parser.parse_args()
    model = models.load(args.model)
    if args.side:
        scale = args.side / model.card.size[0]
        resize = (round(model.card.resize[0] * scale), round(model.card.resize[1] * scale))
        model = replace(model, card=replace(model.card, size=(args.side, args.side), resize=resize))
    d = args.rows * args.cols
    pictures = {name: model.prepare(Image.open(BytesIO(file.read()))) for name, file in EXAMPLES.items()}
    if args.photographs:
        there = sorted(args.photographs.glob("*.jpg"))
        wanted = PICTURES - len(pictures)
        pictures |= {
            path.stem: model.prepare(Image.open(path)) for path in there[:: max(1, len(there) // wanted)][:wanted]
        }
    first = next(iter(pictures.values()))
    precision = resolve_precision(model, first, top_classes(model, first, 1))
    kept = f"{args.model}-{model.card.size[0]}-{d}-{precision}"
    tables = {name: table(model, x, args, precision, args.cache / f"{kept}-{name}.pt") for name, x in pictures.items()}
    per_row = seconds_per_row(model, first, precision)
    one, batched, *faster = per_row.values()
    chosen = faster[0] if faster else batched
    curves = {name: curve(estimator, tables, d, args.seeds) for name, estimator in ESTIMATORS.items()}
    default = {"ours": chosen, "captum": one, "shap": batched, "shap, all features": batched}
    needed = {
        name: next((int(n) for n, at in curve.items() if at["error"] <= GOAL), None) for name, curve in curves.items()
    }
    write(
        "kernel_shap",
        {
            "model": args.model,
            "input": list(model.card.size),
            "regions": d,
            "images": list(pictures),
            "seeds": args.seeds,
            "seconds per row": per_row,
            "from batching": one / batched,
            "precision": precision,
            "from precision": batched / chosen,
            "what precision changes, in rms of the values": {
                name: rounding(model, x, args, tables[name]) for name, x in pictures.items() if faster
            },
            "at defaults": {
                "captum, 25 samples, one at a time, float32": point(curves["captum"], "25", one),
                f"shap, {2 * d + 2048} samples, ten features": point(curves["shap"], str(2 * d + 2048), batched),
                f"ours, 1024 forwards, {precision}": point(curves["ours"], "1024", chosen),
            },
            f"forwards to an error of {GOAL}": needed,
            f"seconds to an error of {GOAL}": {
                name: n and {"at its defaults": n * default[name], f"all in {precision} at 32": n * chosen}
                for name, n in needed.items()
            },
            "whole runs of 200": whole_runs(model, first, args),
            "error in rms of the values by forwards, and the estimator's own seconds": curves,
        },
    )


def played(
    model: models.ImageClassifier, x: Float[Tensor, "c h w"], args: argparse.Namespace, precision: Precision, batch: int
) -> MaskedScore:
    score = ModelScore(model, top_classes(model, x, 1), precision=precision, batch_size=batch)
    return on(score, x, "mean", Cells(args.rows, args.cols, (x.shape[-2], x.shape[-1])))


def table(
    model: models.ImageClassifier,
    x: Float[Tensor, "c h w"],
    args: argparse.Namespace,
    precision: Precision,
    path: Path,
) -> Float[Tensor, " sets"]:
    """v of every set, bit j of the row's number being player j."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = torch.load(path, weights_only=True) if path.exists() else torch.zeros(0)
    value, rows = played(model, x, args, precision, BATCH), everything(args.rows * args.cols)
    while len(known) < len(rows):
        known = torch.cat([known, value(rows[len(known) : len(known) + CHUNK])[:, 0].cpu()])
        torch.save(known, path)
        print(f"{path.stem}: {len(known)} of {len(rows)}", flush=True)
    return known


def looked_up(known: Float[Tensor, " sets"], d: int) -> Game:
    return lambda z: known[(z.long() << torch.arange(d)).sum(1)]


def ours(game: Game, d: int, n: int, seed: int) -> Tensor:
    return shapley_values(game, d, n, seed).values


def of_captum(game: Game, d: int, n: int, seed: int) -> Tensor:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        peer = captum.attr.KernelShap(game)
        values: Tensor = peer.attribute(torch.ones(1, d), 0.0, n_samples=n, perturbations_per_eval=n)[0]
        return values


def of_shap(game: Game, d: int, n: int, seed: int, **options: object) -> Tensor:
    np.random.seed(seed)  # noqa: NPY002 - it draws from here
    explainer = shap.KernelExplainer(lambda z: game(torch.from_numpy(z)).numpy(), np.zeros((1, d)))
    values: Tensor = torch.from_numpy(explainer.shap_values(np.ones(d), nsamples=n, silent=True, **options))
    return values


ESTIMATORS: dict[str, Estimator] = {
    "ours": ours,
    "captum": of_captum,
    "shap": of_shap,
    "shap, all features": lambda *given: of_shap(*given, l1_reg=False),
}


def curve(estimator: Estimator, tables: dict[str, Tensor], d: int, seeds: int) -> dict[str, dict[str, float]]:
    """By forwards: median over images and seeds of the error, and of the estimator's own seconds."""
    found: dict[str, dict[str, float]] = {}
    for n in sorted({*COUNTS, 25, 1024, 2 * d + 2048}):
        if estimator is ours and n < 2 * d + 2:
            continue  # refused
        errors, seconds = [], []
        for known in tables.values():
            game, truth = looked_up(known, d), exact(known, d)
            for seed in range(seeds):
                start = time.perf_counter()
                values = estimator(game, d, n, seed)
                seconds.append(time.perf_counter() - start)
                errors.append(((values - truth).square().mean() / truth.square().mean()).sqrt().item())
        found[str(n)] = {"error": statistics.median(errors), "worst": max(errors), "own": statistics.median(seconds)}
    return found


def exact(known: Float[Tensor, " sets"], d: int) -> Float[Tensor, " d"]:
    means = SizeMeans(d, 1)
    means.add(everything(d).double(), known[:, None].double())
    return means.shapley()[:, 0]


def rounding(
    model: models.ImageClassifier, x: Float[Tensor, "c h w"], args: argparse.Namespace, known: Float[Tensor, " sets"]
) -> float:
    """Values are linear in the scores: those of the difference between the precisions, from the same 128 rows."""
    d = args.rows * args.cols
    design = drawn(d, 130, torch.Generator().manual_seed(0))
    rows = torch.cat([torch.tensor([[0.0], [1.0]]).expand(2, d), design.rows(slice(0, 2 * len(design.z)))])
    change = (looked_up(known, d)(rows)[:, None] - played(model, x, args, "float32", BATCH)(rows).cpu()).double()
    regression = KernelRegression(design, change[:2])
    regression.add(change[2:])
    return (regression.solve()[0][:, 0].square().mean() / exact(known, d).square().mean()).sqrt().item()


def seconds_per_row(model: models.ImageClassifier, x: Float[Tensor, "c h w"], precision: Precision) -> dict[str, float]:
    """One row at a time in float32, batches in float32, and in the precision where that is another.

    Settings in turn, and of each the least: other work on the machine disturbs some rounds.
    """
    rows = x.expand(BATCH, -1, -1, -1)
    settings: dict[tuple[Precision, int], None] = dict.fromkeys(
        (("float32", 1), ("float32", BATCH), (precision, BATCH))
    )
    scores = [ModelScore(model, (0,), precision=precision, batch_size=batch) for precision, batch in settings]
    rounds = []
    for _ in range(ROUNDS):
        times = []
        for score in scores:
            start = time.perf_counter()
            score(rows)
            times.append((time.perf_counter() - start) / BATCH)
        rounds.append(times)
    least = [min(times) for times in zip(*rounds, strict=True)]
    return {f"{batch} at a time, {p}": t for (p, batch), t in zip(settings, least, strict=True)}


def point(curve: dict[str, dict[str, float]], n: str, per_row: float) -> dict[str, float]:
    return {"error": curve[n]["error"], "seconds": int(n) * per_row + curve[n]["own"]}


def whole_runs(model: models.ImageClassifier, x: Float[Tensor, "c h w"], args: argparse.Namespace) -> dict[str, float]:
    """Seconds of each on the model itself, captum and shap as their documentation shows it."""
    value = played(model, x, args, "float32", BATCH)
    (target,), cells = value.score.classes, Cells(args.rows, args.cols, (x.shape[-2], x.shape[-1])).cell

    def logit(rows: Tensor) -> Tensor:
        with torch.inference_mode():
            scores: Tensor = model.module(rows)[:, target]
            return scores

    def by_captum() -> None:
        captum.attr.KernelShap(logit).attribute(
            x[None], value.nobody[None], feature_mask=cells.repeat(1, 3, 1, 1), n_samples=200
        )

    def by_shap() -> None:
        of_shap(lambda z: value(z.float())[:, 0], args.rows * args.cols, 200, 0)

    def by_us() -> None:
        *_, _last = stream_classes("kernel_shap", model, x, (target,), params={"n": 200, "cells": args.rows})

    seconds = {}
    for name, run in {"ours": by_us, "captum": by_captum, "shap": by_shap}.items():
        start = time.perf_counter()
        run()
        seconds[name] = time.perf_counter() - start
    return seconds


if __name__ == "__main__":
    main()
