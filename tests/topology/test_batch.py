"""A batch over two worker processes gives what one process gives, to the byte."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.conftest import picture
from tests.server import ROOT

pytestmark = [pytest.mark.topology, pytest.mark.thorough]


def test_two_workers_give_the_same_bytes(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for n in range(5):
        (photos / f"{n}.png").write_bytes(picture(n))
    (photos / "broken.png").write_bytes(b"no picture")
    rows, maps = {}, {}
    for workers in ("1", "2"):
        out = tmp_path / workers
        answer = subprocess.run(
            [sys.executable, "-m", "app", "batch", str(photos), "--out", str(out), "--workers", workers,
             "--model", "planted_shortcut", "--param", "n_masks=64"],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
            env={**os.environ, "WHYLENS_HOME": str(tmp_path / "home"), "WHYLENS_THREADS": "1"},
        )  # fmt: skip
        assert answer.returncode == 1, answer.stderr  # one could not be read
        with (out / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
            rows[workers] = [{**row, "seconds": ""} for row in csv.DictReader(file)]
        maps[workers] = {path.name: path.read_bytes() for path in (out / "maps").glob("*.npz")}
    assert rows["1"] == rows["2"]
    assert len(rows["1"]) == 6
    assert len(maps["1"]) == 5
    assert maps["1"] == maps["2"]
