"""Content-addressed bytes, written inside somebody else's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from app.storage.tables import BlobRow, Table


def put(session: Session, data: bytes) -> str:
    """Store once, return the sha256."""
    sha256 = hashlib.sha256(data).hexdigest()
    if session.get(BlobRow, sha256) is None:
        session.add(BlobRow(sha256=sha256, data=data, size=len(data)))
        session.flush()
    return sha256


def get(session: Session, sha256: str) -> bytes:
    """Raises LookupError when there is none: a reference without its blob is damage, not a user's mistake."""
    row = session.get(BlobRow, sha256)
    if row is None:
        raise LookupError(f"blob {sha256} is missing")
    return row.data


def drop_unnamed(session: Session, shas: Iterable[str]) -> None:
    """Of these blobs, those that no row of any table names are gone."""
    naming = [
        key.parent
        for table in Table.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table is BlobRow.__table__
    ]
    for sha256 in set(shas):
        named = select(or_(*(select(column).where(column == sha256).exists() for column in naming)))
        if not session.scalar(named):
            session.execute(delete(BlobRow).where(BlobRow.sha256 == sha256))
