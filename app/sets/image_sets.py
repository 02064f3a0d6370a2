"""Sets of pictures: the user's own, and those that are there for everybody."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageOps

from app import uploads
from app.failures import NotFoundError, RequestError
from app.jobs.manifest import Manifest, Member
from app.service import Service, found, minted, numbered, shown
from app.sets.gathering import Gathering
from app.sets.standing import StandingSet, named, standing
from app.storage.image_sets import OwnedSet

SIDES = (16, 256)  # of a thumbnail
QUALITY = 80  # of WebP
Source = Literal["upload", "builtin", "folder"]


@dataclass(frozen=True)
class ImageSet:
    """A set as whoever may see it does."""

    id: str
    name: str
    images: int
    labels: dict[str, int]
    source: Source
    created: float


def listed(desk: Service, owner: str) -> list[ImageSet]:
    """The user's own, the newest first, then those for everybody."""
    own = [_own(each) for each in desk.store.image_sets.of(owner)]
    return own + [_standing(each) for each in standing(desk.settings.image_sets)]


def keep(desk: Service, owner: str, name: str, gathering: Gathering) -> ImageSet:
    """Raises RequestError for too few pictures; then nothing is kept."""
    manifest = gathering.manifest()
    return _own(desk.store.image_sets.put(owner, shown(name), manifest, gathering.pictures()))


def of_crops(desk: Service, owner: str, name: str, members: Sequence[Member], pictures: Sequence[bytes]) -> ImageSet:
    """A set of pictures that a model has seen already; the user's own of the same crops, if there is one."""
    manifest = Manifest(tuple(members), seen=True)
    for each in desk.store.image_sets.of(owner):
        if each.manifest == manifest.sha256:
            return _own(each)
    return _own(desk.store.image_sets.put(owner, name, manifest, pictures))


def get(desk: Service, owner: str, id: str) -> ImageSet:
    there = named(desk.settings.image_sets, id)
    return _standing(there) if there else _own(found(desk.store.image_sets.get(owner, minted(id)), "set of pictures"))


def manifest(desk: Service, owner: str, id: str) -> Manifest:
    """Its pictures, which are in the database from now on; a set that is there for everybody is read when asked for."""
    there = named(desk.settings.image_sets, id)
    if there is not None:
        return _read(desk, there)
    own = found(desk.store.image_sets.get(owner, minted(id)), "set of pictures")
    return desk.store.image_sets.manifest(own.manifest)


def thumbnail(desk: Service, owner: str, id: str, index: int, side: int) -> bytes:
    """A square from the middle, as WebP."""
    if not SIDES[0] <= side <= SIDES[1]:
        raise RequestError(f"side must lie in [{SIDES[0]}, {SIDES[1]}]; got {side}")
    return small(desk, numbered(manifest(desk, owner, id).members, index, "set").sha256, side)


def small(desk: Service, sha256: str, side: int) -> bytes:
    """The same, of a member of a set."""
    picture = uploads.image(desk.store.image_sets.picture(sha256))
    out = io.BytesIO()
    ImageOps.fit(picture, (side, side), Image.Resampling.BICUBIC).save(out, "WEBP", quality=QUALITY)
    return out.getvalue()


def delete(desk: Service, owner: str, id: str) -> None:
    """Concepts that were made of it stay as they are."""
    if named(desk.settings.image_sets, id) is not None:
        raise RequestError("This set is there for everybody and cannot be deleted.")
    if not desk.store.image_sets.delete(owner, minted(id)):
        raise NotFoundError("There is no such set of pictures, or it is not yours.")


_read_before: dict[str, str] = {}  # state of a set for everybody → its manifest; it need not be gathered again


def _read(desk: Service, there: StandingSet) -> Manifest:
    known = _read_before.get(there.state)
    if known is not None and desk.store.image_sets.holds(known):
        return desk.store.image_sets.manifest(known)
    gathering = Gathering(desk.settings)
    try:
        for name, opened in there.files:
            with opened() as file:
                gathering.add(name, file)
        manifest = gathering.manifest()
        desk.store.image_sets.keep(manifest, gathering.pictures())
    finally:
        gathering.close()
    _read_before[there.state] = manifest.sha256
    return manifest


def _own(own: OwnedSet) -> ImageSet:
    return ImageSet(own.id, own.name, own.images, own.labels, "upload", own.created)


def _standing(there: StandingSet) -> ImageSet:
    return ImageSet(there.id, there.name, len(there.files), there.labels, there.source, there.created)
