"""Sets of pictures and users' concepts, on every database: ownership, and what lives as long as it is needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.jobs.manifest import Manifest, Member
from app.jobs.spec import ConceptSpec
from app.storage.concepts import Concepts
from app.storage.image_sets import OwnedSet
from app.storage.store import Store
from tests.app.conftest import rows
from tests.app.storage.conftest import upload

PICTURES = tuple(upload(seed).data for seed in range(3))


def manifest(*pictures: bytes, name: str = "a") -> Manifest:
    return Manifest(
        tuple(
            Member(hashlib.sha256(data).hexdigest(), f"{name} {n}", None if n == 0 else "lily")
            for n, data in enumerate(pictures)
        )
    )


def kept(store: Store, owner: str = "ann", pictures: tuple[bytes, ...] = PICTURES) -> OwnedSet:
    return store.image_sets.put(owner, "flowers\x00", manifest(*pictures), pictures)


def spec(own: OwnedSet, seed: int = 0) -> ConceptSpec:
    return ConceptSpec(
        manifest=own.manifest,
        model="tiny",
        digest="d" * 64,
        layer="features",
        target=None,
        by="predicted",
        n_concepts=10,
        factorizer="nmf",
        rows="locations",
        importance="gradient_x_input",
        seed=seed,
        revision=1,
    )


def opened(store: Store, own: OwnedSet, owner: str = "ann") -> Concepts:
    return store.concepts.open(owner, own.id, own.name, spec(own), {"card": {}})[0]


def finished(store: Store, own: OwnedSet, owner: str = "ann") -> Concepts:
    concepts = opened(store, own, owner)
    attempt = store.runs.claim(concepts.run)
    assert attempt is not None
    assert store.runs.finish(concepts.run, attempt, 1, {"kind": "concepts"}, {"shares": b"s", "image-0": b"i"})
    return concepts


def test_it_comes_back_as_it_was(store: Store) -> None:
    own = kept(store)
    assert (own.name, own.images, own.labels) == ("flowers", 3, {"lily": 2})
    assert store.image_sets.get("ann", own.id) == own
    assert store.image_sets.of("ann") == [own]
    assert store.image_sets.manifest(own.manifest) == manifest(*PICTURES)
    for member, data in zip(manifest(*PICTURES).members, PICTURES, strict=True):
        assert store.image_sets.picture(member.sha256) == data
    assert store.image_sets.holds(own.manifest)
    assert not store.image_sets.holds("0" * 64)


def test_the_same_picture_twice_is_two_members_and_one_blob(store: Store) -> None:
    before = rows(store)["blobs"]
    own = kept(store, pictures=(PICTURES[0], PICTURES[0]))
    assert own.images == 2
    assert rows(store)["blobs"] == before + 2  # the picture, the manifest


def test_the_newest_is_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for second in (3, 1, 2):
        monkeypatch.setattr("app.storage.image_sets.time.time", lambda second=second: float(second))
        kept(store)
    assert [own.created for own in store.image_sets.of("ann")] == [3, 2, 1]


def test_somebody_elses_looks_unknown(store: Store) -> None:
    own = kept(store)
    concepts = finished(store, own)
    before = rows(store)
    assert store.image_sets.get("bob", own.id) is None
    assert store.image_sets.of("bob") == []
    assert not store.image_sets.delete("bob", own.id)
    assert store.concepts.get("bob", concepts.id) is None
    assert store.concepts.of("bob") == []
    assert not store.concepts.delete("bob", concepts.id)
    with pytest.raises(LookupError):
        store.concepts.call("bob", concepts.id, "concepts", 0, "mine", True)
    assert rows(store) == before


def test_what_is_deleted_is_gone_whole(store: Store) -> None:
    before = rows(store)
    own = kept(store)
    assert store.image_sets.delete("ann", own.id)
    assert not store.image_sets.delete("ann", own.id)
    assert rows(store) == before


def test_pictures_that_fail_to_come_leave_nothing(store: Store) -> None:
    def broken() -> Iterator[bytes]:
        yield from PICTURES[:2]
        raise OSError("the disk is gone")

    before = rows(store)
    with pytest.raises(OSError, match="the disk is gone"):
        store.image_sets.put("ann", "flowers", manifest(*PICTURES), broken())
    assert rows(store) == before


def test_pictures_live_while_anybody_has_them(store: Store) -> None:
    """In another's set of the same pictures, in a run over them, as a picture of one's own."""
    before = rows(store)
    anns, bobs = kept(store), kept(store, "bob")
    asset = store.assets.put("ann", upload(0), "picture")
    concepts = finished(store, anns)
    members = manifest(*PICTURES).members
    assert store.image_sets.delete("ann", anns.id)
    assert store.image_sets.delete("bob", bobs.id)
    assert store.image_sets.holds(anns.manifest)
    assert store.concepts.delete("ann", concepts.id)
    assert not store.image_sets.holds(anns.manifest)
    assert store.assets.data(asset) == PICTURES[0]
    with pytest.raises(LookupError):
        store.image_sets.picture(members[1].sha256)
    assert rows(store) == {**before, "blobs": before["blobs"] + 1, "assets": before["assets"] + 1}


def test_a_run_lives_while_anybody_has_it(store: Store) -> None:
    own = kept(store)
    anns, bobs = finished(store, own), opened(store, own, "bob")
    assert anns.run == bobs.run
    assert store.concepts.delete("ann", anns.id)
    run = store.runs.get(bobs.run)
    assert run.result is not None
    assert store.runs.blob(run.key, run.result["blobs"]["shares"]) == b"s"
    assert store.concepts.delete("bob", bobs.id)
    assert store.runs.find(bobs.run) is None


def test_one_for_each_user_and_set(store: Store) -> None:
    own = kept(store)
    first, fresh = store.concepts.open("ann", own.id, own.name, spec(own), {})
    again, twice = store.concepts.open("ann", own.id, own.name, spec(own), {})
    other, shared = store.concepts.open("bob", own.id, own.name, spec(own), {})
    assert (fresh, twice, shared) == (True, False, False)
    assert first == again
    assert (other.run, other.id != first.id) == (first.run, True)
    assert store.runs.get(first.run).spec == spec(own)
    assert store.runs.get(first.run).input == own.manifest


def test_names_and_suspicions(store: Store) -> None:
    concepts = opened(store, kept(store))

    def call(*told: Any) -> dict[str, Any]:
        return store.concepts.call("ann", concepts.id, *told)

    assert concepts.view == {"concepts": {}, "strategies": {}}
    call("concepts", 3, "corner mark", True)
    view = call("strategies", 0, "", True)
    assert view == {
        "concepts": {"3": {"name": "corner mark", "suspicious": True}},
        "strategies": {"0": {"name": "", "suspicious": True}},
    }
    assert (store.concepts.get("ann", concepts.id) or concepts).view == view
    call("strategies", 0, "", False)
    assert call("concepts", 3, "", False) == {"concepts": {}, "strategies": {}}


@pytest.mark.parametrize("state", ["queued", "running"])
def test_what_works_for_a_deleted_run_is_refused(store: Store, state: str) -> None:
    concepts = opened(store, kept(store))
    attempt = store.runs.claim(concepts.run) if state == "running" else 1
    assert attempt is not None
    assert store.concepts.delete("ann", concepts.id)
    before = rows(store)
    assert store.runs.claim(concepts.run) is None
    assert not store.runs.report(concepts.run, attempt, 1, 2, b"{}")
    assert not store.runs.finish(concepts.run, attempt, 2, {}, {"a": b"a"})
    store.runs.fail(concepts.run, "It went wrong.")
    store.runs.requeue(concepts.run)
    assert rows(store) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE image_sets SET manifest = 'nothing'",
        "UPDATE image_set_blobs SET sha256 = 'nothing'",
        "UPDATE concepts SET run = 'nothing'",
        "DELETE FROM runs",
    ],
)
def test_the_database_itself_refuses_damage(store: Store, statement: str) -> None:
    finished(store, kept(store))
    with pytest.raises(IntegrityError), store.database.write() as session:
        session.execute(text(statement))
