"""One job from spec to stored result. Called inline by tests and the command line, by the pool in production."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from app import failures, uploads
from app.jobs import concepts
from app.jobs.activations import ActivationCache
from app.jobs.look import refuse_changed
from app.jobs.shelf import Shelf
from app.jobs.spec import ConceptSpec, JobSpec, Spec, TrustSpec
from app.storage import codec
from app.storage.database import patiently
from app.storage.store import Store
from app.unavailable import UnavailableError
from explainers import TrustReport, stream_classes, stream_trust
from explainers.types import Attributions, Classifier, Progress

SECONDS_BETWEEN_REPORTS = 0.5

P = ParamSpec("P")
R = TypeVar("R")


def execute(store: Store, shelf: Shelf, key: str, cache: ActivationCache | None = None) -> None:
    """Compute and store, or record why not. Returns early, storing nothing, once the run is no longer wanted.

    `cache` is what layers said of pictures in earlier runs.
    """
    with ThreadPoolExecutor(1) as writer:
        attempt = _whole(writer, store.runs.claim, key)
        if attempt is None:
            return
        try:
            _compute(store, shelf, key, attempt, writer, cache)
        except UnavailableError:  # no fault of the run's: the dispatcher queues it again
            raise
        except Exception as error:
            _whole(writer, store.runs.fail, key, failures.sentence(error), attempt)


def _compute(
    store: Store, shelf: Shelf, key: str, attempt: int, writer: ThreadPoolExecutor, cache: ActivationCache | None
) -> None:
    reported = -SECONDS_BETWEEN_REPORTS
    for step in _steps(store, shelf, store.runs.get(key).spec, cache):
        if step.done == step.total:
            _whole(writer, store.runs.finish, key, attempt, step.total, *codec.encode(step.result))
            return
        news = isinstance(step.result, codec.Findings) and step.result.turn
        if news or time.monotonic() - reported >= SECONDS_BETWEEN_REPORTS:
            reported = time.monotonic()
            if not _whole(writer, store.runs.report, key, attempt, step.done, step.total, codec.preview(step.result)):
                return
    raise RuntimeError(f"run {key} ended before its last step")


def _steps(store: Store, shelf: Shelf, spec: Spec, cache: ActivationCache | None) -> Iterator[Progress[codec.Result]]:
    match spec:
        case JobSpec():
            yield from stream(spec, _model(shelf, spec), store.runs.asset(spec.key))
        case TrustSpec():
            yield from _judge(store, shelf, spec)
        case ConceptSpec():
            yield from concepts.stream(spec, _model(shelf, spec), store.image_sets, cache)


def stream(spec: JobSpec, model: Classifier, data: bytes) -> Iterator[Progress[Attributions]]:
    """The explanation itself."""
    return stream_classes(
        spec.method,
        model,
        uploads.content(spec.kind, data),
        spec.classes,
        spec.seed,
        spec.output,
        spec.precision,
        against=spec.against,
        params=spec.params,
    )


def _judge(store: Store, shelf: Shelf, spec: TrustSpec) -> Iterator[Progress[TrustReport]]:
    judged = store.runs.get(spec.explanation)
    if not isinstance(judged.spec, JobSpec) or judged.result is None:
        raise RuntimeError(f"run {spec.explanation} is not a finished explanation")
    map_ = store.runs.blob(judged.key, judged.result["blobs"][str(spec.target)])
    if map_ is None:
        raise LookupError(f"the map of class {spec.target} of run {judged.key} is missing")
    attribution = codec.decode(judged.result, spec.target, map_)
    x = uploads.content(judged.spec.kind, store.runs.asset(judged.key))
    return stream_trust(_model(shelf, judged.spec), x, attribution, seed=spec.seed)


def _model(shelf: Shelf, spec: JobSpec | ConceptSpec) -> Classifier:
    """Raises RequestError when it is no longer the one that was asked."""
    model = shelf.get(spec.model)
    refuse_changed(model, spec.digest)
    return model


def _whole(writer: ThreadPoolExecutor, write: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a database write in the writer's thread: a cancel interrupts the main thread only, so it cannot split one.

    A database that is away for a while does not end the job.
    """
    return writer.submit(partial(patiently, write, *args, **kwargs)).result()
