"""How often the trust panel fails explainers that are broken, and how often sound ones:

python -m benchmarks.trust --data FOLDER. The folder holds photographs; every fifth is explained for its highest class.
Rows that do not depend on the map are scored once per picture, and the two faults made of RISE use its forwards.
Reports are kept in `--cache` picture by picture, so a run can be stopped and taken up again, or split by `--part`;
`--limit 0` writes what there is. Where the lines lie was chosen on other pictures of the same folder.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

import models
from benchmarks.broken import faults
from benchmarks.record import write
from explainers import (
    Attribution,
    Attributions,
    Classifier,
    Precision,
    TrustReport,
    explain,
    list_methods,
    stream_trust,
)
from explainers.metrics.ground import Ground, survey
from explainers.metrics.panel import Explain
from explainers.metrics.setting import PictureSetting
from explainers.registry import build
from explainers.scoring import ModelScore, resolve_precision, top_classes

EVERY, OFFSET = 5, 2  # photographs
PARAMETERS: dict[str, dict[str, object]] = {"sobol": {"n": 8, "cells": 6}}  # its default takes a minute a picture
FAULTS = ("random", "edges", "centre", "flipped", "wrong class")
TOP = 5  # the wrong class is not among these


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--methods", nargs="+", default=[method.name for method in list_methods("image")])
    parser.add_argument("--limit", type=int, help="only so many pictures")
    parser.add_argument("--part", type=int, nargs=2, default=(0, 1), metavar=("K", "N"), help="pictures K, K + N, …")
    parser.add_argument("--cache", type=Path, default=Path("data/trust"))
    args = parser.parse_args()
    model = models.load(args.model)
    args.cache.mkdir(parents=True, exist_ok=True)
    pictures = sorted(args.data.glob("*.jpg"))[OFFSET::EVERY][: args.limit]
    for picture in pictures[args.part[0] :: args.part[1]]:
        kept = args.cache / f"{model.card.name}-{picture.stem}.json"
        known = json.loads(kept.read_text()) if kept.exists() else {}
        missing = [name for name in (*FAULTS, *args.methods) if name not in known]
        if missing:
            known |= judged(model, picture, missing)
            kept.write_text(json.dumps(known, indent=1))
        print(picture.stem, {name: TrustReport.from_dict(report).verdict for name, report in known.items()}, flush=True)
    found = [json.loads(path.read_text()) for path in sorted(args.cache.glob(f"{model.card.name}-*.json"))]
    write("trust", {"model": args.model, "parameters": PARAMETERS, **summary(found, (*FAULTS, *args.methods))})


def summary(found: Sequence[Mapping[str, Mapping[str, object]]], names: Sequence[str]) -> dict[str, object]:
    """By explainer: over how many pictures, the share of each verdict, and of them each check's failures."""
    table = {}
    for name in names:
        reports = [TrustReport.from_dict(each[name]) for each in found if name in each]
        if reports:
            table[name] = {
                "pictures": len(reports),
                "fails": share([report.verdict == "fails" for report in reports]),
                "mixed": share([report.verdict == "mixed" for report in reports]),
                "holds up": share([report.verdict == "holds up" for report in reports]),
                "failed checks": {
                    check.name: share([report.check(check.name).status == "failed" for report in reports])
                    for check in reports[0].checks
                },
            }
    return {"broken": {n: table[n] for n in FAULTS}, "sound": {n: table[n] for n in table if n not in FAULTS}}


def share(hits: Sequence[bool]) -> float:
    return round(sum(hits) / len(hits), 3)


def judged(model: models.ImageClassifier, picture: Path, names: Sequence[str]) -> dict[str, dict[str, object]]:
    x = model.prepare(Image.open(picture))
    ranking = top_classes(model, x, len(model.labels))
    target = ranking[0]
    precision = resolve_precision(model, x, (target,))
    *_, last = survey(model, PictureSetting(x, "mean"), target, "logit", None, precision, 0)
    lottery = torch.Generator().manual_seed(sum(picture.stem.encode()))
    wrong = ranking[TOP + int(torch.randint(len(ranking) - TOP, (), generator=lottery))]
    full, reduced = (
        Shared(n, precision, (target, wrong)) for n in (build("rise").n_masks, build("rise").reduced().n_masks)
    )
    made, again = faults(full, wrong), faults(reduced, wrong)
    reports = {}
    for name in names:
        if name in FAULTS:
            reports[name] = report(model, x, made[name](model, x, target, 0), again[name], last.result)
        elif name == "rise":
            a = full(model, x, 0).of(target)
            reports[name] = report(model, x, a, lambda m, y, t, s: reduced(m, y, s).of(t), last.result)
        else:
            a = explain(name, model, x, target, **PARAMETERS.get(name, {}))  # type: ignore[arg-type]
            reports[name] = report(model, x, a, None, last.result)
    return reports


def report(
    model: Classifier, x: Tensor, a: Attribution, explain: Explain | None, ground: Ground | None
) -> dict[str, object]:
    *_, last = stream_trust(model, x, a, explain, 0, ground)
    return last.result.as_dict()


class Shared:
    """RISE for both classes at once, each input scored once for whoever asks."""

    def __init__(self, n_masks: int, precision: Precision, classes: Sequence[int]) -> None:
        self.method = build("rise", {"n_masks": n_masks})
        self.precision, self.classes = precision, classes
        self.known: dict[tuple[bytes, bytes, int], Attributions] = {}

    def __call__(self, model: Classifier, x: Tensor, seed: int) -> Attributions:
        weights = next(model.module.parameters()).detach().numpy().tobytes()
        key = (x.numpy().tobytes(), weights, seed)
        if key not in self.known:
            score = ModelScore(model, self.classes, precision=self.precision)
            *_, last = self.method.explain(score, x, torch.Generator().manual_seed(seed))
            # as `explain` says it, which has one class scored at a time
            made = {"method": "rise", "params": self.method.as_dict(), "seed": seed}
            self.known[key] = last.result.with_meta(made)
        return self.known[key]


if __name__ == "__main__":
    main()
