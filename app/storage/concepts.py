"""Users' concepts: an owner, a run over a set, and what the user calls what was found."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from app.jobs.spec import ConceptSpec
from app.storage import image_sets, runs
from app.storage.database import Database
from app.storage.tables import ConceptsRow

Part = Literal["concepts", "strategies"]


@dataclass(frozen=True)
class Concepts:
    """What a link points to. `name` is its set's.

    `view` holds names and suspicions of each part by its number, and what the user calls it; they change no number.
    """

    id: str
    owner: str
    run: str
    image_set: str
    name: str
    view: dict[str, Any]
    created: float


@dataclass(frozen=True)
class ConceptsOfUsers:
    database: Database

    def open(
        self, owner: str, image_set: str, name: str, spec: ConceptSpec, look: dict[str, Any]
    ) -> tuple[Concepts, bool]:
        """One per user, set and run; and whether its run has to be computed now."""
        with self.database.write() as session:
            fresh = runs.enter(session, spec, look, spec.manifest, owner)
            row = session.scalar(
                select(ConceptsRow).where(
                    ConceptsRow.owner == owner, ConceptsRow.run == spec.key, ConceptsRow.image_set == image_set
                )
            )
            if row is None:
                row = ConceptsRow(
                    id=uuid.uuid4().hex,
                    owner=owner,
                    run=spec.key,
                    image_set=image_set,
                    name=name,
                    view={"concepts": {}, "strategies": {}},
                    created=time.time(),
                )
                session.add(row)
        return _concepts(row), fresh

    def get(self, owner: str, id: str) -> Concepts | None:
        """None for an unknown id and for somebody else's: the two must look alike."""
        with self.database.read() as session:
            row = session.get(ConceptsRow, id)
            return _concepts(row) if row and row.owner == owner else None

    def of(self, owner: str) -> list[Concepts]:
        """The newest first."""
        query = select(ConceptsRow).where(ConceptsRow.owner == owner)
        with self.database.read() as session:
            return [
                _concepts(row) for row in session.scalars(query.order_by(ConceptsRow.created.desc(), ConceptsRow.id))
            ]

    def call(self, owner: str, id: str, part: Part, number: int, name: str, suspicious: bool) -> dict[str, Any]:
        """The new view. A part without a name that is not suspicious is as if nobody had touched it."""
        with self.database.write() as session:
            row = session.get(ConceptsRow, id)
            if row is None or row.owner != owner:
                raise LookupError(f"concepts {id} are not there")
            told = {key: value for key, value in row.view[part].items() if key != str(number)}
            if name or suspicious:
                told[str(number)] = {"name": name, "suspicious": suspicious}
            row.view = {**row.view, part: told}
            return row.view

    def rename(self, owner: str, id: str, name: str) -> None:
        """What its owner calls it; an empty name takes the name away."""
        with self.database.write() as session:
            row = session.get(ConceptsRow, id)
            if row and row.owner == owner:
                row.view = {key: value for key, value in row.view.items() if key != "name"} | (
                    {"name": name} if name else {}
                )

    def delete(self, owner: str, id: str) -> bool:
        """With the run and its pictures, once nobody else has them; False where there is nothing of theirs."""
        with self.database.write() as session:
            row = session.get(ConceptsRow, id)
            if row is None or row.owner != owner:
                return False
            session.delete(row)
            session.flush()
            if session.scalar(select(ConceptsRow.id).where(ConceptsRow.run == row.run).limit(1)) is None:
                image_sets.release(session, runs.drop(session, row.run))
            return True


def _concepts(row: ConceptsRow) -> Concepts:
    return Concepts(row.id, row.owner, row.run, row.image_set, row.name, row.view, row.created)
