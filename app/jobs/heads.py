"""Classifiers of texts that users make: an encoder under their prompts, or under a head fitted to their rows.

A head is called `head/<id>`. Its definition is small and never changes; the encoder is shared by all that stand on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from safetensors.torch import load, save

from app.failures import RequestError
from explainers.types import Classifier
from models import TextClassifier, UnsupportedModelError
from models.text import Head, fit_head

PREFIX = "head/"
MOST_PROMPTS = 2_000  # of all labels; each costs a forward, also whenever the classifier is loaded


@dataclass(frozen=True, kw_only=True)
class Definition:
    """All but the encoder: `prompts`, or `weights` as safetensors with what held-out rows say of them.

    `confusion` has a row for each true label, a column for each answer. Of `cut` rows the encoder did not read the end.
    """

    base: str
    labels: tuple[str, ...]
    digest: str
    prompts: Mapping[str, tuple[str, ...]] | None = None
    weights: bytes | None = None
    accuracy: float | None = None
    confusion: tuple[tuple[int, ...], ...] | None = None
    rows: int | None = None
    cut: int | None = None


def head_id(model: str) -> str | None:
    """Of a model's name; None where it is no head's."""
    return model.removeprefix(PREFIX) if model.startswith(PREFIX) else None


def prompted(base: Classifier, prompts: Mapping[str, Sequence[str]]) -> Definition:
    """Raises RequestError."""
    total = sum(len(texts) for texts in prompts.values())
    if total > MOST_PROMPTS:
        raise RequestError(f"prompts must number at most {MOST_PROMPTS:,} in all; got {total:,}")
    try:
        made = encoder(base).with_labels(prompts)
    except ValueError as error:
        raise RequestError(str(error)) from error
    return Definition(
        base=base.card.name,
        labels=made.labels,
        digest=made.card.digest or "",
        prompts={label: tuple(texts) for label, texts in prompts.items()},
    )


def fitted(base: Classifier, texts: Sequence[str], labels: Sequence[str]) -> Definition:
    """Costs a forward a row. Raises RequestError."""
    try:
        made = fit_head(encoder(base), texts, labels)
    except ValueError as error:
        raise RequestError(str(error)) from error
    return Definition(
        base=base.card.name,
        labels=made.head.labels,
        digest=made.classifier.card.digest or "",
        weights=save({"weight": made.head.weight.contiguous(), "bias": made.head.bias.contiguous()}),
        accuracy=made.accuracy,
        confusion=tuple(map(tuple, made.confusion.tolist())),
        rows=len(texts),
        cut=made.cut,
    )


def classifier(base: Classifier, definition: Definition, name: str) -> TextClassifier:
    """The head on its encoder. Raises UnsupportedModelError where that is not the one that it was made for."""
    if definition.weights is None:
        made = encoder(base).with_labels(definition.prompts or {})
    else:
        made = Head(definition.labels, **load(definition.weights)).on(encoder(base))
        # not so with prompts: their vectors are computed anew, and the last bits of them depend on the machine
        if made.card.digest != definition.digest:
            raise UnsupportedModelError(
                f"{definition.base} has changed since this classifier was fitted to it; fit it again"
            )
    return replace(made, card=replace(made.card, name=name))


def encoder(base: Classifier) -> TextClassifier:
    """Raises RequestError for a model of images, UnsupportedModelError for one of texts that has no encoder."""
    if not isinstance(base, TextClassifier):
        raise RequestError(f"base must be an encoder of texts, such as minilm; {base.card.name} classifies images")
    base.sentences()
    return base
