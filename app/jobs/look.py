"""The first look: what the model answers on the unmasked input. It settles the classes and precision of a job."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from PIL import Image

from app import uploads
from app.failures import RequestError
from app.jobs.question import Question
from app.jobs.spec import JobSpec, Precision
from explainers import registry, scoring
from explainers.types import Classifier

CLASSES = 20  # read from the same forwards, so that another class costs nothing


@dataclass(frozen=True, kw_only=True)
class Look:
    """The answer: the model's card, probabilities of the classes read, and the picture the model really sees.

    `rivals` are (class, label, probability) of the likeliest classes, read or not, and of `against`: what one may ask
    "and why not that?" about.
    """

    card: dict[str, Any]
    classes: tuple[int, ...]
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    target: int
    against: int | None
    rivals: tuple[tuple[int, str, float], ...]
    precision: Precision
    input_png: bytes

    def as_dict(self) -> dict[str, Any]:
        """All but the picture, as JSON."""
        values = asdict(self)
        del values["input_png"]
        return values


def look(model: Classifier, png: bytes, question: Question) -> Look:
    """One forward of the input, and a few masked ones where bfloat16 has to be checked. Raises RequestError.

    The classes are the likeliest, likeliest first, and those asked for.
    """
    x = model.prepare(uploads.image(png))
    probabilities = scoring.ModelScore(model, range(len(model.labels)), "probability").exact(x[None])[0].tolist()
    target = resolve(question.target, model.labels, probabilities)
    against = None if question.against is None else resolve(question.against, model.labels, probabilities, "against")
    if against == target:
        raise RequestError(f"against must be another class than the target; got {model.labels[target]!r:.100} twice")
    classes: tuple[int, ...] = (target,)
    precision: Precision = "float32"
    ranked = sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True)
    rivals = dict.fromkeys([*ranked[:CLASSES], *([] if against is None else [against])])
    if registry.method(question.method).needs == "scores":
        # a class has no margin over itself
        classes = tuple(dict.fromkeys(k for k in (*ranked[:CLASSES], target) if k != against))
        precision = scoring.resolve_precision(model, x, classes, question.output)
    return Look(
        card=asdict(model.card),
        classes=classes,
        labels=tuple(model.labels[k] for k in classes),
        probabilities=tuple(probabilities[k] for k in classes),
        target=target,
        against=against,
        rivals=tuple((k, model.labels[k], probabilities[k]) for k in rivals),
        precision=precision,
        input_png=_png(x),
    )


def specify(question: Question, asset: str, answer: Look) -> JobSpec:
    """The job that answers the question, with parameters completed by their defaults. Raises ValueError."""
    method = registry.method(question.method)
    return JobSpec(
        asset=asset,
        model=answer.card["name"],
        digest=answer.card["digest"],
        method=method.name,
        revision=method.revision,
        params=registry.build(method.name, question.params).as_dict(),
        output=question.output,
        seed=question.seed,
        precision=answer.precision,
        classes=answer.classes,
        against=answer.against,
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
