"""Small pictures of finished runs, each made once."""

from __future__ import annotations

from dataclasses import dataclass

from app.storage.database import Database
from app.storage.tables import RunRow, ThumbnailRow


@dataclass(frozen=True)
class Thumbnails:
    database: Database

    def get(self, run: str, target: int) -> bytes | None:
        with self.database.read() as session:
            row = session.get(ThumbnailRow, (run, target))
            return row.data if row else None

    def put(self, run: str, target: int, data: bytes) -> None:
        """Nothing where the run was deleted meanwhile."""
        with self.database.write() as session:
            if session.get(RunRow, run, with_for_update=True) is not None:
                session.merge(ThumbnailRow(run=run, target=target, data=data))
