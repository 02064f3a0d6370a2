"""Revisions of explanations: what people painted on them, each with the one that it was made from."""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.failures import ConflictError
from app.storage import blobs
from app.storage.database import Database
from app.storage.names import displayed
from app.storage.tables import ExplanationRow, RevisionRow


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """What was painted, in words: `area` is the painted share of the picture, `note` display text."""

    target: int
    mode: str
    fill: str
    area: float
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Revision:
    """The `number`th of its explanation. `sha256` is of its planes: what is painted, then what is added to the map."""

    id: str
    explanation: str
    number: int
    parent: str | None
    author: str
    created: float
    sha256: str
    sketch: Sketch


@dataclass(frozen=True)
class Revisions:
    database: Database

    def put(
        self, explanation: str, author: str, planes: bytes, sketch: Sketch, parent: str | None, *, branch: bool = False
    ) -> Revision:
        """The newest from now on. Raises ConflictError when `parent` is not the newest so far, unless it may branch."""
        with self.database.write() as session:
            # where writers do not exclude each other, those of one explanation wait here
            session.get(ExplanationRow, explanation, with_for_update=True)
            newest = _newest(session, explanation)
            if newest is not None and newest.id != parent and not branch:
                raise ConflictError(
                    f"Revision {newest.number} was saved after the one that this was made from: "
                    "open it, or save this as a branch."
                )
            row = RevisionRow(
                id=uuid.uuid4().hex,
                explanation=explanation,
                number=1 if newest is None else newest.number + 1,
                parent=parent,
                author=author,
                created=time.time(),
                planes=blobs.put(session, planes),
                **(asdict(sketch) | {"note": displayed(sketch.note)}),
            )
            session.add(row)
        return _revision(row)

    def of(self, explanation: str) -> list[Revision]:
        """The newest first."""
        query = select(RevisionRow).where(RevisionRow.explanation == explanation).order_by(RevisionRow.number.desc())
        with self.database.read() as session:
            return [_revision(row) for row in session.scalars(query)]

    def get(self, id: str) -> Revision | None:
        with self.database.read() as session:
            row = session.get(RevisionRow, id)
            return _revision(row) if row else None

    def delete(self, id: str) -> bool:
        """Those made from it are, from now on, made from the one that it was made from. False where there is none."""
        with self.database.write() as session:
            row = session.get(RevisionRow, id)
            if row is None:
                return False
            session.execute(update(RevisionRow).where(RevisionRow.parent == id).values(parent=row.parent))
            session.delete(row)
            session.flush()
            blobs.drop_unnamed(session, [row.planes])
            return True

    def planes(self, revision: Revision) -> bytes:
        with self.database.read() as session:
            return blobs.get(session, revision.sha256)


def _newest(session: Session, explanation: str) -> RevisionRow | None:
    query = select(RevisionRow).where(RevisionRow.explanation == explanation).order_by(RevisionRow.number.desc())
    return session.scalars(query.limit(1)).one_or_none()


def _revision(row: RevisionRow) -> Revision:
    return Revision(
        id=row.id,
        explanation=row.explanation,
        number=row.number,
        parent=row.parent,
        author=row.author,
        created=row.created,
        sha256=row.planes,
        sketch=Sketch(target=row.target, mode=row.mode, fill=row.fill, area=row.area, note=row.note),
    )
