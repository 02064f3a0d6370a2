"""Migrations and transactions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from app.storage.database import Database
from app.storage.store import Store
from app.storage.tables import AssetRow, BlobRow, Table
from tests.app.storage.conftest import asked


def test_migrations_make_exactly_the_tables_of_the_code(store: Store) -> None:
    with store.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Table.metadata) == []


def test_upgrading_again_changes_nothing(store: Store) -> None:
    asked(store)
    store.database.upgrade()
    assert set(inspect(store.database.engine).get_table_names()) == {*Table.metadata.tables, "alembic_version"}
    with store.database.read() as session:
        assert session.scalar(select(func.count()).select_from(AssetRow)) == 1


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    class BrokenError(Exception):
        pass

    def write() -> None:
        with store.database.write() as session:
            session.add(BlobRow(sha256="0" * 64, data=b"x", size=1))
            session.flush()
            raise BrokenError

    with pytest.raises(BrokenError):
        write()
    with store.database.read() as session:
        assert session.get(BlobRow, "0" * 64) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET state = 'nearly'",
        "UPDATE explanations SET run = 'nothing'",
        "UPDATE assets SET sha256 = 'nothing'",
        "DELETE FROM blobs",
        "INSERT INTO waiters (run, owner) VALUES ('nothing', 'ann')",
    ],
)
def test_the_database_itself_refuses_damage(store: Store, statement: str) -> None:
    asked(store)
    with pytest.raises(IntegrityError), store.database.write() as session:
        session.execute(text(statement))


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'whylens.db'}")
    database.upgrade()
    return database


def test_sqlite_writers_say_so_before_they_read(sqlite: Database) -> None:
    def other() -> sqlite3.Connection:
        return sqlite3.connect(sqlite.engine.url.database or "", timeout=0, isolation_level=None)

    with sqlite.write():
        other().execute("BEGIN").execute("SELECT * FROM blobs").fetchall()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other().execute("BEGIN IMMEDIATE")
    with sqlite.read() as session:
        session.scalars(select(BlobRow)).all()
        other().execute("BEGIN IMMEDIATE").execute("ROLLBACK")


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("busy_timeout", 5000), ("foreign_keys", 1), ("synchronous", 2)]
)
def test_sqlite_settings_hold_on_every_connection(sqlite: Database, pragma: str, value: object) -> None:
    with sqlite.engine.connect() as first, sqlite.engine.connect() as second:
        assert [c.execute(text(f"PRAGMA {pragma}")).scalar() for c in (first, second)] == [value, value]


def test_the_folder_of_a_new_database_is_private(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path / 'new' / 'whylens.db'}").upgrade()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_missing_table_is_an_error_and_not_an_empty_answer(tmp_path: Path) -> None:
    with pytest.raises(OperationalError), Database(f"sqlite:///{tmp_path / 'empty.db'}").read() as session:
        session.scalars(select(BlobRow)).all()
