"""The first look: what the model answers on the unmasked input. It settles the classes and precision of a job."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from app import uploads
from app.failures import RequestError
from app.jobs.question import Question
from app.jobs.spec import JobSpec, Precision
from explainers import registry, scoring
from explainers.text.board import divided
from explainers.text.units import Unit
from explainers.types import Classifier, Kind, Passage, Prepared

CLASSES = 20  # read from the same forwards, so that another class costs nothing
LONG = 120  # words, beyond which a text is explained by sentence unless its units were chosen
INPUTS: Mapping[Kind, str] = {"image": "a picture", "text": "a text"}


@dataclass(frozen=True, kw_only=True)
class Look:
    """The answer: the model's card, probabilities of the classes read, and the input: as PNG what the model sees.

    `rivals` are (class, label, probability) of the likeliest classes, read or not, and of `against`: what one may ask
    "and why not that?" about. Of a text, `input` is its UTF-8; the map will be `by` the `words`, (text, start, end)
    each, and the model does not read the last `cut` characters.
    """

    card: dict[str, Any]
    classes: tuple[int, ...]
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    target: int
    against: int | None
    rivals: tuple[tuple[int, str, float], ...]
    precision: Precision
    input: bytes
    by: Unit | None = None
    words: tuple[tuple[str, int, int], ...] = ()
    cut: int = 0

    def as_dict(self) -> dict[str, Any]:
        """All but the input, as JSON."""
        values = asdict(self)
        del values["input"]
        return values


def look(model: Classifier, data: bytes, question: Question) -> Look:
    """One forward of the input, and a few masked ones where bfloat16 has to be checked. Raises RequestError.

    The classes are the likeliest, likeliest first, and those asked for.
    """
    x = read(model, question.kind, data)
    if not isinstance(x, Tensor) and x.unknown:
        raise RequestError(f"{model.card.name} knows no word of this text, so that it has nothing to decide by")
    grid = scoring.grid_of(x)[None]
    probabilities = scoring.ModelScore(model, range(len(model.labels)), "probability").exact(grid)[0].tolist()
    target = resolve(question.target, model.labels, probabilities)
    against = None if question.against is None else resolve(question.against, model.labels, probabilities, "against")
    if against == target:
        raise RequestError(f"against must be another class than the target; got {model.labels[target]!r:.100} twice")
    classes: tuple[int, ...] = (target,)
    precision: Precision = "float32"
    ranked = sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True)
    rivals = dict.fromkeys([*ranked[:CLASSES], *([] if against is None else [against])])
    if registry.method(question.method, question.kind).needs == "scores":
        # a class has no margin over itself
        classes = tuple(dict.fromkeys(k for k in (*ranked[:CLASSES], target) if k != against))
        precision = scoring.resolve_precision(model, x, classes, question.output)
    by = None if isinstance(x, Tensor) else unit(question.params.get("by"), x)
    words = () if isinstance(x, Tensor) or by is None else divided(x, by).words
    return Look(
        card=asdict(model.card),
        classes=classes,
        labels=tuple(model.labels[k] for k in classes),
        probabilities=tuple(probabilities[k] for k in classes),
        target=target,
        against=against,
        rivals=tuple((k, model.labels[k], probabilities[k]) for k in rivals),
        precision=precision,
        input=_png(x) if isinstance(x, Tensor) else data,
        by=by,
        words=tuple((word.text, word.start, word.end) for word in words),
        cut=0 if isinstance(x, Tensor) else x.cut,
    )


def named(look: Mapping[str, Any]) -> tuple[int, ...]:
    """Every class that a stored look names: those read, and their rivals."""
    return tuple(dict.fromkeys([*look["classes"], *(k for k, _, _ in look.get("rivals", ()))]))


def read(model: Classifier, kind: Kind, data: bytes) -> Prepared:
    """The input as the model takes it. Raises RequestError where it takes another kind, or nothing of this text."""
    refuse_other_kind(model, kind)
    try:
        return model.prepare(uploads.content(kind, data))
    except ValueError as error:
        raise RequestError(str(error)) from error


def refuse_other_kind(model: Classifier, kind: Kind) -> None:
    if model.card.kind != kind:
        raise RequestError(
            f"{model.card.name} classifies {model.card.kind}s; ask it about {INPUTS[model.card.kind]}, "
            f"and choose another model for {INPUTS[kind]}"
        )


def refuse_changed(model: Classifier, digest: str | None) -> None:
    if model.card.digest != digest:
        raise RequestError(f"The weights of {model.card.name} have changed since this was asked; ask again.")


def unit(chosen: Unit | None, x: Passage) -> Unit:
    """Long texts by sentence first, where they have several."""
    if chosen is not None:
        return chosen
    long = len(divided(x, "word").words) > LONG and len(divided(x, "sentence").words) > 1
    return "sentence" if long else "word"


def specify(question: Question, asset: str, answer: Look) -> JobSpec:
    """The job that answers the question, with parameters completed by their defaults. Raises ValueError."""
    method = registry.method(question.method, question.kind)
    params = dict(question.params) if answer.by is None else {**question.params, "by": answer.by}
    return JobSpec(
        asset=asset,
        model=answer.card["name"],
        digest=answer.card["digest"],
        method=method.name,
        revision=method.revision,
        params=registry.build(method.name, params, method.kind).as_dict(),
        output=question.output,
        seed=question.seed,
        precision=answer.precision,
        classes=answer.classes,
        against=answer.against,
        kind=method.kind,
    )


def resolve(
    target: int | str | None, labels: Sequence[str], probabilities: Sequence[float], field: str = "target"
) -> int:
    """A class by index or label; the likeliest when none is named. Raises RequestError naming the field."""
    if target is None:
        return max(range(len(labels)), key=probabilities.__getitem__)
    if isinstance(target, str):
        if target in labels:
            return labels.index(target)
        if not target.isdecimal() or len(target) > 9:
            raise RequestError(f"{field} must be a class label or index of this model; got {target!r:.100}")
        target = int(target)
    if not 0 <= target < len(labels):
        raise RequestError(f"{field} must lie in [0, {len(labels) - 1}]; got {target}")
    return target


def _png(x: torch.Tensor) -> bytes:
    pixels = (x * 255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
