"""The engine and its transactions: one way to read, one way to write, for SQLite and PostgreSQL alike."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

SECONDS_TO_SWITCH = 5.0
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Sessions on one address. Migrations are applied by `upgrade`, which `serve` calls before anything else."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)

    def upgrade(self) -> None:
        """Bring the tables to the newest revision; harmless when they are."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.engine.execution_options(whylens_write=True).begin() as connection:  # two may start at once
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits whole or not at all."""
        with Session(self.engine, expire_on_commit=False) as session:
            session.connection(execution_options={"whylens_write": True})
            yield session
            session.commit()

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True)
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(address)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own: BEGIN is ours
    for pragma in ("busy_timeout=5000", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    # it stays with the file; saying it beside another who writes or says it fails at once, whatever the timeout
    deadline = time.monotonic() + SECONDS_TO_SWITCH
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Any) -> None:
    # a read that becomes a write fails at once when another worker wrote in between; so writers say it first
    write = connection.get_execution_options().get("whylens_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
