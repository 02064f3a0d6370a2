"""Users' explanations: an owner, a run, and how it is looked at."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.jobs.spec import JobSpec
from app.storage import assets, blobs, runs
from app.storage.database import Database
from app.storage.tables import ExplanationRow, RevisionRow


@dataclass(frozen=True)
class Explanation:
    """What a link points to. `view` holds what changes nothing in the computation.

    `target` is the class looked at, `compare` a list of [explanation, class] laid beside it. `name` is what its owner
    calls it, empty where they call it nothing.
    """

    id: str
    owner: str
    run: str
    asset: str
    view: dict[str, Any]
    created: float
    name: str = ""


@dataclass(frozen=True)
class Explanations:
    database: Database

    def open(
        self, owner: str, asset: str, spec: JobSpec, look: dict[str, Any], input: bytes, target: int
    ) -> tuple[Explanation, bool]:
        """One explanation per user, asset and run; and whether its run has to be computed now.

        A new one is looked at for `target`; one that is there, as before.
        """
        with self.database.write() as session:
            fresh = runs.enter(session, spec, look, blobs.put(session, input), owner)
            row = session.scalar(
                select(ExplanationRow).where(
                    ExplanationRow.owner == owner, ExplanationRow.run == spec.key, ExplanationRow.asset == asset
                )
            )
            if row is None:
                row = ExplanationRow(
                    id=uuid.uuid4().hex,
                    owner=owner,
                    run=spec.key,
                    asset=asset,
                    view={"target": target},
                    created=time.time(),
                )
                session.add(row)
        return _explanation(row), fresh

    def get(self, owner: str, id: str) -> Explanation | None:
        """None for an unknown id and for somebody else's: the two must look alike."""
        with self.database.read() as session:
            row = session.get(ExplanationRow, id)
            return _explanation(row) if row and row.owner == owner else None

    def look_at(self, owner: str, id: str, target: int) -> None:
        """Remember which class the user looks at."""
        self._view(owner, id, {"target": target})

    def compare(self, owner: str, id: str, beside: Sequence[tuple[str, int]]) -> None:
        """Remember what the user has laid beside it."""
        self._view(owner, id, {"compare": [list(tile) for tile in beside]})

    def rename(self, owner: str, id: str, name: str) -> None:
        """An empty name takes the name away."""
        with self.database.write() as session:
            row = session.get(ExplanationRow, id)
            if row and row.owner == owner:
                row.name = name or None

    def delete(self, owner: str, id: str) -> list[str] | None:
        """With its revisions and notes, and with input and run once nothing else needs them.

        Keys of the runs that were cancelled with it; None where there is nothing of theirs.
        """
        with self.database.write() as session:
            row = session.get(ExplanationRow, id)
            if row is None or row.owner != owner:
                return None
            planes = list(session.scalars(select(RevisionRow.planes).where(RevisionRow.explanation == id)))
            session.delete(row)
            session.flush()
            blobs.drop_unnamed(session, planes)
            cancelled = runs.release(session, row.run, owner)
            assets.release(session, row.asset)
            return cancelled

    def _view(self, owner: str, id: str, news: dict[str, Any]) -> None:
        with self.database.write() as session:
            row = session.get(ExplanationRow, id)
            if row and row.owner == owner:
                row.view = {**row.view, **news}


def _explanation(row: ExplanationRow) -> Explanation:
    return Explanation(row.id, row.owner, row.run, row.asset, row.view, row.created, row.name or "")
