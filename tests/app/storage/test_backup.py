"""A copy of a database in use (S28)."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.__main__ import main
from app.storage.database import Database
from app.storage.store import Store
from tests.app.conftest import rows
from tests.app.storage.conftest import asked
from tests.disks import small_disk


@pytest.fixture
def used(tmp_path: Path) -> Store:
    store = Store.at(f"sqlite:///{tmp_path / 'home' / 'whylens.db'}")
    store.database.upgrade()
    asked(store)
    return store


def test_a_copy_is_whole_while_others_write(used: Store, tmp_path: Path) -> None:
    before = rows(used)
    with used.database.write() as session:  # what is not committed is not in it
        session.connection().exec_driver_sql("UPDATE runs SET done = 7")
        used.database.copy(tmp_path / "copy.db")
    copy = Store.at(f"sqlite:///{tmp_path / 'copy.db'}")
    assert rows(copy) == before
    assert copy.runs.get(asked(used).run).done == 0
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    copy.database.close()
    used.database.close()


def test_a_copy_that_has_no_room_leaves_nothing(used: Store, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    with small_disk(small, "64k"):
        with pytest.raises(OSError, match="disk is full"):
            used.database.copy(small / "copy.db")
        assert list(small.iterdir()) == []
    used.database.close()


def test_the_command(
    used: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WHYLENS_HOME", str(tmp_path / "home"))
    file = tmp_path / "copy.db"
    assert main(["backup", str(file)]) == 0
    assert main(["backup", str(file)]) == 2
    assert "is there already" in capsys.readouterr().err
    used.database.close()


def test_postgresql_has_a_way_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pg_dump"):
        Database("postgresql://ann@127.0.0.1/whylens").copy(tmp_path / "copy")
