"""`python -m app explain FILE | --text "…"`: one input, one JSON object, no server and no database."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch

import models
from app import uploads
from app.export.finding import Finding
from app.export.format import Format, written_to
from app.export.formats import FORMATS
from app.failures import RequestError
from app.jobs.fitting import refuse_impossible
from app.jobs.look import INPUTS, look, refuse_other_kind, specify
from app.jobs.question import Question
from app.jobs.run import stream
from app.settings import Settings
from explainers import method_fit
from explainers.types import Kind


def explain_input(settings: Settings, options: argparse.Namespace) -> int:
    """Raises what a user can mend, before anything is written."""
    torch.set_num_threads(settings.threads)
    out = _out(options.out, "image" if options.text is None else "text")
    asset = _accepted(settings, options)
    question = Question(
        kind=asset.kind,
        model=options.model,
        method=options.method,
        params=dict(parameter(text) for text in options.param),
        output=options.output,
        seed=options.seed,
        target=options.target,
        against=options.against,
    )
    model = models.load(question.model or settings.usual_model(asset.kind), settings.models, settings.allow_pth)
    refuse_other_kind(model, asset.kind)
    refuse_impossible(question.method, (method_fit(model, question.method).as_dict(),))
    answer = look(model, asset.data, question)
    spec = specify(question, asset.sha256, answer)
    started = time.monotonic()
    for step in stream(spec, model, asset.data):
        _tell(f"\r{spec.method}: {step.done} of {step.total}")
        result = step.result
    _tell("\r\033[K")
    attribution = result.of(answer.target)
    if out is not None:
        path, format = out
        name = "text" if options.file is None else Path(options.file).name
        path.write_bytes(format.written(Finding.of_answer(name, answer, spec, attribution)))
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
    if asset.kind == "text":
        report |= {"by": answer.by, "cut": answer.cut}
    print(json.dumps(report))
    return 0


def parameter(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign:
        raise RequestError(f"param must be NAME=VALUE; got {text!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _accepted(settings: Settings, options: argparse.Namespace) -> uploads.Asset:
    if options.text is not None:
        return uploads.accept_text(options.text, settings.max_text_chars)
    data = Path(options.file).read_bytes()
    return uploads.accept(data, settings.max_upload_bytes, settings.max_upload_pixels)


def _out(name: str | None, kind: Kind) -> tuple[Path, Format[Finding]] | None:
    return None if name is None else written_to(name, FORMATS[kind], INPUTS[kind])


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(text, end="", file=sys.stderr)
