"""Revisions on every database: each knows its parent, and of two editors one is told."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from app.failures import ConflictError
from app.storage.revisions import Revision, Sketch
from app.storage.store import Store
from app.storage.tables import BlobRow, ExplanationRow
from tests.app.conftest import rows
from tests.app.storage.conftest import asked
from tests.app.storage.test_together import THREADS, at_once

SKETCH = Sketch(target=2, mode="remove", fill="blur", area=0.25, note="the \x00cup")


def test_it_comes_back_as_it_was(store: Store) -> None:
    explanation = asked(store).id
    kept = store.revisions.put(explanation, "ann", b"two planes", SKETCH, None)
    assert kept.sketch == Sketch(target=2, mode="remove", fill="blur", area=0.25, note="the cup")
    assert (kept.number, kept.parent, kept.author) == (1, None, "ann")
    assert store.revisions.get(kept.id) == kept
    assert store.revisions.of(explanation) == [kept]
    assert store.revisions.planes(kept) == b"two planes"
    assert store.revisions.get("nothing") is None


def test_only_the_newest_can_be_built_on(store: Store) -> None:
    explanation, other = asked(store).id, asked(store, seed=1).id
    first = store.revisions.put(explanation, "ann", b"1", SKETCH, None)
    second = store.revisions.put(explanation, "bob", b"2", SKETCH, first.id)
    for parent in (first.id, None):
        with pytest.raises(ConflictError, match="Revision 2 was saved after"):
            store.revisions.put(explanation, "ann", b"3", SKETCH, parent)
    assert rows(store)["revisions"] == 2
    branch = store.revisions.put(explanation, "ann", b"3", SKETCH, first.id, branch=True)
    assert [(each.number, each.parent) for each in store.revisions.of(explanation)] == [
        (3, first.id), (2, first.id), (1, None),
    ]  # fmt: skip
    with pytest.raises(ConflictError, match="Revision 3 was saved after"):
        store.revisions.put(explanation, "bob", b"4", SKETCH, second.id)
    assert store.revisions.put(explanation, "bob", b"4", SKETCH, branch.id).number == 4
    assert store.revisions.put(other, "ann", b"1", SKETCH, None).number == 1


def test_of_many_editors_at_once_one_is_kept(store: Store) -> None:
    explanation = asked(store).id
    first = store.revisions.put(explanation, "ann", b"first", SKETCH, None)

    def edit(i: int) -> Revision | ConflictError:
        try:
            return store.revisions.put(explanation, f"user {i}", b"by %d" % i, SKETCH, first.id)
        except ConflictError as told:
            return told

    answers = at_once(edit)
    (kept,) = (answer for answer in answers if isinstance(answer, Revision))
    assert sum(isinstance(answer, ConflictError) for answer in answers) == THREADS - 1
    assert store.revisions.of(explanation) == [kept, first]
    assert store.revisions.planes(kept) == b"by " + kept.author.removeprefix("user ").encode()
    with store.database.read() as session:  # nothing of those that were refused
        assert sum(blob.data.startswith(b"by ") for blob in session.query(BlobRow)) == 1


def test_branches_at_once_have_a_number_each(store: Store) -> None:
    explanation = asked(store).id
    kept = at_once(lambda i: store.revisions.put(explanation, f"{i}", b"%d" % i, SKETCH, None, branch=True))
    assert sorted(each.number for each in kept) == list(range(1, THREADS + 1))


def test_revisions_go_with_their_explanation(store: Store) -> None:
    explanation = asked(store).id
    first = store.revisions.put(explanation, "ann", b"1", SKETCH, None)
    store.revisions.put(explanation, "ann", b"2", SKETCH, first.id)
    with store.database.write() as session:
        session.execute(delete(ExplanationRow).where(ExplanationRow.id == explanation))
    assert rows(store)["revisions"] == 0
