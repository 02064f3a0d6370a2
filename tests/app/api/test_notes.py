"""Notes over HTTP: on a place that is there, by its owner, and part of what is shared."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.app.api.conftest import ROOT, refusal
from tests.app.api.test_explanations import ask, send
from tests.app.api.test_library import written
from tests.app.api.test_shares import give, seen
from tests.app.conftest import Counts

POINT = {"kind": "point", "x": 0.25, "y": 1}
BOX = {"kind": "rectangle", "left": 0, "top": 0.5, "right": 0.5, "bottom": 1}


def put(client: TestClient, id: str, place: dict[str, Any], said: str = "look here") -> Any:
    return client.post(f"{ROOT}/explanations/{id}/notes", json={"place": place, "text": said})


def test_made_listed_and_deleted(client: TestClient) -> None:
    id = ask(client, send(client))["id"]
    first, second = put(client, id, POINT).json(), put(client, id, BOX, " two\nlines  ").json()
    assert (first["number"], first["place"], first["text"]) == (1, POINT, "look here")
    assert (second["number"], second["place"], second["text"]) == (2, BOX, "two lines")
    here = f"{ROOT}/explanations/{id}/notes"
    assert client.get(here).json() == [first, second]
    assert client.delete(f"{here}/{first['id']}").status_code == 204
    refusal(client.delete(f"{here}/{first['id']}"), 404)
    assert client.get(here).json() == [second]
    assert put(client, id, POINT).json()["number"] == 3


def test_a_word(client: TestClient) -> None:
    id = written(client)["id"]
    assert put(client, id, {"kind": "word", "number": 2}).status_code == 201
    assert "number must lie in [0, 2]; got 3" in refusal(put(client, id, {"kind": "word", "number": 3}), 422)
    assert "a word of the text" in refusal(put(client, id, POINT), 422)
    assert "a word of the text" in refusal(put(client, id, {"kind": "concept", "number": 0}), 422)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ({"kind": "point", "x": 1.01, "y": 0}, "x must lie in [0, 1]; got 1.01"),
        ({"kind": "point", "x": 0, "y": float("nan")}, "y must lie in [0, 1]; got nan"),
        ({**BOX, "right": 0}, "A rectangle must have its left side left of its right one"),
        ({"kind": "word", "number": 0}, "a point or a rectangle of the picture; got a word"),
        ({"kind": "nothing"}, "place"),
        ({"kind": "point", "x": 0}, "place.point.y: Field required"),
    ],
)
def test_a_place_that_is_not_there(client: TestClient, counts: Counts, place: dict[str, Any], sentence: str) -> None:
    import json

    id = ask(client, send(client))["id"]
    body = json.dumps({"place": place, "text": "x"})
    answer = client.post(f"{ROOT}/explanations/{id}/notes", content=body, headers={"content-type": "application/json"})
    assert sentence in refusal(answer, 422)
    assert counts()["notes"] == 0


@pytest.mark.parametrize("said", ["", " \n", "\x00", "x" * 501, "\u200b" * 0])
def test_a_note_says_something_and_not_too_much(client: TestClient, counts: Counts, said: str) -> None:
    id = ask(client, send(client))["id"]
    assert "text must have 1 to 500 characters" in refusal(put(client, id, POINT, said), 422)
    assert counts()["notes"] == 0
    assert put(client, id, POINT, "x" * 500).status_code == 201


def test_a_link_shows_the_notes_of_its_day(client: TestClient) -> None:
    id = ask(client, send(client))["id"]
    first = put(client, id, POINT).json()
    share = give(client, id)
    put(client, id, BOX)
    client.delete(f"{ROOT}/explanations/{id}/notes/{first['id']}")
    assert seen(client, share)["notes"] == [first]
