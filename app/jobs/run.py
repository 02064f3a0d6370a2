"""One job from spec to stored result. Called inline by tests and the command line, by the pool in production."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from app import failures, uploads
from app.jobs.shelf import Shelf
from app.jobs.spec import JobSpec
from app.storage import codec
from app.storage.store import Store
from explainers import stream_classes
from explainers.types import Attributions, Classifier, Progress

SECONDS_BETWEEN_REPORTS = 0.5

P = ParamSpec("P")
R = TypeVar("R")


def execute(store: Store, shelf: Shelf, key: str) -> None:
    """Compute and store, or record why not. Returns early, storing nothing, once the run is no longer wanted."""
    with ThreadPoolExecutor(1) as writer:
        attempt = _whole(writer, store.runs.claim, key)
        if attempt is None:
            return
        try:
            _explain(store, shelf, key, attempt, writer)
        except Exception as error:
            _whole(writer, store.runs.fail, key, failures.sentence(error))


def _explain(store: Store, shelf: Shelf, key: str, attempt: int, writer: ThreadPoolExecutor) -> None:
    spec = store.runs.get(key).spec
    model = shelf.get(spec.model)
    if model.card.digest != spec.digest:
        raise failures.RequestError(f"The weights of {spec.model} have changed since this was asked; ask again.")
    reported = -SECONDS_BETWEEN_REPORTS
    for step in stream(spec, model, store.runs.asset(key)):
        if step.done == step.total:
            _whole(writer, store.runs.finish, key, attempt, step.total, *codec.encode(step.result))
            return
        if time.monotonic() - reported >= SECONDS_BETWEEN_REPORTS:
            reported = time.monotonic()
            if not _whole(writer, store.runs.report, key, attempt, step.done, step.total, codec.preview(step.result)):
                return
    raise RuntimeError(f"method {spec.method} ended before its last step")


def stream(spec: JobSpec, model: Classifier, png: bytes) -> Iterator[Progress[Attributions]]:
    """The computation itself."""
    return stream_classes(
        spec.method,
        model,
        uploads.image(png),
        spec.classes,
        spec.seed,
        spec.output,
        spec.precision,
        params=spec.params,
    )


def _whole(writer: ThreadPoolExecutor, write: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a database write in the writer's thread: a cancel interrupts the main thread only, so it cannot split one."""
    return writer.submit(write, *args, **kwargs).result()
