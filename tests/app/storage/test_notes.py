"""Notes on every database: numbered within what they are about, and gone with it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.failures import RequestError
from app.storage.notes import MOST, Note
from app.storage.store import Store
from tests.app.conftest import rows
from tests.app.storage.conftest import asked
from tests.app.storage.test_together import THREADS, at_once

PLACE = {"kind": "point", "x": 0.25, "y": 1.0}


def test_it_comes_back_as_it_was(store: Store) -> None:
    explanation = asked(store).id
    made = store.notes.put("explanation", explanation, "ann", PLACE, "the handle")
    assert (made.number, made.author, made.place, made.text) == (1, "ann", PLACE, "the handle")
    assert store.notes.of("explanation", explanation) == [made]
    assert store.notes.of("concepts", explanation) == []


def test_a_deleted_one_leaves_its_number(store: Store) -> None:
    explanation, other = asked(store).id, asked(store, seed=1).id
    first, second = (store.notes.put("explanation", explanation, "ann", PLACE, said) for said in "ab")
    assert not store.notes.delete("explanation", other, first.id), "it is about something else"
    assert store.notes.delete("explanation", explanation, first.id)
    assert not store.notes.delete("explanation", explanation, first.id)
    third = store.notes.put("explanation", explanation, "ann", PLACE, "c")
    assert [note.number for note in store.notes.of("explanation", explanation)] == [2, 3]
    assert store.notes.of("explanation", explanation) == [second, third]


def test_notes_made_at_once_have_numbers_of_their_own(store: Store) -> None:
    explanation = asked(store).id

    def write(i: int) -> Note:
        return store.notes.put("explanation", explanation, "ann", PLACE, f"note {i}")

    assert sorted(note.number for note in at_once(write)) == list(range(1, THREADS + 1))


def test_there_is_a_limit(store: Store) -> None:
    explanation = asked(store).id
    with store.database.write() as session:
        session.execute(
            text(
                "INSERT INTO notes (id, explanation, number, author, place, text, created) "
                "VALUES (:id, :about, :number, 'ann', '{}', 'x', 0)"
            ),
            [{"id": f"n{i}", "about": explanation, "number": i} for i in range(MOST)],
        )
    with pytest.raises(RequestError, match=f"There are {MOST} notes here"):
        store.notes.put("explanation", explanation, "ann", PLACE, "one more")
    assert rows(store)["notes"] == MOST


@pytest.mark.parametrize("about", ["NULL, NULL", "'both', 'both'"])
def test_a_note_is_about_one_thing(store: Store, about: str) -> None:
    with pytest.raises(IntegrityError), store.database.write() as session:
        session.execute(
            text(
                "INSERT INTO notes (id, explanation, concepts, number, author, place, text, created) "
                f"VALUES ('x', {about}, 1, 'ann', '{{}}', 'x', 0)"
            )
        )
