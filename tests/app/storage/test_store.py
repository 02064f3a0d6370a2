"""What storage promises, on every database: ownership, attempts, whole results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.jobs.spec import JobSpec
from app.storage import blobs
from app.storage.store import Store
from app.storage.tables import BlobRow, PreviewRow, ResultBlobRow, WaiterRow
from tests.app.conftest import rows
from tests.app.storage.conftest import asked, opened, spec, upload

Counts = Callable[[], Mapping[str, int]]

RESULT = {"kind": "attributions", "scores": {"2": 1.5}}
PARTS = {"2": b"map of two", "1": b"map of one"}

Ending = Callable[[Store, str], object]
ENDINGS: dict[str, Ending] = {
    "finish": lambda store, key: store.runs.finish(key, store.runs.get(key).attempt, 10, RESULT, PARTS),
    "fail": lambda store, key: store.runs.fail(key, "It went wrong."),
    "cancel": lambda store, key: store.runs.leave(key, "ann"),
}


def claimed(store: Store, owner: str = "ann", seed: int = 0) -> tuple[str, int]:
    """A run under way."""
    key = asked(store, owner, seed).run
    attempt = store.runs.claim(key)
    assert attempt is not None
    return key, attempt


def sole_preview(store: Store) -> tuple[int, bytes]:
    with store.database.read() as session:
        row = session.scalars(select(PreviewRow)).one()
        return row.version, row.data


# runs and attempts


def test_a_new_run_waits(store: Store) -> None:
    run = store.runs.get(asked(store).run)
    assert (run.state, run.attempt, run.done, run.total, run.preview) == ("queued", 0, 0, 0, 0)
    assert (run.result, run.error, run.started, run.finished) == (None, None, None, None)
    assert run.key == run.spec.key


def test_a_claim_raises_the_attempt(store: Store) -> None:
    key = asked(store).run
    assert store.runs.claim(key) == 1
    assert store.runs.get(key).state == "running"
    store.runs.requeue(key)
    assert store.runs.get(key).state == "queued"
    assert store.runs.claim(key) == 2


def test_a_claim_starts_from_nothing(store: Store) -> None:
    key, attempt = claimed(store)
    assert store.runs.report(key, attempt, 5, 10, b"half")
    store.runs.claim(key)
    run = store.runs.get(key)
    assert (run.done, run.preview, store.runs.preview(key)) == (0, 0, None)


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
def test_an_ended_run_is_not_claimed_nor_queued_again(store: Store, end: Ending) -> None:
    key, _ = claimed(store)
    end(store, key)
    before = store.runs.get(key)
    assert store.runs.claim(key) is None
    store.runs.requeue(key)
    store.runs.fail(key, "Too late.")
    assert store.runs.get(key) == before


def test_s25_an_older_attempt_stores_nothing(store: Store) -> None:
    key, old = claimed(store)
    new = store.runs.claim(key)
    assert new is not None
    assert store.runs.report(key, new, 7, 10, b"newer")
    before, run = rows(store), store.runs.get(key)
    assert not store.runs.report(key, old, 9, 10, b"older")
    assert not store.runs.finish(key, old, 10, RESULT, PARTS)
    assert (rows(store), store.runs.get(key), store.runs.preview(key)) == (before, run, b"newer")


def test_a_requeued_attempt_stores_nothing(store: Store) -> None:
    key, attempt = claimed(store)
    store.runs.requeue(key)
    before = rows(store)
    assert not store.runs.report(key, attempt, 9, 10, b"late")
    assert not store.runs.finish(key, attempt, 10, RESULT, PARTS)
    assert rows(store) == before
    assert store.runs.get(key).state == "queued"


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
def test_nothing_is_stored_after_the_end(store: Store, end: Ending) -> None:
    key, attempt = claimed(store)
    end(store, key)
    before, run = rows(store), store.runs.get(key)
    assert not store.runs.report(key, attempt, 9, 10, b"late")
    assert not store.runs.finish(key, attempt, 10, {"kind": "other"}, {"2": b"another map"})
    assert (rows(store), store.runs.get(key)) == (before, run)


# results


def test_a_result_is_read_back_through_its_own_run(store: Store) -> None:
    key, attempt = claimed(store)
    store.runs.report(key, attempt, 5, 16, b"half")
    assert store.runs.finish(key, attempt, 10, RESULT, PARTS)  # settled before the 16 that were foreseen
    run = store.runs.get(key)
    assert (run.state, run.done, run.total) == ("done", 10, 10)
    assert run.result is not None
    assert {k: v for k, v in run.result.items() if k != "blobs"} == RESULT
    assert {name: store.runs.blob(key, sha256) for name, sha256 in run.result["blobs"].items()} == PARTS
    assert store.runs.blob(key, run.input) == b"input png"
    assert store.runs.asset(key) == upload().data
    assert run.started is not None
    assert run.finished is not None
    assert run.submitted <= run.started <= run.finished


def test_s25_a_finish_that_fails_midway_leaves_neither_state_nor_blobs(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, attempt = claimed(store)
    store.runs.report(key, attempt, 5, 10, b"half")
    before, run = rows(store), store.runs.get(key)
    put = blobs.put

    def full(session: Session, data: bytes) -> str:
        if data == PARTS["1"]:  # the second part: the first is written by then
            raise OSError("disk full")
        return put(session, data)

    with monkeypatch.context() as broken:
        broken.setattr(blobs, "put", full)
        with pytest.raises(OSError, match="disk full"):
            store.runs.finish(key, attempt, 10, RESULT, PARTS)
    assert (rows(store), store.runs.get(key), store.runs.preview(key)) == (before, run, b"half")
    assert store.runs.finish(key, attempt, 10, RESULT, PARTS)


def test_equal_parts_are_one_blob(store: Store) -> None:
    key, attempt = claimed(store)
    before = rows(store)
    store.runs.finish(key, attempt, 10, RESULT, {"2": b"flat", "1": b"flat"})
    after = rows(store)
    assert (after["blobs"] - before["blobs"], after["result_blobs"]) == (1, 1)
    run = store.runs.get(key)
    assert run.result is not None
    assert run.result["blobs"]["2"] == run.result["blobs"]["1"]


def test_a_blob_is_stored_once_for_all_runs(store: Store) -> None:
    for seed in (0, 1):
        key, attempt = claimed(store, seed=seed)
        store.runs.finish(key, attempt, 10, RESULT, PARTS)
    with store.database.read() as session:
        found = session.scalars(select(BlobRow)).all()
        assert sorted(row.data for row in found) == sorted([b"input png", upload().data, *PARTS.values()])
        assert all(row.size == len(row.data) for row in found)
        assert len(session.scalars(select(ResultBlobRow)).all()) == 4


def test_a_hash_gives_nothing_outside_its_run(store: Store) -> None:
    key, attempt = claimed(store)
    other, second = claimed(store, seed=1)
    store.runs.finish(key, attempt, 10, RESULT, PARTS)
    store.runs.finish(other, second, 10, RESULT, {"2": b"a map of its own"})
    run = store.runs.get(key)
    assert run.result is not None
    foreign = run.result["blobs"]["2"]
    assert store.runs.blob(key, foreign) == PARTS["2"]
    assert store.runs.blob(other, foreign) is None
    # the upload itself is not part of the result either: it is read through its owner's asset
    assert isinstance(run.spec, JobSpec)
    assert store.runs.blob(key, run.spec.asset) is None
    assert store.runs.blob(key, "0" * 64) is None


def test_nobody_works_on_a_deleted_run(store: Store) -> None:
    assert store.runs.claim("0" * 64) is None
    assert not store.runs.report("0" * 64, 1, 1, 1, b"")


def test_an_unknown_run_is_damage(store: Store) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: store.runs.get("0" * 64),
        lambda: store.runs.asset("0" * 64),
    ]
    for call in calls:
        with pytest.raises(LookupError, match=r"run 0+ is missing"):
            call()


# previews


def test_a_preview_is_one_row_overwritten(store: Store) -> None:
    key, attempt = claimed(store)
    for done in (1, 2, 3):
        assert store.runs.report(key, attempt, done, 10, b"%d" % done)
        assert sole_preview(store) == (done, b"%d" % done)
        run = store.runs.get(key)
        assert (run.done, run.total, run.preview) == (done, 10, done)


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
def test_nothing_of_the_work_is_left_at_the_end(store: Store, end: Ending) -> None:
    key, attempt = claimed(store)
    store.runs.report(key, attempt, 5, 10, b"half")
    end(store, key)
    assert store.runs.preview(key) is None
    assert (rows(store)["previews"], rows(store)["waiters"]) == (0, 0)


# who waits


def test_two_users_share_one_run(store: Store) -> None:
    ann, fresh = opened(store, "ann")
    bob, again = opened(store, "bob")
    assert (fresh, again) == (True, False)
    assert ann.run == bob.run
    assert ann.id != bob.id
    counted = rows(store)
    assert (counted["runs"], counted["explanations"], counted["assets"], counted["waiters"]) == (1, 2, 2, 2)


def test_asking_twice_is_one_explanation(store: Store) -> None:
    first, second = asked(store), asked(store)
    assert first == second
    assert rows(store)["waiters"] == 1


def test_a_run_stops_only_when_the_last_user_leaves(store: Store) -> None:
    key, attempt = claimed(store, "ann")
    asked(store, "bob")
    assert not store.runs.leave(key, "ann")
    assert not store.runs.leave(key, "ann")
    assert not store.runs.leave(key, "eve")
    assert store.runs.report(key, attempt, 1, 10, b"still wanted")
    assert store.runs.leave(key, "bob")
    assert store.runs.get(key).state == "cancelled"


def test_leaving_a_finished_run_leaves_it_finished(store: Store) -> None:
    key, attempt = claimed(store)
    store.runs.finish(key, attempt, 10, RESULT, PARTS)
    assert not store.runs.leave(key, "ann")
    assert store.runs.get(key).state == "done"


@pytest.mark.parametrize("end", [ENDINGS["fail"], ENDINGS["cancel"]], ids=["failed", "cancelled"])
def test_what_failed_or_was_cancelled_can_be_asked_again(store: Store, end: Ending) -> None:
    key, first = claimed(store)
    store.runs.report(key, first, 5, 10, b"half")
    end(store, key)
    explanation, fresh = opened(store)
    assert fresh
    assert explanation.run == key
    run = store.runs.get(key)
    assert (run.state, run.done, run.error, run.started, run.finished) == ("queued", 0, None, None, None)
    assert store.runs.unfinished() == [(key, "ann")]
    second = store.runs.claim(key)
    assert second == first + 1
    # the worker of the first attempt may still be alive
    assert not store.runs.finish(key, first, 10, RESULT, PARTS)
    assert store.runs.finish(key, second, 10, RESULT, PARTS)


def test_what_is_done_is_not_computed_again(store: Store) -> None:
    key, attempt = claimed(store)
    store.runs.finish(key, attempt, 10, RESULT, PARTS)
    before = store.runs.get(key)
    for owner in ("ann", "bob"):
        explanation, fresh = opened(store, owner)
        assert not fresh
        assert store.runs.get(explanation.run) == before
    assert store.runs.unfinished() == []
    assert rows(store)["waiters"] == 0


def test_a_failure_is_told_in_its_own_words(store: Store) -> None:
    key, _ = claimed(store)
    store.runs.fail(key, "It went wrong." + "!" * 1000)
    run = store.runs.get(key)
    assert run.state == "failed"
    assert run.error == ("It went wrong." + "!" * 1000)[:500]


def test_unfinished_runs_come_oldest_first_each_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = [3, 1, 2, 0]
    for second, seed in enumerate(seeds):
        monkeypatch.setattr("app.storage.runs.time.time", lambda now=1e9 + second: now)
        asked(store, "bob", seed)
        asked(store, "ann", seed)
    keys = [asked(store, "ann", seed).run for seed in seeds]
    claimed(store, "ann", seeds[1])
    store.runs.fail(keys[2], "It went wrong.")
    assert store.runs.unfinished() == [(key, "ann") for key in (keys[0], keys[1], keys[3])]


def test_waiting_counts_the_unfinished_runs_of_one_user(store: Store) -> None:
    keys = [asked(store, "ann", seed).run for seed in range(3)]
    asked(store, "bob", 7)
    assert store.runs.waiting("ann") == 3
    store.runs.fail(keys[0], "It went wrong.")
    store.runs.leave(keys[1], "ann")
    assert (store.runs.waiting("ann"), store.runs.waiting("bob"), store.runs.waiting("eve")) == (1, 1, 0)


# ownership


def test_foreign_ids_look_like_unknown_ones(store: Store) -> None:
    explanation = asked(store, "ann")
    asset = store.assets.get("ann", explanation.asset)
    assert asset is not None
    assert store.explanations.get("ann", explanation.id) == explanation
    for id in (explanation.id, "0" * 32):
        assert store.explanations.get("bob", id) is None
    for id in (asset.id, "0" * 32):
        assert store.assets.get("bob", id) is None


def test_nobody_turns_the_view_of_another(store: Store) -> None:
    explanation = asked(store, "ann")
    store.explanations.look_at("bob", explanation.id, 1)
    assert store.explanations.get("ann", explanation.id) == explanation
    store.explanations.look_at("ann", explanation.id, 1)
    turned = store.explanations.get("ann", explanation.id)
    assert turned is not None
    assert turned.view == {"target": 1}


def test_each_user_looks_at_a_class_of_their_own(store: Store) -> None:
    ann, bob = asked(store, "ann"), asked(store, "bob")
    before = rows(store)
    store.explanations.look_at("ann", ann.id, 1)
    assert rows(store) == before
    unturned = store.explanations.get("bob", bob.id)
    assert unturned is not None
    assert unturned.view == {"target": 2}


def test_a_picture_is_kept_once_per_user_and_name(store: Store) -> None:
    first = store.assets.put("ann", upload(), "a")
    assert store.assets.put("ann", upload(), "a") == first
    assert len({store.assets.put(owner, upload(), name).id for owner in ("ann", "bob") for name in ("a", "b")}) == 4
    assert (rows(store)["assets"], rows(store)["blobs"]) == (4, 1)
    assert store.assets.data(first) == upload().data
    assert (first.width, first.height, first.sha256) == (48, 32, upload().sha256)


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "a\\b", "CON", "'; DROP TABLE assets; --", "\u202egnp.exe", "n" * 300, "🦆" * 300]
)
def test_s6_a_name_is_text_and_nothing_else(store: Store, name: str) -> None:
    asset = store.assets.put("ann", upload(), name)
    assert store.assets.get("ann", asset.id) == asset
    assert asset.name == name[:200]
    assert asset.id.isalnum()


def test_a_run_is_forgotten_by_nobody_but_its_waiters(store: Store) -> None:
    key = asked(store, "ann").run
    asked(store, "bob")
    store.runs.leave(key, "ann")
    with store.database.read() as session:
        assert [row.owner for row in session.scalars(select(WaiterRow))] == ["bob"]
    assert store.runs.unfinished() == [(key, "bob")]


def test_the_spec_comes_back_as_it_was(store: Store) -> None:
    asset = store.assets.put("ann", upload(), "picture")
    assert store.runs.get(asked(store).run).spec == spec(asset)
