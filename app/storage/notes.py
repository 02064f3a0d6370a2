"""Notes on places of explanations and studies: what somebody says there, and who."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, select

from app.failures import RequestError
from app.storage.database import Database
from app.storage.tables import ConceptsRow, ExplanationRow, NoteRow

About = Literal["explanation", "concepts"]
MOST = 200  # on one thing
ROWS = {"explanation": ExplanationRow, "concepts": ConceptsRow}


@dataclass(frozen=True)
class Note:
    """The `number`th on its thing. `place`: a point or rectangle in fractions, a word, a concept, a strategy."""

    id: str
    number: int
    author: str
    place: dict[str, Any]
    text: str
    created: float


@dataclass(frozen=True)
class Notes:
    """Of things whose owner was checked before."""

    database: Database

    def put(self, about: About, id: str, author: str, place: dict[str, Any], text: str) -> Note:
        """Raises RequestError where there are too many."""
        with self.database.write() as session:
            session.get(ROWS[about], id, with_for_update=True)  # the writers on one thing wait here, to be numbered
            count, last = session.execute(
                select(func.count(), func.max(NoteRow.number)).select_from(NoteRow).where(_on(about, id))
            ).one()
            if count >= MOST:
                raise RequestError(f"There are {MOST} notes here, which is the limit; delete one first.")
            row = NoteRow(
                id=uuid.uuid4().hex,
                number=(last or 0) + 1,
                author=author,
                place=place,
                text=text,
                created=time.time(),
                **{about: id},
            )
            session.add(row)
        return _note(row)

    def of(self, about: About, id: str) -> list[Note]:
        """In the order in which they were made."""
        query = select(NoteRow).where(_on(about, id)).order_by(NoteRow.number)
        with self.database.read() as session:
            return [_note(row) for row in session.scalars(query)]

    def delete(self, about: About, id: str, note: str) -> bool:
        """False where there is no such note on this thing. The others keep their numbers."""
        query = delete(NoteRow).where(NoteRow.id == note, _on(about, id)).returning(NoteRow.id)
        with self.database.write() as session:
            return session.scalar(query) is not None


def _on(about: About, id: str) -> ColumnElement[bool]:
    return (NoteRow.explanation if about == "explanation" else NoteRow.concepts) == id


def _note(row: NoteRow) -> Note:
    return Note(row.id, row.number, row.author, row.place, row.text, row.created)
