"""A real PostgreSQL server, one for all tests of a process."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import make_url

from scripts.topology.postgres import Postgres, binaries
from tests.server import free_port, until


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Skips where PostgreSQL is not installed."""
    if binaries() is None:
        pytest.skip("no PostgreSQL: neither initdb in the path nor /usr/lib/postgresql/*/bin")
    with running() as server:
        yield server


@contextmanager
def running() -> Iterator[Postgres]:
    # not below pytest's own folder, which the user that PostgreSQL runs as may not enter
    folder = Path(tempfile.mkdtemp(prefix="whylens-postgres-"))
    server = Postgres(folder, free_port())
    try:
        server.create()
        server.start()
        until(server.ready, "PostgreSQL answers")
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def schema_of_its_own(server: Postgres) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(server.url, poolclass=NullPool)  # the server may be another when the test is over
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    try:
        address = make_url(server.url).update_query_dict({"options": f"-csearch_path={name}"})
        yield address.render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()
