"""What is kept, as files: API and command line write the same bytes, with the numbers that the page asks for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

import models
from app import concepts, wiring
from app.__main__ import main
from app.export.edits.formats import FORMATS as OF_EDITS
from app.export.formats import FORMATS
from app.export.studies.formats import FORMATS as OF_STUDIES
from app.failures import RequestError
from app.jobs.asking import ConceptQuestion
from app.jobs.paint import PARTS
from app.jobs.question import Question
from app.service import Service
from app.sets import image_sets
from app.sets.gathering import Gathering
from app.settings import Settings
from app.storage.revisions import Revision, Sketch
from tests.app.api.conftest import ROOT, refusal
from tests.app.api.conftest import client as client
from tests.app.conftest import Counts, picture

H, W = 40, 56
AMOUNT, ADDED = np.zeros((H, W), np.uint8), np.full((H, W), 128, np.uint8)
AMOUNT[8:24, 8:40] = 255
ADDED[10:30, 10:30] = 200


def kept(
    desk: Service, explanation: str, author: str, added: np.ndarray = ADDED, amount: np.ndarray = AMOUNT
) -> Revision:
    target = desk.explanation(author, explanation).view["target"]
    sketch = Sketch(target=target, mode="remove", fill="blur", area=float(amount.mean() / 255), note="=1+1")
    planes = amount.tobytes() + added.tobytes()
    return desk.store.revisions.put(explanation, author, planes, sketch, None, branch=True)


def explained(desk: Service, owner: str = "local") -> str:
    asset = desk.upload(owner, picture(0), "photo.png")
    return desk.ask(owner, asset.id, Question(params={"n_masks": 32, "cells": 4}, seed=3)).id


def studied(desk: Service) -> str:
    gathering = Gathering(desk.settings)
    for seed in range(12):
        gathering.take(f"kind 1/{seed}.png", picture(seed))
    roses = image_sets.keep(desk, "local", "roses", gathering)
    gathering.close()
    return concepts.ask(desk, "local", roses.id, ConceptQuestion(n_concepts=2, by="labelled", target="kind 1")).id


@dataclass(frozen=True)
class Kept:
    """One of each, by its address."""

    explanation: str
    revision: str
    study: str

    @property
    def places(self) -> list[tuple[str, str, Any]]:
        """(id, address of its exports, its formats)"""
        above = f"{ROOT}/explanations/{self.explanation}"
        return [
            (self.explanation, f"{above}/exports", FORMATS["image"]),
            (self.revision, f"{above}/revisions/{self.revision}/exports", OF_EDITS),
            (self.study, f"{ROOT}/concepts/{self.study}/exports", OF_STUDIES),
        ]


@pytest.fixture
def here(desk: Service, monkeypatch: pytest.MonkeyPatch) -> Kept:
    monkeypatch.setattr("explainers.concepts.measured.CURVES", 2)
    id = explained(desk)
    return Kept(id, kept(desk, id, "local").id, studied(desk))


@pytest.fixture
def line(settings: Settings, tiny: models.ImageClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of the command line, which reads the same database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "load", lambda *_: tiny)
    for name, value in {"HOME": str(settings.home), "MODEL": "tiny", "THREADS": str(torch.get_num_threads())}.items():
        monkeypatch.setenv(f"WHYLENS_{name}", value)
    return tmp_path


def test_both_ways_and_again(
    client: TestClient, here: Kept, line: Path, counts: Counts, capsys: pytest.CaptureFixture[str]
) -> None:
    before = counts()
    for id, address, formats in here.places:
        for format in formats:
            first, second = (client.get(f"{address}/{format.suffix}") for _ in range(2))
            assert first.status_code == 200, first.text
            assert first.content == second.content, format.suffix
            assert first.headers["content-type"] == format.media
            assert first.headers["content-disposition"].startswith('attachment; filename="whylens-')
            assert main(["export", id, "--out", f"out.{format.suffix}"]) == 0
            assert (line / f"out.{format.suffix}").read_bytes() == first.content, format.suffix
            told = json.loads(capsys.readouterr().out)
            assert told["sha256"] == hashlib.sha256(first.content).hexdigest()
        said = refusal(client.get(f"{address}/exe"), 422)
        assert said.startswith("format must be ")
    assert counts() == before, "nothing is written"


def test_numbers_are_those_that_the_page_asks_for(client: TestClient, here: Kept) -> None:
    above = f"{ROOT}/explanations/{here.explanation}"
    exported = {suffix: client.get(f"{above}/revisions/{here.revision}/exports/{suffix}") for suffix in ("txt", "html")}
    target = client.get(above).json()["view"]["target"]
    told = []
    for mode in ("remove", "keep"):
        painted = client.post(f"{above}/paint", content=AMOUNT.tobytes(), params={"mode": mode}).json()
        place = painted["classes"].index(target)
        elsewhere = [
            row[place]
            for part in range(PARTS)
            for row in client.post(
                f"{above}/paint/control", content=AMOUNT.tobytes(), params={"mode": mode, "part": part}
            ).json()["probabilities"]
        ]
        told += [f"{painted['before'][place]:.1%}", f"{painted['probabilities'][place]:.1%}"]
        told += [f"{min(elsewhere):.1%} to {max(elsewhere):.1%}"]
    judged = client.post(f"{above}/paint/score", content=ADDED.tobytes(), params={"target": target}).json()
    told += [f"{judged[which][curve]:.4g}" for which in ("edited", "machine") for curve in ("insertion", "deletion")]
    for suffix, answer in exported.items():
        for number in told:
            assert number in answer.text, (suffix, number)


def test_only_what_was_edited_is_asked_about(desk: Service, client: TestClient) -> None:
    id = explained(desk)
    for amount, added, absent in (
        (np.zeros_like(AMOUNT), ADDED, "The brush covers"),
        (AMOUNT, np.full_like(ADDED, 128), "insertion curve"),
    ):
        revision = kept(desk, id, "local", added, amount)
        told = client.get(f"{ROOT}/explanations/{id}/revisions/{revision.id}/exports/txt").text
        assert ("The brush covers" in told) != ("insertion curve" in told)
        assert absent not in told


def test_a_revision_is_exported_of_its_own_class_and_explanation_only(desk: Service, client: TestClient) -> None:
    id, other = explained(desk), explained(desk, "bob")
    theirs = kept(desk, other, "bob")
    for above, revision in ((id, theirs.id), (other, theirs.id), (id, "0" * 32), ("0" * 32, theirs.id)):
        for suffix in ("png", "html", "npz"):
            answer = client.get(f"{ROOT}/explanations/{above}/revisions/{revision}/exports/{suffix}")
            assert "or it is not yours" in refusal(answer, 404)
    mine = kept(desk, id, "local")
    before = client.get(f"{ROOT}/explanations/{id}/revisions/{mine.id}/exports/npz").content
    classes = client.get(f"{ROOT}/explanations/{id}").json()["spec"]["classes"]
    another = next(k for k in classes if k != mine.sketch.target)
    assert client.put(f"{ROOT}/explanations/{id}/view", json={"target": another}).status_code == 204
    assert client.get(f"{ROOT}/explanations/{id}/revisions/{mine.id}/exports/npz").content == before


def test_whose_it_is(desk: Service, line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = explained(desk, "bob")
    edit = kept(desk, theirs, "bob").id
    for id in (theirs, edit, "0" * 32, "../x"):
        assert main(["export", id, "--out", "out.csv"]) == 2
        said = capsys.readouterr().err
        assert said == "There is no such explanation, edit or study, or it is not yours.\n"
    assert not (line / "out.csv").exists()
    assert main(["export", edit, "--out", "out.csv", "--owner", "bob"]) == 0


def test_what_cannot_be_written_is_said(
    here: Kept, line: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", here.study, "--out", "out.exe"]) == 2
    assert capsys.readouterr().err.startswith("out must end in .html, .svg, .png, .csv, .npz or .txt for a study; got")
    assert main(["export", here.study, "--out", "nowhere/out.csv"]) == 2
    assert "nowhere" in capsys.readouterr().err
    monkeypatch.setenv("WHYLENS_HOME", str(line / "empty"))
    assert main(["export", here.study, "--out", "out.csv"]) == 2
    assert "must name a database that is there" in capsys.readouterr().err
    assert not (line / "empty").exists(), "none is made"
    assert settings.home.exists()


@pytest.mark.usefixtures("line")
def test_a_database_of_another_version_is_not_read(desk: Service, capsys: pytest.CaptureFixture[str]) -> None:
    with desk.store.database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert main(["export", "0" * 32, "--out", "out.csv"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("The database is at version 0001 and this program at ")
    assert said.endswith("run python -m app migrate.\n")


@pytest.mark.usefixtures("desk")
def test_whoever_reads_cannot_write(settings: Settings) -> None:
    desk = wiring.reading(settings)
    with pytest.raises(Exception, match="read-only"):
        desk.upload("local", picture(0), "photo.png")
    with pytest.raises(RuntimeError, match="nothing is computed here"):
        desk.pool.submit("key", "local")
    desk.store.database.close()


def test_what_is_not_done_is_not_exported(slow_desk: Service) -> None:
    from app.export import kept as exports

    id = explained(slow_desk)
    with pytest.raises(RequestError, match="An explanation is exported when it is done; this one is queued"):
        exports.anything(slow_desk, "local", id)
    study = studied(slow_desk)
    with pytest.raises(RequestError, match="A study is exported when its concepts are found; this one is queued"):
        exports.anything(slow_desk, "local", study)


def test_edits_of_texts_are_not_kept(desk: Service, client: TestClient) -> None:
    review = desk.ask("local", desk.upload_text("local", "a good film", "review").id, Question(kind="text")).id
    target = desk.explanation("local", review).view["target"]
    edit = desk.store.revisions.put(
        review, "local", b"\0\x80", Sketch(target=target, mode="remove", fill="blur", area=0), None
    )
    answer = client.get(f"{ROOT}/explanations/{review}/revisions/{edit.id}/exports/csv")
    assert refusal(answer, 422) == "Edits of texts are not kept, so there is none to export."
