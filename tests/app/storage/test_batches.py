"""Batches, on every database: ownership, order, what is kept, and what lives as long as it is needed."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.jobs.spec import JobSpec
from app.storage.batches import Batch
from app.storage.store import Store
from app.uploads import Asset
from tests.app.conftest import rows
from tests.app.storage.test_image_sets import PICTURES, kept, manifest

QUESTION = {"model": "tiny", "method": "rise", "seed": 0}
LOOK = {"classes": [2, 1], "labels": ["c", "b"], "probabilities": [0.75, 0.25], "target": 2}
NOTHING: frozenset[tuple[str, int]] = frozenset()


def opened(store: Store, owner: str = "ann", **question: Any) -> Batch:
    own = store.image_sets.of(owner)[0] if store.image_sets.of(owner) else kept(store, owner)
    return store.batches.open(owner, own.id, own.name, own.manifest, QUESTION | question, len(PICTURES))


def spec(number: int, seed: int = 0) -> JobSpec:
    return JobSpec(
        asset=hashlib.sha256(PICTURES[number]).hexdigest(),
        model="tiny",
        digest="d" * 64,
        method="rise",
        revision=1,
        params={},
        output="logit",
        seed=seed,
        precision="float32",
        classes=(2, 1),
    )


def entered(store: Store, batch: Batch, number: int) -> str | None:
    return store.batches.enter(batch.id, number, f"{number}.png", spec(number), LOOK, b"seen %d" % number, 2)


def computed(store: Store, key: str) -> None:
    attempt = store.runs.claim(key)
    assert attempt is not None
    result = {"kind": "attributions", "output": "logit", "scores": {"1": 0.5, "2": 1.5}}
    assert store.runs.finish(key, attempt, 1, result, {"2": key.encode()})
    store.batches.settle()


def done(store: Store, batch: Batch, number: int) -> str:
    key = entered(store, batch, number)
    assert key is not None
    computed(store, key)
    return key


def stand(store: Store, batch: Batch) -> tuple[str, list[str]]:
    """The state of the batch and of its pictures."""
    there = store.batches.get(batch.owner, batch.id)
    assert there is not None
    return there.state, [item.state for item in store.batches.items(batch.id)]


def test_from_the_first_picture_to_the_last(store: Store) -> None:
    batch = opened(store)
    assert store.batches.get("ann", batch.id) == batch
    assert store.batches.of("ann") == [batch]
    assert store.batches.next(2, NOTHING) == [("ann", batch.id, 0), ("ann", batch.id, 1)]
    key = entered(store, batch, 0)
    assert key == spec(0).key
    (item,) = store.batches.items(batch.id)
    assert (item.state, item.row.label, item.probability, item.row.score) == ("asked", "c", 0.75, None)
    assert store.batches.next(2, NOTHING) == [("ann", batch.id, 1)]
    assert store.batches.next(2, {(batch.id, 1)}) == []
    computed(store, key)
    (item,) = store.batches.items(batch.id)
    run = store.runs.get(key)
    assert run.finished is not None
    assert run.started is not None
    assert (item.state, item.row.key, item.row.file) == ("done", key, "0.png")
    assert (item.row.score, item.row.output) == (1.5, "logit"), "of the class that was asked about"
    assert item.row.seconds == round(run.finished - run.started, 3)
    done(store, batch, 1)
    store.batches.fail(batch.id, 2, "2.png", "It is broken.")
    assert stand(store, batch) == ("done", ["done", "done", "failed"])
    assert store.batches.items(batch.id)[2].row.error == "It is broken."
    assert store.batches.next(2, NOTHING) == []


def test_the_same_question_is_the_same_batch_which_goes_on(store: Store) -> None:
    batch = opened(store)
    key = done(store, batch, 1)
    store.batches.fail(batch.id, 0, "0.png", "It is broken.")
    assert store.batches.cancel("ann", batch.id) == []
    assert opened(store).id == batch.id
    assert stand(store, batch) == ("running", ["done"]), "what failed is tried again"
    assert store.batches.items(batch.id)[0].run == key
    assert opened(store, seed=1).id != batch.id
    assert opened(store, "bob").id != batch.id


def test_what_is_done_is_found_done(store: Store) -> None:
    done(store, opened(store), 0)
    bobs = opened(store, "bob")
    assert entered(store, bobs, 0) is None, "there is nothing to compute"
    assert stand(store, bobs) == ("running", ["done"])


def test_a_cancel_gives_up_what_is_under_way_and_keeps_what_is_done(store: Store) -> None:
    batch = opened(store)
    first = done(store, batch, 0)
    second = entered(store, batch, 1)
    assert second is not None
    assert store.batches.cancel("ann", batch.id) == [second]
    assert stand(store, batch) == ("cancelled", ["done"])
    assert store.runs.find(second) is None
    assert store.runs.get(first).state == "done"
    assert entered(store, batch, 1) is None, "a worker that comes late enters nothing"
    store.batches.fail(batch.id, 1, "1.png", "Too late.")
    assert store.batches.picture(batch.id, 1) is None
    assert store.batches.next(2, NOTHING) == []
    assert store.batches.resume("ann", batch.id)
    assert store.batches.next(9, NOTHING) == [("ann", batch.id, 1), ("ann", batch.id, 2)]


def test_a_run_that_others_wait_for_goes_on(store: Store) -> None:
    """Another user's batch, and an explanation of one's own."""
    anns, bobs = opened(store), opened(store, "bob")
    entered(store, anns, 0)
    key = entered(store, bobs, 0)
    assert key is not None
    assert store.batches.cancel("ann", anns.id) == []
    asset = store.assets.put("bob", Asset.of_png(PICTURES[0]), "photo")
    mine, _ = store.explanations.open("bob", asset.id, spec(0), LOOK, b"seen 0", 2)
    assert not store.batches.alone(key), "somebody looks at it"
    assert store.batches.cancel("bob", bobs.id) == []
    assert store.runs.get(key).state == "queued"
    assert store.explanations.delete("bob", mine.id) == [key]


def test_a_run_of_a_batch_can_wait_and_counts_against_nobody(store: Store) -> None:
    batch = opened(store)
    key = entered(store, batch, 0)
    assert key is not None
    assert store.batches.alone(key)
    assert store.runs.waiting("ann") == 0
    assert store.runs.unfinished() == [(key, "ann")], "after a restart it is found"


def test_an_explanation_less_leaves_the_batch_its_run(store: Store) -> None:
    batch = opened(store)
    key = done(store, batch, 0)
    asset = store.assets.put("ann", Asset.of_png(PICTURES[0]), "photo")
    mine, fresh = store.explanations.open("ann", asset.id, spec(0), LOOK, b"seen 0", 2)
    assert not fresh
    assert store.explanations.delete("ann", mine.id) == []
    assert store.runs.get(key).state == "done"
    assert store.image_sets.picture(spec(0).asset) == PICTURES[0]


def test_one_cancelled_by_somebody_else_is_asked_again(store: Store) -> None:
    batch = opened(store)
    key = entered(store, batch, 0)
    assert key is not None
    assert store.runs.leave(key, "ann")
    store.batches.settle()
    assert stand(store, batch) == ("running", [])
    assert entered(store, batch, 0) == key


def test_a_run_that_fails_is_the_pictures_error(store: Store) -> None:
    batch = opened(store)
    key = entered(store, batch, 0)
    assert key is not None
    store.runs.fail(key, "It went wrong.")
    store.batches.settle()
    (item,) = store.batches.items(batch.id)
    assert (item.state, item.row.file, item.row.error, item.row.key) == ("failed", "0.png", "It went wrong.", "")


def test_of_an_owners_batches_the_oldest_is_fed(store: Store) -> None:
    first, second, bobs = opened(store), opened(store, seed=1), opened(store, "bob")
    assert {id for _, id, _ in store.batches.next(1, NOTHING)} == {first.id, bobs.id}
    store.batches.cancel("ann", first.id)
    assert {id for _, id, _ in store.batches.next(1, NOTHING)} == {second.id, bobs.id}


def test_a_set_may_go_and_the_batch_goes_on(store: Store) -> None:
    batch = opened(store)
    assert store.image_sets.delete("ann", batch.image_set)
    wanted = store.batches.picture(batch.id, 1)
    assert wanted is not None
    assert (wanted.file, wanted.question) == ("lily/a 1", batch.question)
    assert store.image_sets.picture(wanted.sha256) == PICTURES[1]
    assert store.image_sets.manifest(batch.manifest) == manifest(*PICTURES)
    done(store, batch, 1)
    assert store.batches.delete("ann", batch.id) == []
    assert {name: count for name, count in rows(store).items() if count} == {}


def test_what_is_deleted_is_gone_whole(store: Store) -> None:
    own = kept(store)
    before = rows(store)
    batch = opened(store)
    done(store, batch, 0)
    key = entered(store, batch, 1)
    assert store.batches.delete("ann", batch.id) == [key]
    assert store.batches.delete("ann", batch.id) is None
    assert rows(store) == before
    assert store.image_sets.holds(own.manifest)


def test_somebody_elses_looks_unknown(store: Store) -> None:
    batch = opened(store)
    entered(store, batch, 0)
    before = rows(store)
    assert store.batches.get("bob", batch.id) is None
    assert store.batches.of("bob") == []
    assert store.batches.cancel("bob", batch.id) is None
    assert store.batches.delete("bob", batch.id) is None
    assert not store.batches.resume("bob", batch.id)
    assert rows(store) == before
    assert stand(store, batch) == ("running", ["asked"])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE batches SET manifest = 'nothing'",
        "UPDATE batches SET state = 'lost'",
        "UPDATE batch_items SET run = 'nothing'",
        "UPDATE batch_items SET state = 'lost'",
        "DELETE FROM runs",
    ],
)
def test_the_database_itself_refuses_damage(store: Store, statement: str) -> None:
    done(store, opened(store), 0)
    with pytest.raises(IntegrityError), store.database.write() as session:
        session.execute(text(statement))
