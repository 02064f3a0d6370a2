"""One job from spec to stored result."""

from __future__ import annotations

import _thread
import itertools
import logging
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.numpy import load

import models
from app.jobs import run
from app.jobs.shelf import Shelf
from app.jobs.spec import JobSpec
from app.storage import codec
from app.storage.explanations import Explanation
from app.storage.runs import Runs
from app.storage.store import Store
from app.uploads import accept, image
from explainers import stream_classes
from explainers.registry import Method
from tests.app.conftest import Counts, picture, rows
from tests.app.inline import scripted, stocked
from tests.models.nets import Small

WithMethod = Callable[[Method], None]
Reports = list[tuple[int, int, int]]


def ask(store: Store, known: models.ImageClassifier, method: str = "scripted", **spec: object) -> Explanation:
    """A queued run; `spec` replaces fields of an ordinary one."""
    upload = accept(picture(0), 1_000_000, 1_000_000)
    asset = store.assets.put("ann", upload, "picture")
    ordinary = JobSpec(
        asset=asset.sha256,
        model=known.card.name,
        digest=known.card.digest or "",
        method=method,
        revision=1,
        params={},
        output="logit",
        seed=0,
        precision="float32",
        classes=(3, 1, 4),
    )
    spec_of_test = replace(ordinary, **spec)  # type: ignore[arg-type]
    return store.explanations.open("ann", asset.id, spec_of_test, {}, b"input png", 3)[0]


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SECONDS_BETWEEN_REPORTS", 0.0)


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Reports:
    """(done, total, bytes of the preview) of every report that was tried."""
    seen: Reports = []
    report = Runs.report

    def noted(self: Runs, key: str, attempt: int, done: int, total: int, preview: bytes) -> bool:
        seen.append((done, total, len(preview)))
        return report(self, key, attempt, done, total, preview)

    monkeypatch.setattr(Runs, "report", noted)
    return seen


@pytest.mark.parametrize(
    ("method", "params", "output", "precision"),
    [
        ("rise", {"n_masks": 48, "cells": 4}, "logit", "float32"),
        ("rise", {"n_masks": 48, "cells": 4, "estimator": "raw"}, "probability", "bfloat16"),
        ("occlusion", {"window": 16, "stride": 8}, "log_probability", "float32"),
        ("sobol", {"n": 8, "cells": 2}, "logit", "float32"),
    ],
)
def test_what_is_stored_is_what_the_method_gave(
    store: Store,
    shelf: Shelf,
    tiny: models.ImageClassifier,
    method: str,
    params: dict[str, object],
    output: str,
    precision: str,
) -> None:
    key = ask(store, tiny, method, params=params, output=output, precision=precision, seed=5).run
    run.execute(store, shelf, key)
    stored = store.runs.get(key)
    assert stored.error is None
    assert stored.state == "done"
    assert stored.result is not None
    spec = stored.spec
    assert isinstance(spec, JobSpec)
    *_, last = stream_classes(
        method, tiny, image(store.runs.asset(key)), spec.classes, 5, spec.output, spec.precision, params=params
    )
    for k in spec.classes:
        part = store.runs.blob(key, stored.result["blobs"][str(k)])
        assert part is not None
        found, expected = codec.decode(stored.result, k, part), last.result.of(k)
        assert found.values.tobytes() == expected.values.tobytes()
        assert (found.stderr is None) == (expected.stderr is None)
        if found.stderr is not None and expected.stderr is not None:
            assert found.stderr.tobytes() == expected.stderr.tobytes()
        assert (found.score, found.signed, found.output) == (expected.score, expected.signed, expected.output)
        assert found.meta == expected.meta


def test_another_class_of_the_same_run_is_the_same_map(
    store: Store, shelf: Shelf, tiny: models.ImageClassifier
) -> None:
    params = {"n_masks": 48, "cells": 4, "estimator": "centred"}
    together, alone = (ask(store, tiny, "rise", params=params, classes=classes).run for classes in ((3, 1, 4), (4,)))
    maps = []
    for key in (together, alone):
        run.execute(store, shelf, key)
        stored = store.runs.get(key)
        assert stored.result is not None
        maps.append(codec.decode(stored.result, 4, store.runs.blob(key, stored.result["blobs"]["4"]) or b"").values)
    # the same sums in another order: float32 rounding of about 1e-6, far below the map's range
    assert np.abs(maps[0] - maps[1]).max() <= 1e-4 * np.ptp(maps[1])


@pytest.mark.usefixtures("every_step")
def test_progress_rises_to_the_whole(
    store: Store, shelf: Shelf, tiny: models.ImageClassifier, reports: Reports, with_method: WithMethod
) -> None:
    with_method(scripted(lambda _: None, steps=6))
    key = ask(store, tiny).run
    run.execute(store, shelf, key)
    assert [(done, total) for done, total, _ in reports] == [(i, 6) for i in range(1, 6)]
    stored = store.runs.get(key)
    assert (stored.state, stored.done, stored.total) == ("done", 6, 6)
    assert rows(store)["previews"] == 0


def test_a_single_step_counts_too(
    store: Store, shelf: Shelf, tiny: models.ImageClassifier, with_method: WithMethod
) -> None:
    with_method(scripted(lambda _: None, steps=1))
    key = ask(store, tiny).run
    run.execute(store, shelf, key)
    stored = store.runs.get(key)
    assert (stored.state, stored.done, stored.total) == ("done", 1, 1)


def test_at_most_two_reports_a_second_and_the_first_at_once(
    store: Store,
    shelf: Shelf,
    tiny: models.ImageClassifier,
    reports: Reports,
    with_method: WithMethod,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0
    monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=lambda: now / 8))

    def an_eighth_of_a_second(step: int) -> None:
        nonlocal now
        now = step

    with_method(scripted(an_eighth_of_a_second, steps=33))
    run.execute(store, shelf, ask(store, tiny).run)
    assert [done for done, _, _ in reports] == list(range(1, 33, 4))


@pytest.mark.usefixtures("every_step")
def test_the_preview_shows_the_map_so_far(
    store: Store, shelf: Shelf, tiny: models.ImageClassifier, with_method: WithMethod
) -> None:
    seen: list[dict[str, set[float]]] = []

    def look(step: int) -> None:
        if step:
            preview = store.runs.preview(key)
            assert preview is not None
            assert len(preview) <= 64_000
            seen.append({name: set(values.flat) for name, values in load(preview).items()})

    with_method(scripted(look))
    key = ask(store, tiny).run
    run.execute(store, shelf, key)
    assert seen == [{"3": {i}, "1": {i}, "4": {i}} for i in (1.0, 2.0, 3.0)]


@pytest.mark.usefixtures("every_step")
def test_an_unexpected_error_fails_the_run_and_is_logged(
    store: Store,
    shelf: Shelf,
    tiny: models.ImageClassifier,
    with_method: WithMethod,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stumble(step: int) -> None:
        if step == 2:
            raise ZeroDivisionError("secret detail")

    with_method(scripted(stumble))
    key = ask(store, tiny).run
    before = rows(store)
    with caplog.at_level(logging.ERROR, "whylens"):
        run.execute(store, shelf, key)
    stored = store.runs.get(key)
    assert stored.state == "failed"
    told = re.fullmatch(
        r"Something went wrong that should not have. It was logged as ([0-9a-f]{8})\.", stored.error or ""
    )
    assert told
    (record,) = caplog.records
    assert told[1] in record.getMessage()
    assert record.exc_info is not None
    assert "secret detail" in caplog.text
    assert "stumble" in caplog.text
    assert rows(store) == before | {"waiters": 0}
    assert (stored.result, store.runs.preview(key)) == (None, None)


def test_a_method_that_ends_too_early_fails_the_run(
    store: Store, shelf: Shelf, tiny: models.ImageClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run.stream
    monkeypatch.setattr(run, "stream", lambda *args: itertools.islice(whole(*args), 1))
    key = ask(store, tiny).run
    run.execute(store, shelf, key)
    assert store.runs.get(key).state == "failed"


def test_s11_other_weights_are_refused(store: Store, tiny: models.ImageClassifier) -> None:
    key = ask(store, tiny).run
    retrained = models.wrap(Small(25, seed=1), (40, 56), labels=tiny.labels, name="tiny")
    run.execute(store, stocked(retrained), key)
    stored = store.runs.get(key)
    assert stored.state == "failed"
    assert stored.error == "The weights of tiny have changed since this was asked; ask again."


def test_a_model_that_is_gone_is_named(store: Store, shelf: Shelf, tiny: models.ImageClassifier) -> None:
    key = ask(store, tiny, model="no_such_network").run
    run.execute(store, shelf, key)
    stored = store.runs.get(key)
    assert stored.state == "failed"
    assert stored.error is not None
    assert stored.error.startswith("no model is called 'no_such_network'")


def test_what_only_the_input_can_refuse_is_told_in_its_own_words(
    store: Store, shelf: Shelf, tiny: models.ImageClassifier
) -> None:
    key = ask(store, tiny, "occlusion", params={"window": 48}).run
    run.execute(store, shelf, key)
    stored = store.runs.get(key)
    assert stored.state == "failed"
    assert stored.error == "window must be smaller than the 56 × 40 input; got 48"


@pytest.mark.usefixtures("every_step")
def test_a_cancelled_run_stops_at_the_next_step_and_stores_nothing(
    store: Store, shelf: Shelf, tiny: models.ImageClassifier, with_method: WithMethod
) -> None:
    steps: list[int] = []

    def leave(step: int) -> None:
        steps.append(step)
        if step == 2:
            assert store.runs.leave(key, "ann")

    with_method(scripted(leave, steps=50))
    key = ask(store, tiny).run
    before = rows(store)
    run.execute(store, shelf, key)
    assert steps == [0, 1, 2]
    assert store.runs.get(key).state == "cancelled"
    assert rows(store) == before | {"waiters": 0}


def test_a_run_cancelled_before_it_starts_is_not_computed(
    store: Store, shelf: Shelf, tiny: models.ImageClassifier, with_method: WithMethod
) -> None:
    steps: list[int] = []
    with_method(scripted(steps.append))
    key = ask(store, tiny).run
    store.runs.leave(key, "ann")
    run.execute(store, shelf, key)
    assert steps == []
    assert store.runs.get(key).state == "cancelled"


def test_a_run_taken_over_by_another_worker_is_left_to_it(
    store: Store, shelf: Shelf, tiny: models.ImageClassifier, with_method: WithMethod
) -> None:
    def taken_over(step: int) -> None:
        if step == 1:
            assert store.runs.claim(key) == 2

    with_method(scripted(taken_over, steps=2))
    key = ask(store, tiny).run
    run.execute(store, shelf, key)
    stored = store.runs.get(key)
    assert (stored.state, stored.attempt, stored.result) == ("running", 2, None)


@pytest.mark.usefixtures("every_step")
def test_an_interrupt_leaves_the_database_as_a_crash_would(
    store: Store, shelf: Shelf, tiny: models.ImageClassifier, with_method: WithMethod, counts: Counts
) -> None:
    def interrupt(step: int) -> None:
        if step == 2:
            raise KeyboardInterrupt

    with_method(scripted(interrupt))
    key = ask(store, tiny).run
    before = counts()
    with pytest.raises(KeyboardInterrupt):
        run.execute(store, shelf, key)
    stored = store.runs.get(key)
    assert (stored.state, stored.done, stored.total, stored.result) == ("running", 2, 4, None)
    assert dict(counts()) == {**before, "previews": 1}
    assert store.runs.unfinished() == [(key, "ann")]
    # and the next start takes it up again
    with_method(scripted(lambda _: None))
    store.runs.requeue(key)
    run.execute(store, shelf, key)
    stored = store.runs.get(key)
    assert (stored.state, stored.attempt) == ("done", 2)


def test_an_interrupt_does_not_split_a_write(
    store: Store,
    shelf: Shelf,
    tiny: models.ImageClassifier,
    with_method: WithMethod,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The interrupt comes while the result is being written: it is written all the same, and whole."""

    finish = Runs.finish

    def interrupted(self: Runs, *args: object) -> bool:
        _thread.interrupt_main()
        return finish(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Runs, "finish", interrupted)
    with_method(scripted(lambda _: None))
    key = ask(store, tiny).run
    former = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell has it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            run.execute(store, shelf, key)
    finally:
        signal.signal(signal.SIGINT, former)
    stored = store.runs.get(key)
    assert stored.state == "done"
    assert stored.result is not None
    assert all(store.runs.blob(key, sha256) for sha256 in stored.result["blobs"].values())


def test_s26_nothing_is_left_on_the_model(store: Store, shelf: Shelf, tiny: models.ImageClassifier) -> None:
    def state() -> Iterator[object]:
        for part in tiny.module.modules():
            yield part.training, len(part._forward_hooks), len(part._backward_hooks), len(part._forward_pre_hooks)
        for name, tensor in tiny.module.state_dict().items():
            yield name, tensor.sum().item(), tensor.requires_grad

    before, threads, noise = list(state()), torch.get_num_threads(), torch.get_rng_state()
    run.execute(store, shelf, ask(store, tiny, "rise", params={"n_masks": 48}).run)
    assert list(state()) == before
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), noise)
