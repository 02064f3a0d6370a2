"""Users' sets of pictures, and the pictures of every set that is worked with."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.jobs.manifest import Manifest
from app.storage import blobs
from app.storage.database import Database
from app.storage.names import displayed
from app.storage.tables import BatchRow, ImageSetRow, MemberRow, RunRow

BATCH = 16  # pictures written at a time: others write in between


@dataclass(frozen=True)
class OwnedSet:
    """A set as its owner sees it; `manifest` is the blob that names its pictures."""

    id: str
    name: str
    manifest: str
    images: int
    labels: dict[str, int]
    created: float


@dataclass(frozen=True)
class ImageSets:
    database: Database

    def put(self, owner: str, name: str, manifest: Manifest, pictures: Iterable[bytes]) -> OwnedSet:
        """`pictures` are the manifest's, in its order. Where that fails, nothing is left."""
        row = ImageSetRow(
            id=uuid.uuid4().hex,
            owner=owner,
            name=displayed(name),
            manifest=manifest.sha256,
            images=len(manifest.members),
            labels=manifest.labels,
            created=time.time(),
        )
        try:
            self.keep(manifest, pictures)
            with self.database.write() as session:
                session.add(row)
        except BaseException:
            with self.database.write() as session:
                release(session, manifest.sha256)
            raise
        return _set(row)

    def keep(self, manifest: Manifest, pictures: Iterable[bytes]) -> None:
        """The pictures of a set that is nobody's own."""
        batch: list[bytes] = []
        with self.database.write() as session:
            blobs.put(session, manifest.data)
        for picture in pictures:
            batch.append(picture)
            if len(batch) == BATCH:
                self._keep(manifest.sha256, batch)
                batch = []
        self._keep(manifest.sha256, batch)

    def holds(self, manifest: str) -> bool:
        """Whether all pictures of this manifest are here."""
        with self.database.read() as session:
            try:
                named = {member.sha256 for member in Manifest.read(blobs.get(session, manifest)).members}
            except LookupError:
                return False
            query = select(MemberRow.sha256).where(MemberRow.manifest == manifest)
            return named == set(session.scalars(query))

    def of(self, owner: str) -> list[OwnedSet]:
        """The newest first."""
        query = select(ImageSetRow).where(ImageSetRow.owner == owner)
        with self.database.read() as session:
            return [_set(row) for row in session.scalars(query.order_by(ImageSetRow.created.desc(), ImageSetRow.id))]

    def get(self, owner: str, id: str) -> OwnedSet | None:
        """None for an unknown id and for somebody else's: the two must look alike."""
        with self.database.read() as session:
            row = session.get(ImageSetRow, id)
            return _set(row) if row and row.owner == owner else None

    def manifest(self, sha256: str) -> Manifest:
        """Raises LookupError: the hash comes from our own rows, never from a user."""
        with self.database.read() as session:
            return Manifest.read(blobs.get(session, sha256))

    def picture(self, sha256: str) -> bytes:
        """The PNG of a member; as above."""
        with self.database.read() as session:
            return blobs.get(session, sha256)

    def delete(self, owner: str, id: str) -> bool:
        """With all pictures that nothing else needs; False where there is no such set of theirs."""
        with self.database.write() as session:
            row = session.get(ImageSetRow, id)
            if row is None or row.owner != owner:
                return False
            session.delete(row)
            session.flush()
            release(session, row.manifest)
            return True

    def _keep(self, manifest: str, pictures: list[bytes]) -> None:
        with self.database.write() as session:
            for picture in pictures:
                session.merge(MemberRow(manifest=manifest, sha256=blobs.put(session, picture)))


def release(session: Session, manifest: str) -> None:
    """Once no set, run or batch has this manifest, its pictures go, as far as nothing else names them."""
    used = select(ImageSetRow.id).where(ImageSetRow.manifest == manifest).exists()
    asked = select(RunRow.key).where(RunRow.input == manifest).exists()
    batched = select(BatchRow.id).where(BatchRow.manifest == manifest).exists()
    if session.scalar(select(used | asked | batched)):
        return
    members = list(session.scalars(select(MemberRow.sha256).where(MemberRow.manifest == manifest)))
    session.execute(delete(MemberRow).where(MemberRow.manifest == manifest))
    blobs.drop_unnamed(session, [*members, manifest])


def _set(row: ImageSetRow) -> OwnedSet:
    return OwnedSet(row.id, row.name, row.manifest, row.images, row.labels, row.created)
