"""One run of a method on one input: builds the score, runs the method, writes down what was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from explainers.registry import Method, build
from explainers.registry import method as find
from explainers.scoring import FLAT, ModelScore, precision_gap, resolve_precision, top_classes
from explainers.types import (
    Attribution,
    Attributions,
    Classifier,
    Explainer,
    InputError,
    Output,
    Precision,
    Progress,
)

NOT_FINITE = "{method} met scores that are not finite: the model answers NaN or infinity to a changed picture"
CLASSES = 20  # scored together when a method needs scores only


def explain(
    method: str,
    model: Classifier,
    x: Any,
    target: int | None = None,
    seed: int = 0,
    output: Output = "logit",
    against: int | None = None,
    **params: object,
) -> Attribution:
    """The attribution of `target` (None: the class of highest score), blocking.

    `x` is whatever `model.prepare` takes; with `against`, the margin over that class is explained; `params` are the
    method's own fields. Raises ValueError in one sentence.
    """
    *_, last = stream(method, model, x, target, seed, output, against, **params)
    return last.result


def stream(
    method: str,
    model: Classifier,
    x: Any,
    target: int | None = None,
    seed: int = 0,
    output: Output = "logit",
    against: int | None = None,
    **params: object,
) -> Iterator[Progress[Attribution]]:
    """The same, with a result after every batch."""
    _chosen(method, model, params)  # what is wrong is told before anything is computed
    x = model.prepare(x)
    if target is None:
        (target,) = top_classes(model, x, 1)
    for step in stream_classes(method, model, x, (target,), seed, output, against=against, params=params):
        yield Progress(step.done, step.total, step.result.of(target))


def stream_classes(
    method: str,
    model: Classifier,
    x: Any,
    classes: Sequence[int] | None = None,
    seed: int = 0,
    output: Output = "logit",
    precision: Precision | None = None,
    batch_size: int | None = None,
    against: int | None = None,
    params: Mapping[str, object] | None = None,
) -> Iterator[Progress[Attributions]]:
    """Several classes from the same forwards, what a job runs.

    None stands for: the `CLASSES` highest (only the highest where gradients are needed), the precision that pays and
    agrees, the largest batch that fits. Raises ValueError in one sentence, InputError for what only running can tell.
    """
    chosen, explainer = _chosen(method, model, params)
    x = model.prepare(x)
    if classes is None:
        classes = top_classes(model, x, CLASSES if chosen.needs == "scores" else 1)
    if precision is None:
        precision = resolve_precision(model, x, classes, output) if chosen.needs == "scores" else "float32"
    score = ModelScore(model, classes, output, precision, batch_size, against)
    gap = precision_gap(score, x) if precision == "bfloat16" else None
    for step in explainer.explain(score, x, torch.Generator().manual_seed(seed)):
        if step.done == step.total:
            _sound(method, step.result)
            if chosen.needs == "gradients" and score.flat:
                raise InputError(f"{method} has nothing to show here: {FLAT}")
        result = step.result if gap is None else widened(step.result, gap[0] / gap[1] if gap[1] else 0.0)
        meta = describe(chosen, explainer, model, score, seed, None if gap is None else gap[0])
        yield Progress(step.done, step.total, result.with_meta(meta))


def _chosen(method: str, model: Classifier, params: Mapping[str, object] | None) -> tuple[Method, Explainer]:
    return find(method, model.card.kind), build(method, params, model.card.kind)


def _sound(method: str, result: Attributions) -> None:
    """A preview may have gaps; a result may not."""
    if not all(np.isfinite(part).all() for part in (result.values, result.scores, result.deltas or 0)):
        raise InputError(NOT_FINITE.format(method=method))


def widened(result: Attributions, relative: float) -> Attributions:
    """The standard error with the rounding of bf16 in it.

    Noise that differs from row to row is in the spread of the rows already. What follows the masks is not: it may be as
    large as the rms difference is against the rows' spread, so that share of each map's rms is added in quadrature.
    """
    shape = (-1, *[1] * (result.values.ndim - 1))
    power = np.square(result.values).mean(axis=tuple(range(1, result.values.ndim))).reshape(shape)
    stderr = np.zeros_like(result.values) if result.stderr is None else result.stderr
    return replace(result, stderr=np.sqrt(stderr**2 + relative**2 * power).astype(np.float32))


def describe(
    method: Method, explainer: Explainer, model: Classifier, score: ModelScore, seed: int, gap: float | None
) -> dict[str, object]:
    """All that is needed to make the result again, JSON-able."""
    return {
        "method": method.name,
        "revision": method.revision,
        "params": explainer.as_dict(),
        "unit": explainer.unit.format(score=score.output),
        "seed": seed,
        "output": score.output,
        "against": score.against,
        "precision": score.precision,
        "precision_rms": gap,
        "forwards": score.forwards,
        "digest": model.card.digest,
        "versions": {"torch": torch.__version__, "numpy": np.__version__},
    }
