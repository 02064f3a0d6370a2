"""The library over HTTP: found, named, and deleted after what depends on it has been told."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text
from starlette.testclient import TestClient

from app import library
from app.service import Service
from app.storage.library import Library
from tests.app.api.conftest import ROOT, refusal
from tests.app.api.test_explanations import ask, send
from tests.app.api.test_sets import sent
from tests.app.api.test_shares import give
from tests.app.conftest import LABELS, Counts
from tests.app.inline import HeldPool


def written(client: TestClient, words: str = "a good film", name: str = "review") -> dict[str, Any]:
    asset = client.post(f"{ROOT}/texts", json={"text": words, "name": name}).json()["id"]
    return ask(client, asset, method="rise", params={"n_masks": 64})


def edit(client: TestClient, id: str, note: str = "the cup", parent: str | None = None) -> str:
    params = {"target": client.get(f"{ROOT}/explanations/{id}").json()["view"]["target"], "note": note}
    given = params if parent is None else params | {"parent": parent}
    answer = client.post(f"{ROOT}/explanations/{id}/revisions", content=bytes(2 * 40 * 56), params=given)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def note(client: TestClient, id: str, said: str = "the handle") -> str:
    place = {"kind": "point", "x": 0.5, "y": 0.5}
    answer = client.post(f"{ROOT}/explanations/{id}/notes", json={"place": place, "text": said})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def found(client: TestClient, **wanted: str | int) -> dict[str, Any]:
    answer = client.get(f"{ROOT}/library", params=wanted)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def ids(client: TestClient, **wanted: str | int) -> list[str]:
    return [entry["id"] for entry in found(client, **wanted)["entries"]]


def dependants(client: TestClient, *things: str) -> list[Mapping[str, Any]]:
    answer = client.get(f"{ROOT}/library/dependants", params={"of": list(things)})
    assert answer.status_code == 200, answer.text
    told: list[Mapping[str, Any]] = answer.json()
    return told


def test_everything_is_there(client: TestClient) -> None:
    shown = ask(client, send(client))
    review = written(client)
    made = edit(client, shown["id"])
    kept = sent(client)["id"]
    head = client.post(f"{ROOT}/heads", json={"name": "mood", "prompts": {"up": ["good"], "down": ["bad"]}}).json()
    link = give(client, shown["id"])
    told = found(client)
    assert told["kinds"] == {
        "picture": 1,
        "text": 1,
        "edit": 1,
        "study": 0,
        "batch": 0,
        "set": 1,
        "classifier": 1,
        "link": 1,
    }
    assert (told["total"], told["page"], told["pages"]) == (6, 1, 1)
    entries = {entry["id"]: entry for entry in told["entries"]}
    assert list(entries) == [link["id"], head["id"], kept, made, review["id"], shown["id"]], "the newest first"
    label = LABELS[shown["view"]["target"]]
    assert entries[shown["id"]]["title"] == f"Why {label}? RISE on my photo.png"
    assert entries[shown["id"]]["href"] == f"/?e={shown['id']}"
    small = client.get(f"{ROOT}/{entries[shown['id']]['looks']['picture']}")
    assert small.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(small.content)).size == (56, 40)
    words = entries[review["id"]]["looks"]["words"]
    assert [word["text"] for word in words] == ["a", "good", "film"]
    assert all(len(word["colour"]) == 3 for word in words)
    assert entries[kept]["looks"]["pictures"]
    assert entries[head["id"]]["looks"]["chips"] == ["up", "down"]
    assert "until" in entries[link["id"]]["facts"][0]
    assert entries[made]["title"] == "the cup"


def test_filtered_searched_and_sorted(client: TestClient) -> None:
    shown, review = ask(client, send(client)), written(client)
    other = ask(client, send(client), method="occlusion", params={})
    note(client, other["id"], "Caf\u00e9 Handle")
    assert set(ids(client, kind="picture")) == {shown["id"], other["id"]}
    assert ids(client, kind="text") == ids(client, model="wordy") == [review["id"]]
    assert ids(client, method="occlusion") == [other["id"]]
    assert ids(client, search="CAF\u00c9 handle") == [other["id"]], "in notes, whatever the case"
    assert ids(client, search="handle photo") == [other["id"]], "all of the words"
    assert ids(client, search="handle nothing") == []
    assert ids(client, search=review["look"]["labels"][0]) == [review["id"]]
    answer = client.patch(f"{ROOT}/explanations/{review['id']}", json={"name": "  a first look "})
    assert answer.status_code == 204
    assert ids(client, search="first look") == [review["id"]]
    assert ids(client, sort="name")[0] == review["id"], "a before kind"
    assert ids(client, sort="method")[0] == other["id"], "Occlusion before RISE"
    client.patch(f"{ROOT}/explanations/{review['id']}", json={"name": ""})
    assert found(client, kind="text")["entries"][0]["title"].startswith("Why positive? RISE on")
    for name in ("x" * 201, "x" * 100_000):
        assert "at most 200" in refusal(client.patch(f"{ROOT}/explanations/{review['id']}", json={"name": name}), 422)
    refusal(client.get(f"{ROOT}/library?kind=nothing"), 422)


def test_a_thumbnail_is_made_once(client: TestClient, desk: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = ask(client, send(client))
    here = f"{ROOT}/explanations/{shown['id']}/thumbnail"
    first, other = (client.get(here, params={"target": k}).content for k in shown["spec"]["classes"][:2])
    assert first != other
    monkeypatch.setattr(library, "laid", None)
    assert client.get(here, params={"target": shown["spec"]["classes"][0]}).content == first
    refusal(client.get(here, params={"target": 10**6}), 404)
    refusal(client.get(f"{ROOT}/explanations/{written(client)['id']}/thumbnail"), 404)
    assert desk.store.thumbnails.get(shown["key"], shown["spec"]["classes"][0]) == first


def test_what_depends_on_it_is_told_before_it_goes(client: TestClient, counts: Counts) -> None:
    asset = send(client)
    shown = ask(client, asset)
    other = ask(client, asset, seed=1)
    laid = [{"id": shown["id"], "target": shown["view"]["target"]}]
    view = {"target": other["view"]["target"], "compare": laid}
    assert client.put(f"{ROOT}/explanations/{other['id']}/view", json=view).status_code == 204
    edit(client, shown["id"], parent=edit(client, shown["id"]))
    note(client, shown["id"])
    link = give(client, shown["id"])
    (told,) = dependants(client, f"picture.{shown['id']}")
    assert told["goes"] == {"revision": 2, "note": 1}
    assert told["stays"] == {"comparison": 1, "link": 1}
    assert told["told"].startswith("2 revisions and 1 note go with it. 1 link goes on working until ")
    assert told["told"].endswith("1 comparison will do without it.")
    assert client.get(f"{ROOT}/explanations/{shown['id']}/dependants").json() == told
    assert client.delete(f"{ROOT}/explanations/{shown['id']}").status_code == 204
    refusal(client.delete(f"{ROOT}/explanations/{shown['id']}"), 404)
    refusal(client.get(f"{ROOT}/explanations/{shown['id']}"), 404)
    after = counts()
    assert (after["revisions"], after["notes"], after["explanations"]) == (0, 0, 1)
    seen = client.get(f"{ROOT}/shares/{link['id']}").json()
    assert seen["notes"][0]["text"] == "the handle", "the link is a snapshot"
    assert client.get(f"{ROOT}/{seen['input']}").status_code == 200
    assert client.get(f"{ROOT}/explanations/{other['id']}/agreement").status_code == 200
    assert dependants(client, f"picture.{other['id']}")[0]["told"] == ""


def test_sets_and_classifiers_leave_what_was_made_of_them(client: TestClient) -> None:
    kept = sent(client)
    head = client.post(f"{ROOT}/heads", json={"name": "mood", "prompts": {"up": ["good"], "down": ["bad"]}}).json()
    asset = client.post(f"{ROOT}/texts", json={"text": "a good film"}).json()["id"]
    asked = ask(client, asset, model=head["model"], params={"n_masks": 64})
    first, second = dependants(client, f"set.{kept['id']}", f"classifier.{head['id']}")
    assert first["goes"] == {"picture": kept["images"]}
    assert second["told"] == "1 explanation made of it stays readable, but nothing new can be asked of it."
    assert found(client, kind="text")["models"][head["model"]] == "mood"
    things = [f"set.{kept['id']}", f"classifier.{head['id']}"]
    assert client.post(f"{ROOT}/library/delete", json={"of": things}).json() == {"deleted": 2}
    assert client.get(f"{ROOT}/explanations/{asked['id']}").status_code == 200
    assert found(client)["kinds"]["set"] == found(client)["kinds"]["classifier"] == 0


def test_several_at_once(client: TestClient, counts: Counts) -> None:
    shown, review = ask(client, send(client)), written(client)
    made = edit(client, shown["id"])
    link = give(client, review["id"])
    alone, together = (
        dependants(client, *asked)[0]["stays"]["link"]
        for asked in ([f"text.{review['id']}"], [f"text.{review['id']}", f"link.{link['id']}"])
    )
    assert (alone, together) == (1, 0), "a link that is deleted with it does not go on working"
    things = [f"edit.{made}", f"picture.{shown['id']}", f"text.{review['id']}", f"link.{link['id']}"]
    assert [told["kind"] for told in dependants(client, *things)] == ["edit", "picture", "text", "link"]
    answer = client.post(f"{ROOT}/library/delete", json={"of": [*things, f"picture.{shown['id']}"]})
    assert answer.json() == {"deleted": 4}
    after = counts()
    tables = ("explanations", "revisions", "shares", "assets", "runs", "blobs", "result_blobs", "thumbnails")
    assert {table: after[table] for table in tables} == dict.fromkeys(tables, 0)


@pytest.mark.parametrize("thing", ["nothing", "nothing.x", "", ".", "run.x"])
def test_what_is_no_thing(client: TestClient, thing: str) -> None:
    assert "of must be KIND.ID" in refusal(client.get(f"{ROOT}/library/dependants", params={"of": thing}), 422)
    assert "of must be KIND.ID" in refusal(client.post(f"{ROOT}/library/delete", json={"of": [thing]}), 422)
    refusal(client.post(f"{ROOT}/library/delete", json={"of": []}), 422)
    refusal(client.get(f"{ROOT}/library/dependants", params={"of": "picture.x"}), 404)


def test_a_job_is_cancelled_with_its_last_explanation(slow_client: TestClient, held: HeldPool, counts: Counts) -> None:
    shown = ask(slow_client, send(slow_client))
    assert found(slow_client)["entries"][0]["state"] == "queued"
    assert slow_client.delete(f"{ROOT}/explanations/{shown['id']}").status_code == 204
    assert held.cancelled == [shown["key"]]
    assert counts()["runs"] == counts()["waiters"] == counts()["blobs"] == 0


def test_pages_of_two_thousand(client: TestClient, desk: Service) -> None:
    """A page of them takes well under a second on a busy machine; alone, 60 ms."""
    shown = ask(client, send(client))
    columns = "owner, run, asset, view"
    with desk.store.database.write() as session:
        session.execute(
            text(
                f"INSERT INTO explanations (id, created, {columns}) "
                f"SELECT :id, :created, {columns} FROM explanations WHERE id = :copied"
            ),
            [{"id": f"copy{i}", "created": i, "copied": shown["id"]} for i in range(1_999)],
        )
    took = []
    for page in (1, 40, 84, 999):
        started = time.perf_counter()
        told = found(client, page=page, search="photo")
        took.append(time.perf_counter() - started)
        assert told["total"] == 2_000
        assert told["pages"] == 84
    assert told["page"] == 84
    assert [entry["id"] for entry in told["entries"]] == [f"copy{i}" for i in range(7, -1, -1)]
    assert min(took) < 1, took


def test_a_broken_shelf_breaks_the_list(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is swallowed: a list that lacks things would be believed."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Library, "of", broken)
    refusal(client.get(f"{ROOT}/library"), 500)
