"""The engine and its transactions: one way to read, one way to write, for SQLite and PostgreSQL alike."""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from app.unavailable import UnavailableError

LOG = logging.getLogger("whylens")
SECONDS_TO_SWITCH = 5.0
SECONDS_TO_CONNECT = 5
SECONDS_OF_PATIENCE = 300.0  # of a job with a database that is away, full or read-only
SECONDS_BETWEEN_TRIES = 0.5
MIGRATIONS = Path(__file__).parent / "migrations"
WRITERS = 0x5748594C  # the advisory lock that they take
# PostgreSQL ends the transaction of a writer that has gone without a word, so that others need not wait for it
LIMITS = ("idle_in_transaction_session_timeout = '10s'", "lock_timeout = '30s'")

P = ParamSpec("P")
R = TypeVar("R")


class Database:
    """Sessions on one address. Migrations are applied by `upgrade`, which `serve` calls before anything else.

    Raises ValueError for an address that is none; never with the address, which has a password in it. With `reads_only`
    the database itself refuses to be written to.
    """

    def __init__(self, url: str, *, reads_only: bool = False) -> None:
        self.reads_only = reads_only
        self.engine = _engine(url, reads_only)

    def refuse_other_version(self) -> None:
        """Raises ValueError for a database with other tables than these, or none, and UnavailableError."""
        wanted = ScriptDirectory(str(MIGRATIONS)).get_current_head()
        with _told(), self.engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        if found != wanted:
            raise ValueError(
                f"The database is at version {found or 'none'} and this program at {wanted}: run python -m app migrate."
            )

    def upgrade(self) -> None:
        """Bring the tables to the newest revision; harmless when they are."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        # two may start at once: the second waits for the first, and finds nothing to do
        with _told(), self.engine.execution_options(whylens_write=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def read(self) -> Iterator[Session]:
        with _told(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits whole or not at all. Raises UnavailableError where the database is not to be had.

        One writes at a time, on either database: what a repository has read stays true until it has written.
        """
        with _told(), Session(self.engine, expire_on_commit=False) as session:
            session.connection(execution_options={"whylens_write": True})
            yield session
            session.commit()

    def copy(self, file: Path) -> None:
        """The database as it stands, beside all that goes on, into a new file; whole or not at all.

        Raises ValueError for PostgreSQL, which has its own way, and where there is a file already; OSError, and
        UnavailableError, where there is no room.
        """
        if self.engine.dialect.name != "sqlite":
            raise ValueError("a PostgreSQL database is copied by pg_dump; deploy/README.md says how")
        if file.exists():
            raise ValueError(f"{file} is there already")
        descriptor, draft = tempfile.mkstemp(dir=file.parent)  # its mode is 0600
        try:
            with _told(), closing(self.engine.raw_connection()) as connection:  # a session would begin a transaction
                connection.cursor().execute("VACUUM INTO ?", (draft,))
            os.fsync(descriptor)
            os.link(draft, file)
        finally:
            os.close(descriptor)
            Path(draft).unlink()

    def close(self) -> None:
        self.engine.dispose()


def patiently(act: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do it again while the database is away; only for what may be done twice.

    A connection that breaks at the commit leaves open whether it was one.
    """
    deadline = time.monotonic() + SECONDS_OF_PATIENCE
    while True:
        try:
            return act(*args, **kwargs)
        except UnavailableError as error:
            if time.monotonic() > deadline:
                raise
            LOG.warning("%s is tried again: %s", getattr(act, "__name__", act), error)
            time.sleep(SECONDS_BETWEEN_TRIES)


@contextmanager
def _told() -> Iterator[None]:
    """An error that is nobody's mistake is one sentence, whatever the driver calls it."""
    try:
        yield
    except (DBAPIError, sqlite3.OperationalError) as error:  # of a new connection's settings the driver tells itself
        reason = _reason(error)
        if reason is None:
            raise
        raise UnavailableError(f"The database is not to be had at the moment: {reason}.") from error


def _reason(error: DBAPIError | sqlite3.OperationalError) -> str | None:
    """None for an error of ours: a table that is missing, a constraint that is broken."""
    told = error.orig if isinstance(error, DBAPIError) else error
    said, state = str(told).lower(), getattr(told, "sqlstate", None) or ""
    if state == "53100" or "disk is full" in said:
        return "its disk is full"
    if state == "25006" or "readonly database" in said or "read-only" in said:
        return "its disk is read-only"
    if "disk i/o error" in said or "unable to open database" in said:
        return "its disk cannot be used"
    if "database is locked" in said or state == "55P03":
        return "others are writing"
    # 08: no connection; 53: no more of them; 57P: it stops or starts; 25P03: it did not wait; none: it never answered
    lost = state[:2] in ("08", "53") or state[:3] == "57P" or state == "25P03"
    silent = isinstance(error, OperationalError) and hasattr(told, "sqlstate") and not state
    return "it cannot be reached" if lost or silent else None


def _engine(url: str, reads_only: bool) -> Engine:
    address = _address(url)
    if address.get_backend_name() != "sqlite":
        engine = create_engine(
            address, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": SECONDS_TO_CONNECT}
        )
        event.listen(engine, "connect", _prepare_postgres)
        event.listen(engine, "begin", _begin_postgres)
        if reads_only:
            event.listen(engine, "connect", _shut_postgres)
        return engine
    if reads_only:
        file = Path(address.database or "")
        if not file.is_file():
            raise ValueError(f"WHYLENS_DATABASE_URL must name a database that is there; got {str(file)!r}")
        engine = create_engine(
            address.set(database=file.absolute().as_uri(), query={"mode": "ro", "uri": "true"}), hide_parameters=True
        )
        event.listen(engine, "connect", _patient_sqlite)
        return engine
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(address, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        name = address.get_backend_name()
    except (ArgumentError, InvalidRequestError, NoSuchModuleError, ValueError):
        name = None
    if name not in ("sqlite", "postgresql"):
        raise ValueError("WHYLENS_DATABASE_URL must be sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME")
    return address


def _prepare_postgres(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        for limit in LIMITS:
            cursor.execute(f"SET {limit}")
    connection.commit()  # else the first rollback takes them back


def _shut_postgres(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    connection.commit()


def _begin_postgres(connection: Any) -> None:
    # as SQLite does by itself: rows that are not there yet cannot be locked, and two would insert the same one
    if connection.get_execution_options().get("whylens_write", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")


def _patient_sqlite(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout=5000")


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
