"""`python -m app batch`: every file a row, what is done never done again, one broken file no end."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import models
from app.__main__ import main
from app.jobs import series
from tests.app.conftest import picture

Run = Callable[..., tuple[int, str, str]]

MODEL = "planted_shortcut"
QUICK = ["--model", MODEL, "--param", "n_masks=32", "--param", "cells=4"]
FILES = ("a.png", "b.jpg", "broken.png", "deep/c.webp")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WHYLENS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WHYLENS_THREADS", str(torch.get_num_threads()))
    made = tmp_path / "photos"
    (made / "deep").mkdir(parents=True)
    for n, (name, format) in enumerate([("a.png", "PNG"), ("b.jpg", "JPEG"), ("deep/c.webp", "WEBP")]):
        (made / name).write_bytes(picture(n, format=format))
    (made / "broken.png").write_bytes(picture(3)[:200])
    (made / ".DS_Store").write_bytes(b"\0")
    return made


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], folder: Path) -> Run:
    def run(*arguments: str, of: Path = folder) -> tuple[int, str, str]:
        code = main(["batch", str(of), "--out", "out", *arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of what was computed and not found."""
    keys: list[str] = []
    stream: Any = vars(series)["stream"]

    def counted(spec: Any, *rest: Any) -> Any:
        keys.append(spec.key)
        return stream(spec, *rest)

    monkeypatch.setattr(series, "stream", counted)
    return keys


def table() -> list[dict[str, str]]:
    with Path("out/summary.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def maps() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path("out/maps").iterdir()}


def test_every_file_is_a_row(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(*QUICK)
    assert code == 1
    assert json.loads(out) == {"files": 4, "failed": 1, "summary": "out/summary.csv"}
    rows = table()
    assert tuple(row["file"] for row in rows) == FILES
    assert list(rows[0]) == ["file", "key", "label", "target", "score", "output", "seconds", "error"]
    assert rows[2]["error"] == "The image is damaged or incomplete and cannot be decoded."
    assert {rows[2][name] for name in rows[2]} == {"broken.png", "", rows[2]["error"]}
    assert len(maps()) == 6
    # the same as alone, to the byte
    assert main(["explain", "photos/a.png", *QUICK, "--out", "alone.npz"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert (rows[0]["key"], rows[0]["label"]) == (alone["key"], alone["label"])
    assert float(rows[0]["score"]) == alone["score"]
    assert maps()[f"{alone['key']}.{alone['target']}.npz"] == Path("alone.npz").read_bytes()


def test_what_is_done_is_not_done_again(run: Run, computed: list[str], folder: Path) -> None:
    (folder / "broken.png").unlink()
    assert run(*QUICK)[0] == 0
    first, whole = table(), maps()
    assert len(computed) == 3
    (folder / "a.png").rename(folder / "z.png")  # found by what it is, and not by its name
    assert run(*QUICK)[0] == 0
    assert len(computed) == 3
    assert table() == [*first[1:], first[0] | {"file": "z.png"}]
    assert maps() == whole
    assert run(*QUICK, "--seed", "1")[0] == 0
    assert len(computed) == 6


def test_an_interrupted_batch_goes_on(run: Run, computed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    counted: Any = vars(series)["stream"]

    def interrupted(spec: Any, *rest: Any) -> Any:
        if len(computed) == 1:
            raise KeyboardInterrupt
        return counted(spec, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(series, "stream", interrupted)
        code, out, error = run(*QUICK)
    assert (code, out) == (130, "")
    assert error == "Interrupted. What is done is kept: the same command goes on from there.\n"
    assert [row["file"] for row in table()] == ["a.png"]
    assert len(maps()) == 2
    assert run(*QUICK)[0] == 1
    assert len(computed) == len(set(computed)) == 3
    assert tuple(row["file"] for row in table()) == FILES


def test_names_are_no_formulas(run: Run, folder: Path) -> None:
    (folder / "a.png").rename(folder / "=HYPERLINK(1).png")
    run(*QUICK)
    assert table()[0]["file"] == "'=HYPERLINK(1).png"


def test_lines_of_a_text(
    run: Run, tmp_path: Path, wordy: models.TextClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "load", lambda *_: wordy)
    texts = tmp_path / "texts.txt"
    texts.write_text("The good film.\n\nA bad one.\n", encoding="utf-8")
    assert run("--model", "wordy", "--param", "n_masks=64", of=texts)[0] == 0
    rows = table()
    assert [row["file"] for row in rows] == ["texts.txt:1", "texts.txt:3"]
    assert [row["label"] for row in rows] == ["positive", "negative"]
    assert {row["output"] for row in rows} == {"log_probability"}


WRONG: dict[str, tuple[list[str], str]] = {
    "workers": (["--workers", "0"], "workers must lie in [1, 256]; got 0"),
    "method": (["--method", "magic"], "method must be one of"),
    "parameter": (["--param", "n_masks=1"], "n_masks must lie in [16, 32768]; got 1"),
    "model": (["--model", "no_such_net"], "no model is called 'no_such_net'"),
    "target": (["--target", "yak"], "target must be a class label or index of this model; got 'yak'"),
    "out": (["--out", "photos/out"], "out must not lie in the folder that is explained; got 'photos/out'"),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_what_can_be_mended_is_one_sentence(run: Run, arguments: list[str], sentence: str) -> None:
    code, out, error = run(*QUICK, *arguments)
    assert (code, out) == (2, "")
    (line,) = error.splitlines()
    assert line.startswith(sentence)
    assert not Path("out").exists()


def test_no_folder_and_nothing_in_it(run: Run, tmp_path: Path) -> None:
    assert run(of=tmp_path / "nowhere")[0] == 2
    (tmp_path / "empty").mkdir()
    assert run(of=tmp_path / "empty")[0] == 2
    assert not Path("out").exists()
