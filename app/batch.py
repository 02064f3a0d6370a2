"""`python -m app batch FOLDER --out DIR`: every picture or text of a folder explained, and one table of them all."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch

import models
from app.explain import parameter
from app.export.table import row_of
from app.failures import RequestError
from app.jobs.fitting import refuse_impossible
from app.jobs.look import refuse_other_kind, resolve
from app.jobs.question import Question
from app.jobs.row import Row
from app.jobs.series import Item, Series
from app.sets.gathering import is_junk
from app.settings import Settings
from explainers import method_fit
from explainers.types import Classifier, Kind

MOST_WORKERS = 256
SUMMARY = "summary.csv"
INTERRUPTED = 130  # what shells say of a process that was interrupted


def explain_folder(settings: Settings, options: argparse.Namespace) -> int:
    """0; 1 when some could not be explained. Raises what a user can mend, before anything is written."""
    torch.set_num_threads(settings.threads)
    if not 1 <= options.workers <= MOST_WORKERS:
        raise RequestError(f"workers must lie in [1, {MOST_WORKERS}]; got {options.workers}")
    source, out = Path(options.folder), Path(options.out)
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise RequestError(f"out must not lie in the folder that is explained; got {options.out!r:.100}")
    kind, items = _items(source)
    asked: dict[str, Any] = {
        "model": options.model or settings.usual_model(kind),
        "method": options.method,
        "params": dict(parameter(text) for text in options.param),
        "output": options.output,
        "seed": options.seed,
        "target": options.target,
    }
    question = Question(kind=kind, **asked)
    model = models.load(asked["model"], settings.models, settings.allow_pth)
    refuse_other_kind(model, kind)
    refuse_impossible(question.method, (method_fit(model, question.method).as_dict(),))
    if question.target is not None:
        resolve(question.target, model.labels, ())
    (out / "maps").mkdir(parents=True, exist_ok=True)
    series = Series(kind=kind, question=asked, out=(out / "maps").resolve(), settings=settings)
    try:
        failed = _written(out / SUMMARY, _rows(series, model, items, options.workers))
    except KeyboardInterrupt:
        print("Interrupted. What is done is kept: the same command goes on from there.", file=sys.stderr)
        return INTERRUPTED
    print(json.dumps({"files": len(items), "failed": failed, "summary": str(out / SUMMARY)}))
    return 1 if failed else 0


def _items(source: Path) -> tuple[Kind, list[Item]]:
    """The files of a folder and of its folders, by name; texts where all end in .txt. Of one file, its lines."""
    if source.is_file():
        if source.suffix.lower() != ".txt":
            raise RequestError(
                f"folder must be a folder, or a .txt file with a text on each line; got {source.name!r:.100}"
            )
        lines = source.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        items = [
            Item(f"{source.name}:{n}", str(source.resolve()), n) for n, line in enumerate(lines, 1) if line.strip()
        ]
    else:
        if not source.is_dir():
            raise RequestError(f"folder must be a folder that is there; got {str(source)!r:.100}")
        within = [(path, path.relative_to(source)) for path in sorted(source.rglob("*")) if path.is_file()]
        items = [
            Item(name.as_posix(), str(path.resolve()))
            for path, name in within
            if not any(is_junk(part) for part in name.parts)
        ]
    if not items:
        raise RequestError(f"folder must have something in it; {str(source)!r:.100} has nothing")
    return ("text" if all(item.path.lower().endswith(".txt") for item in items) else "image"), items


def _rows(series: Series, model: Classifier, items: Sequence[Item], workers: int) -> Iterator[Row]:
    if workers == 1:
        yield from (series.explain(model, item) for item in items)
        return
    from app.jobs.batch import spread  # ray takes seconds to import

    yield from spread(series, model.card.name, items, workers)


def _written(path: Path, rows: Iterator[Row]) -> int:
    """Row by row, so that it can be read at any time. How many of them are errors."""
    failed = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark tells spreadsheets the alphabet
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([field.name for field in fields(Row)])
        for row in rows:
            writer.writerow(row_of(asdict(row).values()))
            file.flush()
            failed += bool(row.error)
    return failed
