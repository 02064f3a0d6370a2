"""Classifiers that users made of a text model."""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, select

from app.jobs.heads import PREFIX, Definition
from app.storage.database import Database
from app.storage.names import displayed
from app.storage.tables import HeadRow


@dataclass(frozen=True)
class OwnedHead:
    """A classifier as its owner sees it; `name` is display text."""

    id: str
    name: str
    created: float
    definition: Definition

    @property
    def model(self) -> str:
        """What questions call it."""
        return f"{PREFIX}{self.id}"


@dataclass(frozen=True)
class Heads:
    database: Database

    def put(self, owner: str, name: str, definition: Definition) -> OwnedHead:
        values = asdict(definition)
        row = HeadRow(
            id=uuid.uuid4().hex,
            owner=owner,
            name=displayed(name),
            base=values.pop("base"),
            digest=values.pop("digest"),
            labels=list(values.pop("labels")),
            weights=values.pop("weights"),
            definition={"prompts": values.pop("prompts")},
            report=values if definition.weights is not None else None,
            created=time.time(),
        )
        with self.database.write() as session:
            session.add(row)
        return _head(row)

    def of(self, owner: str) -> list[OwnedHead]:
        """The newest first."""
        query = select(HeadRow).where(HeadRow.owner == owner).order_by(HeadRow.created.desc(), HeadRow.id)
        with self.database.read() as session:
            return [_head(row) for row in session.scalars(query)]

    def get(self, owner: str, id: str) -> OwnedHead | None:
        """None for an unknown id and for somebody else's: the two must look alike."""
        with self.database.read() as session:
            row = session.get(HeadRow, id)
            return _head(row) if row and row.owner == owner else None

    def definition(self, id: str) -> Definition | None:
        """Whoever's it is: for jobs, whose owner was checked when they were asked."""
        with self.database.read() as session:
            row = session.get(HeadRow, id)
            return _head(row).definition if row else None

    def delete(self, owner: str, id: str) -> bool:
        """False where there was none of this owner's."""
        with self.database.write() as session:
            query = delete(HeadRow).where(HeadRow.id == id, HeadRow.owner == owner).returning(HeadRow.id)
            return session.scalar(query) is not None


def _head(row: HeadRow) -> OwnedHead:
    report: dict[str, Any] = row.report or {}
    prompts, confusion = row.definition["prompts"], report.get("confusion")
    definition = Definition(
        base=row.base,
        labels=tuple(row.labels),
        digest=row.digest,
        prompts=None if prompts is None else {label: tuple(prompts[label]) for label in row.labels},
        weights=row.weights,
        accuracy=report.get("accuracy"),
        confusion=None if confusion is None else tuple(map(tuple, confusion)),
        rows=report.get("rows"),
        cut=report.get("cut"),
    )
    return OwnedHead(row.id, row.name, row.created, definition)
