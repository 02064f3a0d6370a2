"""Links that let others see one thing, frozen as it was: who gave them, what they show, until when."""

from __future__ import annotations

import hmac
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.storage import blobs
from app.storage.database import Database
from app.storage.tables import ShareBlobRow, ShareRow

Kind = Literal["explanation", "concepts"]
State = Literal["live", "expired", "revoked"]


@dataclass(frozen=True)
class Share:
    """What a link shows. Of one that is over only the snapshot's title is kept."""

    id: str
    owner: str
    kind: Kind
    snapshot: dict[str, Any]
    created: float
    expires: float
    revoked: float | None

    @property
    def until(self) -> datetime:
        return datetime.fromtimestamp(self.expires, UTC)

    def state(self, now: float) -> State:
        if self.revoked is not None:
            return "revoked"
        return "live" if now < self.expires else "expired"


@dataclass(frozen=True)
class Shares:
    database: Database

    def put(
        self,
        owner: str,
        token_hash: str,
        kind: Kind,
        snapshot: dict[str, Any],
        parts: Mapping[str, str],
        seconds: float,
    ) -> Share:
        """`parts`: sha256 of each blob that may be read → its media type. They stay as long as the share lives."""
        now = time.time()
        row = ShareRow(
            id=uuid.uuid4().hex,
            owner=owner,
            token_hash=token_hash,
            kind=kind,
            snapshot=snapshot,
            created=now,
            expires=now + seconds,
            revoked=None,
        )
        with self.database.write() as session:
            for over in session.scalars(select(ShareRow).where(ShareRow.expires <= now, _holding)):
                _release(session, over)
            session.add(row)
            session.flush()
            session.add_all(ShareBlobRow(share=row.id, sha256=sha256, media=media) for sha256, media in parts.items())
        return _share(row)

    def redeem(self, token_hash: str) -> Share | None:
        """The live share of a token. What is unknown, over or revoked takes the same way and looks alike."""
        with self.database.read() as session:
            row = session.scalar(select(ShareRow).where(ShareRow.token_hash == token_hash))
            known = hmac.compare_digest(row.token_hash if row else "0" * len(token_hash), token_hash)
            share = _share(row) if row and known else None
            return share if share and share.state(time.time()) == "live" else None

    def get(self, id: str) -> Share | None:
        """None unless it is live."""
        with self.database.read() as session:
            row = session.get(ShareRow, id)
            return _share(row) if row and _share(row).state(time.time()) == "live" else None

    def live(self, ids: Iterable[str], now: float | None = None) -> frozenset[str]:
        """Those of these that are."""
        query = select(ShareRow.id).where(ShareRow.id.in_(set(ids)), *_live(now or time.time()))
        with self.database.read() as session:
            return frozenset(session.scalars(query))

    def of(self, owner: str) -> list[Share]:
        """The newest first."""
        query = select(ShareRow).where(ShareRow.owner == owner).order_by(ShareRow.created.desc(), ShareRow.id)
        with self.database.read() as session:
            return [_share(row) for row in session.scalars(query)]

    def count(self, owner: str) -> int:
        """How many of this user's are live."""
        query = select(func.count()).select_from(ShareRow).where(ShareRow.owner == owner, *_live(time.time()))
        with self.database.read() as session:
            return session.scalar(query) or 0

    def revoke(self, owner: str, id: str) -> bool:
        """For good; False where there is none of theirs. Once more is as good as once."""
        with self.database.write() as session:
            row = session.get(ShareRow, id)
            if row is None or row.owner != owner:
                return False
            row.revoked = row.revoked or time.time()
            _release(session, row)
            return True

    def delete(self, owner: str, id: str) -> bool:
        """Taken back, and not listed any more; False where there is none of theirs."""
        with self.database.write() as session:
            row = session.get(ShareRow, id)
            if row is None or row.owner != owner:
                return False
            _release(session, row)
            session.delete(row)
            return True

    def blob(self, id: str, sha256: str) -> tuple[str, bytes] | None:
        """(media type, bytes) of a part that a live share lists; None for any other, even if it exists."""
        query = (
            select(ShareBlobRow)
            .join(ShareRow, ShareRow.id == ShareBlobRow.share)
            .where(ShareRow.id == id, ShareBlobRow.sha256 == sha256, *_live(time.time()))
        )
        with self.database.read() as session:
            row = session.scalar(query)
            return None if row is None else (row.media, blobs.get(session, sha256))


def _live(now: float) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ShareRow.revoked.is_(None), ShareRow.expires > now


_holding = select(ShareBlobRow.share).where(ShareBlobRow.share == ShareRow.id).exists()


def _release(session: Session, row: ShareRow) -> None:
    """What it shows goes, as far as nothing else names it."""
    parts = list(session.scalars(select(ShareBlobRow.sha256).where(ShareBlobRow.share == row.id)))
    session.execute(delete(ShareBlobRow).where(ShareBlobRow.share == row.id))
    row.snapshot = {"title": row.snapshot["title"]}
    session.flush()
    blobs.drop_unnamed(session, parts)


def _share(row: ShareRow) -> Share:
    return Share(
        row.id,
        row.owner,
        row.kind,  # type: ignore[arg-type]  # the table's check constraint holds it to Kind
        row.snapshot,
        row.created,
        row.expires,
        row.revoked,
    )
