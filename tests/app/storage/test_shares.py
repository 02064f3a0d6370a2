"""Shares: what a link keeps alive, and that what is over looks as if it had never been."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import func, select, text

from app.storage import blobs
from app.storage.database import MIGRATIONS, Database
from app.storage.shares import Share
from app.storage.store import Store
from app.storage.tables import BlobRow, ShareBlobRow, ShareRow
from tests.app.storage.conftest import asked

DAY = 24 * 3600.0
PART = b"a part"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is for shares."""
    now = [time.time()]
    monkeypatch.setattr("app.storage.shares.time.time", lambda: now[0])
    return now


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def kept(store: Store, data: bytes = PART) -> str:
    """A blob that a picture of ann's names."""
    with store.database.write() as session:
        return blobs.put(session, data)


def shared(store: Store, token: str = "token", seconds: float = DAY, parts: Mapping[str, str] | None = None) -> Share:
    snapshot: dict[str, Any] = {"title": "Why?", "inside": 1}
    return store.shares.put("ann", hashed(token), "explanation", snapshot, parts or {kept(store): "x/y"}, seconds)


def blobs_left(store: Store) -> int:
    with store.database.read() as session:
        return session.scalar(select(func.count()).select_from(BlobRow)) or 0


def test_s19_a_token_opens_its_share_and_nothing_else_does(store: Store) -> None:
    share = shared(store)
    assert store.shares.redeem(hashed("token")) == share
    assert store.shares.get(share.id) == share
    assert [store.shares.redeem(other) for other in (hashed("Token"), "token", "", share.id, "0" * 64)] == [None] * 5
    with store.database.read() as session:
        row = session.scalar(select(ShareRow))
        assert row is not None
        assert "token" not in repr([getattr(row, column.name) for column in ShareRow.__table__.columns])


def test_s20_over_is_over(store: Store, clock: list[float]) -> None:
    share, other = shared(store, "a", 10), shared(store, "b", DAY)
    clock[0] += 9.9
    assert store.shares.live([share.id, other.id, "0" * 32]) == {share.id, other.id}
    clock[0] += 0.1
    assert store.shares.redeem(hashed("a")) is store.shares.get(share.id) is None
    assert store.shares.blob(share.id, hashlib.sha256(PART).hexdigest()) is None
    assert store.shares.live([share.id, other.id]) == {other.id}
    states = {each.id: each.state(clock[0]) for each in store.shares.of("ann")}
    assert states == {share.id: "expired", other.id: "live"}
    assert store.shares.count("ann") == 1


def test_s20_only_its_owner_revokes_and_for_good(store: Store) -> None:
    share = shared(store)
    assert not store.shares.revoke("bob", share.id)
    assert not store.shares.revoke("ann", "0" * 32)
    assert store.shares.get(share.id) == share
    assert store.shares.revoke("ann", share.id)
    assert store.shares.redeem(hashed("token")) is store.shares.get(share.id) is None
    assert store.shares.live([share.id]) == frozenset()
    (told,) = store.shares.of("ann")
    assert (told.state(time.time()), told.snapshot) == ("revoked", {"title": "Why?"})
    assert store.shares.revoke("ann", share.id), "once more is no mistake"
    assert store.shares.of("ann") == [told]
    assert store.shares.of("bob") == []


def test_a_part_is_read_below_its_share_only(store: Store) -> None:
    mine, foreign = kept(store), kept(store, b"another")
    share, other = shared(store, "a", parts={mine: "x/y"}), shared(store, "b", parts={foreign: "x/z"})
    assert store.shares.blob(share.id, mine) == ("x/y", PART)
    assert store.shares.blob(other.id, foreign) == ("x/z", b"another")
    assert store.shares.blob(share.id, foreign) is store.shares.blob("0" * 32, mine) is None


def test_parts_stay_while_a_share_lives_and_no_longer(store: Store, clock: list[float]) -> None:
    sha256 = kept(store)
    shared(store, "a", 10, {sha256: "x/y"})
    second = shared(store, "b", DAY, {sha256: "x/y"})
    with store.database.write() as session:
        blobs.drop_unnamed(session, [sha256])
    assert store.shares.blob(second.id, sha256) == ("x/y", PART)
    clock[0] += 11
    shared(store, "c", DAY, {kept(store, b"another"): "x/y"})  # lets go of what is over
    assert store.shares.blob(second.id, sha256) == ("x/y", PART)
    with store.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ShareBlobRow)) == 2
    store.shares.revoke("ann", second.id)
    assert blobs_left(store) == 1


def test_a_database_of_revision_0003_is_brought_up_with_its_rows(url: str) -> None:
    database = Database(url)
    database.upgrade()
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    before = Store.at(url)
    explanation = asked(before)  # written by the code of today, and brought back to what it was
    with database.engine.execution_options(whylens_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
    before.database.upgrade()
    assert before.explanations.get("ann", explanation.id) == explanation
    share = shared(before)
    with database.engine.execution_options(whylens_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
        tables = connection.execute(text("SELECT COUNT(*) FROM explanations")).scalar()
    assert tables == 1
    before.database.upgrade()
    assert before.shares.get(share.id) is None
    before.database.close()
    database.close()
