"""What goes with an explanation and what stays, on every database; and that a long list is read quickly."""

from __future__ import annotations

import time

import numpy as np
from alembic import command
from alembic.config import Config
from safetensors.numpy import save
from sqlalchemy import text

from app.jobs.spec import TrustSpec
from app.storage.database import MIGRATIONS
from app.storage.explanations import Explanation
from app.storage.revisions import Sketch
from app.storage.store import Store
from tests.app.conftest import rows
from tests.app.storage.conftest import asked

SKETCH = Sketch(target=2, mode="remove", fill="blur", area=0.25)
EMPTY = {
    "assets", "blobs", "explanations", "notes", "previews",
    "result_blobs", "revisions", "runs", "thumbnails", "waiters",
}  # fmt: skip


def finished(store: Store, owner: str = "ann", seed: int = 0) -> Explanation:
    """With a judgement, a thumbnail, an edit, and a note."""
    made = asked(store, owner, seed)
    attempt = store.runs.claim(made.run)
    if attempt is not None:
        store.runs.finish(made.run, attempt, 1, {"kind": "attributions"}, {"2": part(seed)})
    judgement = TrustSpec(explanation=made.run, target=2, revision=1)
    if store.runs.follow(made.run, judgement, owner):
        attempt = store.runs.claim(judgement.key)
        assert attempt is not None
        store.runs.finish(judgement.key, attempt, 1, {"kind": "trust"}, {})
    store.thumbnails.put(made.run, 2, b"small")
    store.revisions.put(made.id, owner, b"planes %d" % seed, SKETCH, None)
    store.notes.put("explanation", made.id, owner, {"kind": "point", "x": 0, "y": 0}, "here")
    return made


def part(seed: int) -> bytes:
    return save({"values": np.full((2, 2), seed, np.float32)})


def left(store: Store) -> dict[str, int]:
    counted = rows(store)
    return {table: counted[table] for table in EMPTY}


def test_the_last_one_takes_all_with_it(store: Store) -> None:
    mine = finished(store)
    assert all(count > 0 for table, count in left(store).items() if table not in ("previews", "waiters"))
    assert store.explanations.delete("ann", mine.id) == []
    assert left(store) == dict.fromkeys(EMPTY, 0)


def test_nobody_deletes_anothers(store: Store) -> None:
    mine = finished(store)
    before = rows(store)
    assert store.explanations.delete("bob", mine.id) is None
    assert store.explanations.delete("ann", "nothing") is None
    assert rows(store) == before


def test_what_others_have_asked_stays_for_them(store: Store) -> None:
    mine, theirs = finished(store), finished(store, "bob")
    assert mine.run == theirs.run
    assert store.explanations.delete("ann", mine.id) == []
    run = store.runs.get(theirs.run)
    assert run.result is not None
    assert store.runs.blob(theirs.run, run.result["blobs"]["2"]) == part(0)
    assert store.assets.get("bob", theirs.asset) is not None
    assert store.assets.get("ann", mine.asset) is None
    assert [note.text for note in store.notes.of("explanation", theirs.id)] == ["here"]
    (kept,) = store.revisions.of(theirs.id)
    assert store.revisions.planes(kept) == b"planes 0", "the same bytes were hers too"
    assert store.thumbnails.get(theirs.run, 2) == b"small"
    assert store.explanations.delete("bob", theirs.id) == []
    assert left(store) == dict.fromkeys(EMPTY, 0)


def test_the_input_stays_for_another_explanation_of_it(store: Store) -> None:
    first, second = finished(store), finished(store, seed=1)
    assert first.asset == second.asset
    store.explanations.delete("ann", first.id)
    asset = store.assets.get("ann", second.asset)
    assert asset is not None
    assert store.assets.data(asset)
    assert store.runs.find(first.run) is None
    assert store.runs.get(second.run).state == "done"


def test_a_link_keeps_what_it_shows(store: Store) -> None:
    mine = finished(store)
    run = store.runs.get(mine.run)
    assert run.result is not None
    sha256 = run.result["blobs"]["2"]
    share = store.shares.put("ann", "h" * 64, "explanation", {"title": "x", "id": mine.id}, {sha256: "a/b"}, 3600)
    assert len(store.library.links("ann", mine.id, time.time())) == 1
    assert store.library.links("bob", mine.id, time.time()) == []
    store.explanations.delete("ann", mine.id)
    assert store.shares.blob(share.id, sha256) == ("a/b", part(0))
    assert store.shares.delete("bob", share.id) is False
    assert store.shares.delete("ann", share.id) is True
    assert store.shares.get(share.id) is None
    assert left(store) == dict.fromkeys(EMPTY, 0)


def test_a_run_that_nobody_waits_for_is_cancelled(store: Store) -> None:
    mine = asked(store)
    assert store.explanations.delete("ann", mine.id) == [mine.run]
    assert left(store) == dict.fromkeys(EMPTY, 0)


def test_a_run_that_somebody_waits_for_goes_on(store: Store) -> None:
    mine, theirs = asked(store), asked(store, "bob")
    assert store.explanations.delete("ann", mine.id) == []
    assert store.runs.get(theirs.run).state == "queued"
    attempt = store.runs.claim(theirs.run)
    assert attempt is not None
    assert store.runs.finish(theirs.run, attempt, 1, {}, {"2": part(0)})


def test_a_second_explanation_of_the_same_run_goes_on_waiting(store: Store) -> None:
    """The same picture under two names."""
    mine = asked(store)
    asset = store.assets.get("ann", mine.asset)
    assert asset is not None
    run = store.runs.get(mine.run)
    with store.database.write() as session:
        copied = "INSERT INTO explanations SELECT 'other', owner, run, asset, name, view, created FROM explanations"
        columns = "(id, owner, run, asset, name, view, created)"
        session.execute(text(copied.replace("explanations SELECT", f"explanations {columns} SELECT")))
    assert store.explanations.delete("ann", mine.id) == []
    assert store.runs.waiting("ann") == 1
    assert store.explanations.delete("ann", "other") == [run.key]


def test_a_revision_goes_alone(store: Store) -> None:
    explanation = asked(store).id
    first = store.revisions.put(explanation, "ann", b"1", SKETCH, None)
    second = store.revisions.put(explanation, "ann", b"2", SKETCH, first.id)
    third = store.revisions.put(explanation, "ann", b"3", SKETCH, second.id)
    before = rows(store)["blobs"]
    assert store.revisions.delete(second.id)
    assert not store.revisions.delete(second.id)
    assert [(each.number, each.parent) for each in store.revisions.of(explanation)] == [(3, first.id), (1, None)]
    assert store.revisions.planes(third) == b"3"
    assert rows(store)["blobs"] == before - 1


def test_names_of_ones_own(store: Store) -> None:
    mine = asked(store)
    store.explanations.rename("bob", mine.id, "his")
    store.explanations.rename("ann", mine.id, "hers")
    (entry,) = store.library.of("ann")
    assert (entry.name, entry.label, entry.about, entry.method, entry.model) == ("hers", "c", "picture", "rise", "tiny")
    store.explanations.rename("ann", mine.id, "")
    (entry,) = store.library.of("ann")
    assert (entry.name, entry.called) == ("", "c")
    assert store.library.of("bob") == []


def test_a_thumbnail_of_a_deleted_run_is_not_kept(store: Store) -> None:
    store.thumbnails.put("nothing", 1, b"x")
    assert rows(store)["thumbnails"] == 0


def test_what_refers_to_explanations_survives_the_way_back_and_forth(store: Store) -> None:
    """SQLite must not make the table anew for the sake of a column: what refers to it would go with the old one."""
    mine = finished(store)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.database.engine.execution_options(whylens_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
    store.database.upgrade()
    assert [each.number for each in store.revisions.of(mine.id)] == [1]
    assert store.explanations.get("ann", mine.id) == mine
