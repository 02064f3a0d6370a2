"""Batches over HTTP: asked, followed, stopped, gone on with, read as rows and as CSV, opened picture by picture."""

from __future__ import annotations

import csv
import io
import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

import models
from app import batch as command
from app import batches
from app.service import Service
from app.settings import Settings
from app.storage import runs
from app.storage.room import EVICTED
from tests.app.api.conftest import ROOT, refusal
from tests.app.api.test_sets import folder, others, post, strict  # noqa: F401  (two fixtures)
from tests.app.conftest import Counts, picture
from tests.app.inline import HeldPool

PICTURES = 12
QUESTION: dict[str, Any] = {"method": "occlusion", "params": {"window": 32, "stride": 32}, "seed": 3}
FORMULA = "=1+1.png"


@pytest.fixture
def roses(client: TestClient) -> str:
    return kept(client)


def kept(client: TestClient) -> str:
    named = [(f"kind {n % 2}/{FORMULA if n == 1 else f'{n}.png'}", picture(n)) for n in range(PICTURES)]
    id: str = post(client, [*named[:1], (FORMULA, picture(1)), *named[2:]], "roses").json()["id"]
    return id


def asked(client: TestClient, image_set: str, **question: Any) -> dict[str, Any]:
    answer = client.post(f"{ROOT}/batches", json={"set": image_set, **QUESTION, **question})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def table(client: TestClient, id: str, **query: Any) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = client.get(f"{ROOT}/batches/{id}/rows", params=query).json()["rows"]
    return told


def summary(client: TestClient, id: str) -> list[dict[str, str]]:
    answer = client.get(f"{ROOT}/batches/{id}/summary.csv")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="whylens-batch-{id[:8]}.csv"'
    assert answer.headers["cache-control"] == "private, no-store"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_from_a_set_to_a_table(client: TestClient, roses: str) -> None:
    plan = client.post(f"{ROOT}/batches/plan", json={"set": roses, **QUESTION}).json()
    assert plan["pictures"] == PICTURES
    assert plan["seconds"] > 0
    told = asked(client, roses)
    assert told["set"] == {"id": roses, "name": "roses", "images": PICTURES}
    assert (told["question"]["model"], told["question"]["method"]) == ("tiny", "occlusion")
    now = client.get(f"{ROOT}/batches/{told['id']}").json()
    assert (now["state"], now["done"], now["failed"], now["asked"], now["left"]) == ("done", PICTURES, 0, 0, 0)
    rows = table(client, told["id"])
    assert [row["number"] for row in rows] == list(range(PICTURES))
    assert rows[0]["file"] == "kind 0/0.png"
    for row in rows:
        assert 0 < row["probability"] < 1
        thumbnail = client.get(f"{ROOT}/{row['picture']}")
        assert Image.open(io.BytesIO(thumbnail.content)).format == "WEBP"
        assert "immutable" in thumbnail.headers["cache-control"]
    assert client.get(f"{ROOT}/batches").json()[0]["id"] == told["id"]
    assert asked(client, roses)["id"] == told["id"], "the same question is the same batch"


def test_rows_are_sorted_and_told_a_page_at_a_time(
    client: TestClient, roses: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = asked(client, roses)["id"]
    for column in ("file", "label", "probability", "score", "seconds"):
        up, down = (table(client, id, order=column, down=way) for way in (False, True))
        values = [row[column].casefold() if isinstance(row[column], str) else row[column] for row in up]
        assert values == sorted(values), column
        assert [row[column] for row in down] == [row[column] for row in reversed(up)]
    monkeypatch.setattr("app.batches.PAGE", 5)
    told = client.get(f"{ROOT}/batches/{id}/rows", params={"page": 99}).json()
    assert (told["page"], told["pages"], told["total"], len(told["rows"])) == (3, 3, PICTURES, 2)
    refusal(client.get(f"{ROOT}/batches/{id}/rows", params={"order": "age"}), 422)


def test_the_summary_is_that_of_the_command_line(
    client: TestClient,
    roses: str,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny: models.ImageClassifier,
) -> None:
    """The same columns, keys and numbers; seconds are each one's own."""
    id = asked(client, roses)["id"]
    folder = tmp_path / "roses"
    for row in table(client, id):
        file = folder / row["file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(row["number"]))
    monkeypatch.setattr("models.load", lambda *_: tiny)
    monkeypatch.setattr("app.batch.method_fit", lambda *_: type("Fit", (), {"as_dict": lambda _: {"method": ""}})())
    options = Namespace(
        folder=str(folder), out=str(tmp_path / "out"), workers=1, model="tiny", method="occlusion",
        param=["window=32", "stride=32"], output="logit", seed=3, target=None,
    )  # fmt: skip
    assert command.explain_folder(settings, options) == 0
    with (tmp_path / "out" / "summary.csv").open(encoding="utf-8-sig", newline="") as lines:
        theirs = {row["file"]: row for row in csv.DictReader(lines)}
    ours = summary(client, id)
    assert len(ours) == len(theirs) == PICTURES
    assert list(ours[0]) == list(next(iter(theirs.values())))
    for row in ours:
        there = theirs[row["file"]]
        assert {**row, "seconds": ""} == {**there, "seconds": ""}


def test_a_name_that_a_spreadsheet_would_compute_is_text(client: TestClient, roses: str) -> None:
    id = asked(client, roses)["id"]
    assert f"'{FORMULA}" in {row["file"] for row in summary(client, id)}
    assert FORMULA in {row["file"] for row in table(client, id)}, "on the page it is only a name"


def test_stopped_and_gone_on_with(slow_client: TestClient, held: HeldPool, slow_desk: Service) -> None:
    id = asked(slow_client, kept(slow_client))["id"]
    for _ in range(7):
        held.work()
    now = slow_client.get(f"{ROOT}/batches/{id}").json()
    assert (now["state"], now["done"] > 0, now["asked"] > 0) == ("running", True, True)
    under_way = [row for row in table(slow_client, id) if row["state"] == "asked"]
    assert all(row["label"] and row["score"] is None for row in under_way), "the class is told before the map"
    done = summary(slow_client, id)
    assert len(done) == now["done"]
    stopped = slow_client.post(f"{ROOT}/batches/{id}/cancel").json()
    assert (stopped["state"], stopped["done"], stopped["asked"]) == ("cancelled", now["done"], 0)
    assert [row["key"] for row in under_way] == held.cancelled
    while held.queue.keys():
        held.work()
    assert summary(slow_client, id) == done
    assert slow_client.post(f"{ROOT}/batches/{id}/resume").json()["state"] == "running"
    while held.queue.keys():
        held.work()
    assert slow_client.get(f"{ROOT}/batches/{id}").json()["state"] == "done"
    assert summary(slow_client, id)[: len(done)] == done, "what was done is kept"
    for item in slow_desk.store.batches.items(id):
        assert item.run is not None
        assert slow_desk.store.runs.get(item.run).attempt == 1


def test_a_row_opens_the_very_run(client: TestClient, roses: str, counts: Counts) -> None:
    id = asked(client, roses)["id"]
    row = table(client, id)[4]
    before = counts()
    told = client.post(f"{ROOT}/batches/{id}/images/4/explanation").json()
    assert (told["key"], told["progress"]["state"], told["view"]["target"]) == (row["key"], "done", row["target"])
    after = counts()
    assert (after["runs"], after["explanations"]) == (before["runs"], before["explanations"] + 1)
    again = client.post(f"{ROOT}/batches/{id}/images/4/explanation").json()
    assert again["id"] == told["id"]
    asset = client.get(f"{ROOT}/assets/{told['asset']}/image").content
    sent = client.post(f"{ROOT}/assets", content=asset, params={"name": "alone"}).json()["id"]
    assert client.post(f"{ROOT}/explanations", json={"asset": sent, **QUESTION}).json()["key"] == row["key"]


def test_a_summary_outlives_its_results(client: TestClient, desk: Service, roses: str) -> None:
    """They make room for others, and are computed again when a row is opened."""
    id = asked(client, roses)["id"]
    before = summary(client, id)
    key = table(client, id)[0]["key"]
    with desk.store.database.write() as session:
        runs.empty(session, key, EVICTED)
    assert summary(client, id) == before
    assert client.get(f"{ROOT}/batches/{id}/images/0/thumbnail").status_code == 200
    told = client.post(f"{ROOT}/batches/{id}/images/0/explanation").json()
    assert client.get(f"{ROOT}/explanations/{told['id']}").json()["progress"]["state"] == "done"


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"method": "magic"}, "method must be one of"),
        ({"params": {"window": 0}}, "window must lie in"),
        ({"target": "rose"}, "target must be a class label or index"),
        ({"model": "wordy"}, "wordy classifies texts"),
        ({"seed": -1}, "seed must lie in"),
        ({"against": 2}, "against"),
    ],
)
def test_what_cannot_be_asked_is_refused_once(
    client: TestClient, roses: str, counts: Counts, question: dict[str, Any], sentence: str
) -> None:
    before = counts()
    for path in ("batches", "batches/plan"):
        answer = client.post(f"{ROOT}/{path}", json={"set": roses, **QUESTION, **question})
        assert sentence in refusal(answer, 422)
    assert counts() == before


def test_so_many_batches_and_no_more(slow_client: TestClient, held: HeldPool) -> None:
    roses = kept(slow_client)
    told = [asked(slow_client, roses, seed=seed) for seed in range(batches.MOST)]
    assert [slow_client.get(f"{ROOT}/batches/{each['id']}").json()["waits"] for each in told] == [False, *[True] * 4]
    answer = slow_client.post(f"{ROOT}/batches", json={"set": roses, **QUESTION, "seed": 99})
    assert "5 batches that are not over, which is the limit" in refusal(answer, 422)
    slow_client.post(f"{ROOT}/batches/{told[0]['id']}/cancel")
    asked(slow_client, roses, seed=99)
    answer = slow_client.post(f"{ROOT}/batches/{told[0]['id']}/resume")
    assert "which is the limit" in refusal(answer, 422)
    assert len(held.queue.keys()) <= 4


def test_a_set_that_goes_says_what_stays(client: TestClient, roses: str) -> None:
    id = asked(client, roses)["id"]
    (told,) = client.get(f"{ROOT}/library/dependants", params={"of": f"set.{roses}"}).json()
    assert "1 batch of it keeps its pictures and goes on." in told["told"]
    assert client.delete(f"{ROOT}/sets/{roses}").status_code == 204
    assert client.get(f"{ROOT}/batches/{id}/images/3/thumbnail").status_code == 200
    assert client.post(f"{ROOT}/batches/{id}/images/3/explanation").status_code == 201


def test_deleted_with_all_that_is_its_own(client: TestClient, roses: str, counts: Counts) -> None:
    before = counts()
    id = asked(client, roses)["id"]
    entry = next(e for e in client.get(f"{ROOT}/library").json()["entries"] if e["kind"] == "batch")
    assert (entry["id"], entry["href"], entry["title"]) == (id, f"/batch?b={id}", "Occlusion on all of roses")
    (told,) = client.get(f"{ROOT}/library/dependants", params={"of": f"batch.{id}"}).json()
    assert told["told"] == "Its summary goes; explanations opened from it stay."
    opened = client.post(f"{ROOT}/batches/{id}/images/2/explanation").json()["id"]
    assert client.delete(f"{ROOT}/batches/{id}").status_code == 204
    assert client.get(f"{ROOT}/explanations/{opened}").json()["progress"]["state"] == "done"
    refusal(client.get(f"{ROOT}/batches/{id}"), 404)
    client.delete(f"{ROOT}/explanations/{opened}")
    assert counts() == before


def test_a_batch_of_a_set_that_is_there_for_everybody(
    client: TestClient,
    strict: Callable[..., None],  # noqa: F811  (the fixture)
    tmp_path: Path,
) -> None:
    folder(tmp_path, "roses", [(f"red/{n}.png", picture(n)) for n in range(PICTURES)])
    strict(image_sets=tmp_path)
    told = asked(client, "folder-roses", model="planted_shortcut", method="saliency", params={}, target="square")
    rows = table(client, told["id"])
    assert {row["label"] for row in rows} == {"square"}
    done = client.get(f"{ROOT}/batches/{told['id']}").json()["done"]
    assert done == told["set"]["images"] == len(rows) == PICTURES


def test_what_is_another_users_is_not_there(client: TestClient, others: TestClient, roses: str) -> None:  # noqa: F811
    id = asked(client, roses)["id"]
    assert others.get(f"{ROOT}/batches").json() == []
    refusal(others.post(f"{ROOT}/batches", json={"set": roses, **QUESTION}), 404)
    refusal(others.post(f"{ROOT}/batches/plan", json={"set": roses, **QUESTION}), 404)
    for path in ("", "/rows", "/summary.csv", "/images/0/thumbnail"):
        refusal(others.get(f"{ROOT}/batches/{id}{path}"), 404)
    refusal(client.get(f"{ROOT}/batches/{id}/images/{PICTURES}/thumbnail"), 404)
    refusal(client.post(f"{ROOT}/batches/{id}/images/-1/explanation"), 404)
    assert json.loads(others.get(f"{ROOT}/library").text)["kinds"]["batch"] == 0
