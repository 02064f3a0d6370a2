"""A database that stops, comes back, is full or read-only (S28): nothing half stored, and one sentence for it."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text

from app import failures
from app.storage import database
from app.storage.database import Database, patiently
from app.storage.store import Store
from app.unavailable import UnavailableError
from scripts.topology.postgres import Postgres
from tests.app.conftest import rows
from tests.app.storage.conftest import asked, opened
from tests.app.storage.test_store import PARTS, RESULT
from tests.disks import small_disk
from tests.postgres import schema_of_its_own
from tests.server import until


@pytest.fixture
def cluster(postgres: Postgres) -> Iterator[Store]:
    """On PostgreSQL alone, whatever else runs on both."""
    with schema_of_its_own(postgres) as url:
        store = Store.at(url)
        store.database.upgrade()
        try:
            yield store
        finally:
            if postgres.process is None:
                again(postgres)
            store.database.close()


def again(postgres: Postgres) -> None:
    postgres.start()
    until(postgres.ready, "PostgreSQL answers")


@pytest.mark.parametrize("end", [Postgres.stop, Postgres.kill])
def test_s28_what_was_stored_is_there_after_a_restart(
    cluster: Store, postgres: Postgres, end: Callable[[Postgres], None]
) -> None:
    explanation = asked(cluster)
    before = rows(cluster)
    end(postgres)
    again(postgres)
    assert cluster.explanations.get("ann", explanation.id) == explanation  # the old connection is found to be dead
    assert rows(cluster) == before
    assert asked(cluster, "bob").run == explanation.run


def test_a_transaction_cut_off_leaves_nothing(cluster: Store, postgres: Postgres) -> None:
    key = asked(cluster).run
    attempt = cluster.runs.claim(key)
    assert attempt is not None
    before = rows(cluster)

    def cut() -> None:
        with cluster.database.write() as session:
            session.execute(text("UPDATE runs SET done = 7"))
            postgres.kill()
            session.execute(text("UPDATE runs SET done = 8"))

    with pytest.raises(UnavailableError, match="it cannot be reached"):
        cut()
    again(postgres)
    assert (rows(cluster), cluster.runs.get(key).done) == (before, 0)
    assert cluster.runs.finish(key, attempt, 10, RESULT, PARTS)


def test_a_database_that_is_away_is_one_sentence(cluster: Store, postgres: Postgres) -> None:
    postgres.stop()
    with pytest.raises(UnavailableError) as told:
        asked(cluster)
    assert failures.sentence(told.value) == str(told.value)
    assert "try again in a minute" in str(told.value)


def test_patience_outlasts_a_restart(
    cluster: Store, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    key = asked(cluster).run
    attempt = cluster.runs.claim(key)
    assert attempt is not None
    postgres.stop()
    back = Thread(target=again, args=[postgres])
    # the server comes back once a write has failed, so that one surely has
    monkeypatch.setattr("time.sleep", lambda _: None if back.ident else back.start())
    with caplog.at_level(logging.WARNING, "whylens"):
        assert patiently(cluster.runs.report, key, attempt, 3, 10, b"preview")
    back.join()
    assert "report is tried again" in caplog.text
    assert (cluster.runs.get(key).done, cluster.runs.preview(key)) == (3, b"preview")


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SECONDS_OF_PATIENCE", 0)

    def refused() -> None:
        raise UnavailableError("of this test")

    with pytest.raises(UnavailableError, match="of this test"):
        patiently(refused)


def test_a_writer_that_is_gone_holds_up_nobody_for_long(cluster: Store) -> None:
    """On a machine cut off in the middle of a transaction nobody is left to end it."""
    with cluster.database.write() as session:
        limit = session.scalar(text("SHOW idle_in_transaction_session_timeout"))
        lock = session.scalar(text("SHOW lock_timeout"))
    assert (limit, lock) == ("10s", "30s")


SECRET = "s3cret-of-the-database"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://ann:{SECRET}@127.0.0.1:1/whylens",
        f"postgresql://ann:{SECRET}@nowhere.invalid/whylens",
    ],
)
def test_no_error_tells_the_password(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UnavailableError) as told:
        Database(url).upgrade()
    failures.sentence(RuntimeError("logged with its cause"))
    logging.getLogger("whylens").error("cause", exc_info=told.value)
    assert SECRET not in str(told.value) + caplog.text


@pytest.mark.parametrize(
    "url", [f"mysql://ann:{SECRET}@db/x", f"no address: {SECRET}", f"postgresql://:{SECRET}@a:b/c"]
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="WHYLENS_DATABASE_URL must be sqlite") as told:
        Database(url)
    assert SECRET not in str(told.value)


# a disk that is full or read-only, under SQLite


def test_s28_a_full_disk_keeps_what_there_is_and_stores_nothing_half(tmp_path: Path) -> None:
    with small_disk(tmp_path, "4m"):
        store = Store.at(f"sqlite:///{tmp_path / 'whylens.db'}")
        store.database.upgrade()
        explanation, key = asked(store), asked(store).run
        attempt = store.runs.claim(key)
        assert attempt is not None
        before = rows(store)
        large = {"2": bytes(8_000_000)}
        with pytest.raises(UnavailableError, match="its disk is full"):
            store.runs.finish(key, attempt, 10, RESULT, large)
        assert rows(store) == before
        assert store.explanations.get("ann", explanation.id) == explanation
        assert store.runs.finish(key, attempt, 10, RESULT, PARTS)  # once there is room, which this small one has
        store.database.close()


def test_s28_a_read_only_disk_is_told_and_recovered_from(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'whylens.db'}"
    with small_disk(tmp_path, "8m"):
        store = Store.at(url)
        store.database.upgrade()
        explanation = asked(store)
        before = rows(store)
        store.database.close()
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
        with pytest.raises(UnavailableError, match=r"its disk is read-only|its disk cannot be used"):
            opened(store, "bob")
        store.database.close()
        subprocess.run(["mount", "-o", "remount,rw", str(tmp_path)], check=True)
        assert rows(store) == before
        assert store.explanations.get("ann", explanation.id) == explanation
        store.database.close()
