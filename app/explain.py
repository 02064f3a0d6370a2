"""`python -m app explain FILE`: one picture, one JSON object, no server and no database."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import models
from app import uploads
from app.failures import RequestError
from app.jobs.fitting import refuse_impossible
from app.jobs.look import look, specify
from app.jobs.question import Question
from app.jobs.run import stream
from app.settings import Settings
from app.views import picture
from explainers import method_fit
from explainers.types import Attribution

SUFFIXES = (".npz", ".png")


def explain_file(settings: Settings, options: argparse.Namespace) -> int:
    """Raises what a user can mend, before anything is written."""
    torch.set_num_threads(settings.threads)
    out = _out(options.out)
    asset = uploads.accept(Path(options.file).read_bytes(), settings.max_upload_bytes, settings.max_upload_pixels)
    question = Question(
        model=options.model,
        method=options.method,
        params=dict(_param(text) for text in options.param),
        output=options.output,
        seed=options.seed,
        target=options.target,
        against=options.against,
    )
    model = models.load(question.model or settings.model, settings.models, settings.allow_pth)
    refuse_impossible(question.method, (method_fit(model, question.method).as_dict(),))
    answer = look(model, asset.png, question)
    spec = specify(question, asset.sha256, answer)
    started = time.monotonic()
    for step in stream(spec, model, asset.png):
        _tell(f"\r{spec.method}: {step.done} of {step.total}")
        result = step.result
    _tell("\r\033[K")
    attribution = result.of(answer.target)
    if out is not None:
        _write(out, attribution, answer.input_png)
    report: dict[str, Any] = {
        "key": spec.key,
        "model": spec.model,
        "method": spec.method,
        "target": attribution.target,
        "label": model.labels[attribution.target],
        "against": None if spec.against is None else model.labels[spec.against],
        "score": attribution.score,
        "output": attribution.output,
        "delta": attribution.delta,
        "forwards": attribution.meta["forwards"],
        "seconds": round(time.monotonic() - started, 3),
    }
    print(json.dumps(report))
    return 0


def _param(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign:
        raise RequestError(f"param must be NAME=VALUE; got {text!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _out(name: str | None) -> Path | None:
    if name is None:
        return None
    path = Path(name)
    if path.suffix not in SUFFIXES:
        raise RequestError(f"out must end in {' or '.join(SUFFIXES)}; got {name!r}")
    return path


def _write(path: Path, attribution: Attribution, input_png: bytes) -> None:
    if path.suffix == ".png":
        path.write_bytes(picture.draw(attribution, np.asarray(uploads.image(input_png))))
        return
    arrays = {"values": attribution.values}
    if attribution.stderr is not None:
        arrays["stderr"] = attribution.stderr
    np.savez(path, allow_pickle=False, **arrays)


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(text, end="", file=sys.stderr)
