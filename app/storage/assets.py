"""Users' inputs."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.storage import blobs
from app.storage.database import Database
from app.storage.names import displayed
from app.storage.tables import AssetRow, ExplanationRow
from app.uploads import Asset
from models.card import Kind


@dataclass(frozen=True)
class OwnedAsset:
    """An input as its owner sees it; `name` is display text and never a path.

    `width` and `height` of a text are its numbers of characters and of lines.
    """

    id: str
    sha256: str
    kind: Kind
    name: str
    width: int
    height: int


@dataclass(frozen=True)
class Assets:
    database: Database

    def put(self, owner: str, upload: Asset, name: str) -> OwnedAsset:
        """Keep an input; the same one under the same name is the one that is there."""
        name = displayed(name)
        with self.database.write() as session:
            sha256 = blobs.put(session, upload.data)
            row = session.scalar(
                select(AssetRow).where(
                    AssetRow.owner == owner,
                    AssetRow.sha256 == sha256,
                    AssetRow.kind == upload.kind,
                    AssetRow.name == name,
                )
            )
            if row is None:
                row = AssetRow(
                    id=uuid.uuid4().hex,
                    owner=owner,
                    sha256=sha256,
                    kind=upload.kind,
                    name=name,
                    width=upload.size[0],
                    height=upload.size[1],
                    created=time.time(),
                )
                session.add(row)
        return _asset(row)

    def get(self, owner: str, id: str) -> OwnedAsset | None:
        """None for an unknown id and for somebody else's: the two must look alike."""
        with self.database.read() as session:
            row = session.get(AssetRow, id)
            return _asset(row) if row and row.owner == owner else None

    def data(self, asset: OwnedAsset) -> bytes:
        with self.database.read() as session:
            return blobs.get(session, asset.sha256)


def release(session: Session, id: str) -> None:
    """Once no explanation is about it, the input goes, and its bytes as far as nothing else names them."""
    if session.scalar(select(ExplanationRow.id).where(ExplanationRow.asset == id).limit(1)) is not None:
        return
    row = session.get(AssetRow, id)
    if row is not None:
        session.delete(row)
        session.flush()
        blobs.drop_unnamed(session, [row.sha256])


def _asset(row: AssetRow) -> OwnedAsset:
    return OwnedAsset(
        id=row.id,
        sha256=row.sha256,
        kind=row.kind,  # type: ignore[arg-type]  # written from an Asset's
        name=row.name,
        width=row.width,
        height=row.height,
    )
