"""An explanation as the API tells it and the page draws it: one reading of the run, so that its parts agree."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from app.jobs.look import named
from app.jobs.spec import ConceptSpec
from app.service import Service
from app.storage.explanations import Explanation
from app.storage.heads import OwnedHead
from app.storage.runs import Run
from models.card import Kind


def describe(desk: Service, explanation: Explanation) -> dict[str, Any]:
    """All that a client needs to draw it. Blob addresses are relative to the API's root."""
    run = desk.run(explanation)
    here = f"explanations/{explanation.id}"
    parts = (run.result or {}).get("blobs", {})
    return {
        "id": explanation.id,
        "asset": explanation.asset,
        "kind": run.spec.kind,
        "key": run.key,
        "spec": run.spec.as_dict(),
        "look": run.look,
        "view": explanation.view,
        "input": f"{here}/blobs/{run.input}",
        "result": None if run.result is None else {k: v for k, v in run.result.items() if k != "blobs"},
        "maps": {target: f"{here}/blobs/{sha256}" for target, sha256 in parts.items()},
        "progress": progress(desk, run),
    }


def labels(look: dict[str, Any]) -> dict[int, str]:
    """Of every class that the first look named: those read, and their rivals."""
    named = {k: label for k, label, _ in look.get("rivals", ())}  # runs stored by an earlier version have none
    return named | dict(zip(look["classes"], look["labels"], strict=True))


def names(desk: Service, owner: str, kind: Kind) -> dict[str, str]:
    """What the user's classifiers of this kind are called, by model; of several with one name each has its id besides.

    All are of texts: where a picture is explained none is read.
    """
    own = desk.heads(owner) if kind == "text" else []
    called = [head.name for head in own]
    return {head.model: f"{head.name} ({head.id[:6]})" if called.count(head.name) > 1 else head.name for head in own}


def rival(shown: dict[str, Any]) -> str | None:
    """The class over which the margin is explained, by its label."""
    against = shown["spec"].get("against")
    return None if against is None else labels(shown["look"]).get(against, f"class {against}")


def edited(desk: Service, owner: str, id: str, off: Iterable[int], replace: Mapping[int, str]) -> dict[str, Any]:
    """The classes of an edited text beside those of the text as it was, likeliest first, and those asked for."""
    look = desk.run(desk.explanation(owner, id)).look
    found = desk.probe(owner, id, off, replace)
    return {
        **unedited(look),
        "probabilities": found.probabilities,
        "band": {"low": found.low, "high": found.high, "sets": found.sets},
        "text": found.text,
    }


def unedited(look: dict[str, Any]) -> dict[str, Any]:
    """The classes that a look names, and what the model answered before anything was edited."""
    classes, called = named(look), labels(look)
    before = probabilities(look)
    return {"classes": classes, "labels": [called[k] for k in classes], "before": [before[k] for k in classes]}


def probabilities(look: Mapping[str, Any]) -> dict[int, float]:
    """What the model answered, of every class that a look names."""
    rivals: dict[int, float] = {k: chance for k, _, chance in look.get("rivals", ())}
    return rivals | dict(zip(look["classes"], look["probabilities"], strict=True))


def head(own: OwnedHead) -> dict[str, Any]:
    """A user's classifier. Of one made by prompts, nothing was held out: what a fit reports is None."""
    made = own.definition
    return {
        "id": own.id,
        "model": own.model,
        "name": own.name,
        "base": made.base,
        "labels": made.labels,
        "prompts": made.prompts,
        "accuracy": made.accuracy,
        "confusion": made.confusion,
        "rows": made.rows,
        "cut": made.cut,
        "created": own.created,
    }


def judged(desk: Service, run: Run[Any]) -> dict[str, Any]:
    """A judgement as far as it has come. `report` is None until there is a first check."""
    report = run.result
    if report is None and (so_far := desk.store.runs.preview(run.key)) is not None:
        report = json.loads(so_far)
    return {"target": run.spec.target, "report": report, "progress": progress(desk, run)}


def progress(desk: Service, run: Run[Any]) -> dict[str, Any]:
    """State, counts, when it was last asked for, seconds so far and to come, place in the queue, the preview's version.

    Of concepts the stage besides.
    """
    ended = run.finished or time.time()
    seconds = ended - run.started if run.started else 0.0
    left = seconds * (run.total - run.done) / run.done if run.state == "running" and run.done else None
    told = {
        "state": run.state,
        "done": run.done,
        "total": run.total,
        "asked": run.submitted,
        "seconds": round(seconds, 2),
        "seconds_left": None if left is None else round(left, 1),
        "position": desk.position(run),
        "preview": run.preview,
        "error": run.error,
    }
    return told | {"stage": _stage(desk, run)} if isinstance(run.spec, ConceptSpec) else told


def _stage(desk: Service, run: Run[ConceptSpec]) -> str | None:
    """What is being done, as a fragment of a sentence."""
    so_far = desk.store.runs.preview(run.key)
    stage: str | None = None if so_far is None else json.loads(so_far)["stage"]
    return stage
