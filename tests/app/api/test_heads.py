"""Classifiers of one's own over HTTP: made, listed, asked with, deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from app import table
from app.failures import RequestError
from app.jobs.question import Question
from app.service import Service
from tests.app.api.conftest import ROOT, refusal
from tests.app.api.test_explanations import send
from tests.app.api.test_texts import JSON, ask, probe, write
from tests.app.conftest import Counts

# the fit's own scalar, which torch warns of once
pytestmark = pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad:UserWarning")

PROMPTS = {"worse": ["bad", "a bad film"], "better": ["good"]}
SHAPE = ["id", "model", "name", "base", "labels", "prompts", "accuracy", "confusion", "rows", "cut", "created"]
WORDS = ("a", "the", "film", "and", ".")
TABLE = "text,label\n" + "".join(
    f"{word} {k},{label}\n" for word, label in (("good", "+"), ("bad", "-")) for k in WORDS
)


def prompted(client: TestClient, **changes: object) -> dict[str, Any]:
    answer = client.post(f"{ROOT}/heads", json={"name": "mood", "prompts": PROMPTS, **changes})
    assert answer.status_code == 201, answer.text
    head: dict[str, Any] = answer.json()
    return head


def fitted(client: TestClient, data: str | bytes = TABLE, **asked: str) -> Any:
    return client.post(f"{ROOT}/heads/fit", content=data, params={"name": "mine", **asked})


def test_by_prompts(client: TestClient) -> None:
    head = prompted(client)
    assert list(head) == SHAPE
    assert (head["model"], head["name"], head["base"]) == (f"head/{head['id']}", "mood", "wordy")
    assert (head["labels"], head["prompts"]) == (["worse", "better"], PROMPTS)
    assert [head[field] for field in ("accuracy", "confusion", "rows", "cut")] == [None] * 4
    assert client.get(f"{ROOT}/heads").json() == [head]


def test_by_rows(client: TestClient) -> None:
    answer = fitted(client)
    assert answer.status_code == 201, answer.text
    head = answer.json()
    assert list(head) == SHAPE
    assert (head["labels"], head["prompts"], head["rows"], head["cut"]) == (["+", "-"], None, 10, 0)
    assert (head["accuracy"], head["confusion"]) == (1.0, [[5, 0], [0, 5]])
    named = fitted(client, TABLE.replace("text,label", "what,how"), text_column="what", label_column="how").json()
    assert named["confusion"] == head["confusion"]
    assert [known["id"] for known in client.get(f"{ROOT}/heads").json()] == [named["id"], head["id"]]


@pytest.mark.parametrize("by", ["prompts", "rows"])
def test_it_is_asked_like_any_model(client: TestClient, by: str) -> None:
    head = prompted(client) if by == "prompts" else fitted(client).json()
    told = ask(client, write(client, "the good film"), model=head["model"])
    assert told["spec"]["model"] == told["look"]["card"]["name"] == head["model"]
    assert told["progress"]["error"] is None
    assert told["look"]["labels"][0] == {"prompts": "better", "rows": "+"}[by]
    judged = client.post(f"{ROOT}/explanations/{told['id']}/trust").json()
    assert judged["progress"]["state"] == "done", judged["progress"]["error"]
    assert probe(client, told, off=[1]).json()["probabilities"][0] < told["look"]["probabilities"][0]
    fits = client.get(f"{ROOT}/fits", params={"model": head["model"]}).json()
    assert "rise" in [fit["method"] for fit in fits["methods"]]


def test_what_was_explained_outlives_it(client: TestClient) -> None:
    head = prompted(client)
    asset = write(client, "the good film")
    told = ask(client, asset, model=head["model"])
    assert client.delete(f"{ROOT}/heads/{head['id']}").status_code == 204
    assert client.get(f"{ROOT}/heads").json() == []
    assert client.get(f"{ROOT}/explanations/{told['id']}").json() == told
    assert client.get(f"{ROOT}/{told['maps'][str(told['view']['target'])]}").status_code == 200
    gone = client.post(f"{ROOT}/explanations", json={"asset": asset, "model": head["model"]})
    assert refusal(gone, 422).startswith(f"no model is called '{head['model']}'")
    assert refusal(probe(client, told, off=[0]), 422).startswith(f"no model is called '{head['model']}'")
    again = client.delete(f"{ROOT}/heads/{head['id']}")
    assert refusal(again, 404) == "There is no such classifier, or it is not yours."


def test_somebody_elses_is_unknown(client: TestClient, desk: Service, counts: Counts) -> None:
    theirs = desk.prompt_head("bob", "bob's", None, PROMPTS)
    asset = write(client)
    before = counts()
    said = []
    for model in (theirs.model, "head/nothing"):
        asked = client.post(f"{ROOT}/explanations", json={"asset": asset, "model": model})
        fits = client.get(f"{ROOT}/fits", params={"model": model})
        deleted = client.delete(f"{ROOT}/{model.replace('head', 'heads')}")
        said.append([refusal(asked, 422), refusal(fits, 422), refusal(deleted, 404)])
    assert [message.replace(theirs.id, "nothing") for message in said[0]] == said[1]
    assert said[1][0].startswith("no model is called 'head/nothing'")
    assert client.get(f"{ROOT}/heads").json() == []
    assert counts() == before
    assert desk.fits(theirs.model, "bob")
    with pytest.raises(Exception, match="no model is called"):
        desk.fits(theirs.model)  # whoever does not say who asks


@pytest.mark.usefixtures("as_in_production")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "name must have 1 to 200 characters, not blank; got ''"),
        ({"name": " \u0007"}, "name must have 1 to 200 characters, not blank; got ' \\x07'"),
        ({"name": "n" * 201}, "name: String should have at most 200 characters"),
        ({"base": "nothing"}, "no model is called 'nothing'"),
        ({"base": "tiny"}, "base must be an encoder of texts, such as minilm; tiny classifies images"),
        ({"base": "head/x"}, "base must be an encoder, such as minilm, and no head; got 'head/x'"),
        ({"prompts": {}}, "labels must number 2 to 200; got 0"),
        ({"prompts": {"a": ["x"]}}, "labels must number 2 to 200; got 1"),
        ({"prompts": {"a": ["x"], " ": ["y"]}}, "labels must be texts of 1 to 200 characters, not blank; got ' '"),
        ({"prompts": {"a": ["x"], "b": []}}, "prompts of 'b' must number 1 to 1000; got 0"),
        ({"prompts": {"a": ["x"], "b": [" "]}}, "prompts of 'b' must be texts that are not blank; got ' '"),
        ({"prompts": {"a": ["x\0"], "b": ["y"]}}, "A prompt has a zero byte at character 2, which cannot be kept."),
        ({"prompts": {"a\0": ["x"], "b": ["y"]}}, "A label has a zero byte at character 2, which cannot be kept."),
        ({"prompts": {"a": ["x"], "b": ["y " * 400]}}, "prompts of 'b' must fit in the 300 tokens that wordy reads"),
        ({"prompts": {"a": "x", "b": ["y"]}}, "prompts.a: Input should be a valid list"),
        ({"prompts": [1]}, "prompts: Input should be a valid dictionary"),
        ({"prompt": {}}, "prompt: Extra inputs are not permitted"),
    ],
)
def test_wrong_prompts(client: TestClient, counts: Counts, changes: dict[str, object], sentence: str) -> None:
    before = counts()
    body = json.dumps({"name": "mood", "prompts": PROMPTS, **changes})
    assert refusal(client.post(f"{ROOT}/heads", content=body, headers=JSON), 422).startswith(sentence)
    assert counts() == before


@pytest.mark.usefixtures("as_in_production")
@pytest.mark.parametrize(
    ("data", "asked", "sentence"),
    [
        ("", {}, "The table is empty."),
        ("title,body,label\na,b,c\n", {}, "text_column must be named where none is called"),
        (TABLE, {"text_column": "body"}, "text_column must be one of 'text', 'label'; got 'body'"),
        (TABLE.replace(",-", ",+"), {}, "labels must number 2 to 200; got 1"),
        ("text,label\na,+\nb,+\nc,-\n", {}, "texts of label '-' must number at least 2, different ones; got 1"),
        ("text,label\na,+\n ,+\nc,-\n", {}, "texts must be texts that are not blank; got ' '"),
        ("text,label\na,+\nb,\nc,-\n", {}, "labels must be texts that are not blank; got ''"),
        (b"text,label\n\xe4,+\n", {}, "The table must be UTF-8; byte 12 is not."),
        (TABLE, {"base": "tiny"}, "base must be an encoder of texts, such as minilm; tiny classifies images"),
        (TABLE, {"name": " "}, "name must have 1 to 200 characters, not blank; got ' '"),
        (b"x" * 1_000_001, {}, "The table is larger than 1,000,000 bytes, which is the limit."),
    ],
)
def test_wrong_rows(
    client: TestClient, counts: Counts, data: str | bytes, asked: dict[str, str], sentence: str
) -> None:
    before = counts()
    assert refusal(fitted(client, data, **asked), 422).startswith(sentence)
    assert counts() == before


def test_s2_too_many_rows(client: TestClient, counts: Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MOST_ROWS", 9)
    before = counts()
    assert refusal(fitted(client), 422) == "The table has more than 9 rows, which is the limit."
    assert counts() == before


def test_a_name_is_needed(client: TestClient) -> None:
    assert refusal(client.post(f"{ROOT}/heads/fit", content=TABLE), 422) == "name: Field required"
    assert refusal(client.post(f"{ROOT}/heads", json={"prompts": PROMPTS}), 422) == "name: Field required"


def test_a_head_is_not_asked_about_pictures(client: TestClient, desk: Service) -> None:
    head = prompted(client)
    answer = client.post(f"{ROOT}/explanations", json={"asset": send(client), "model": head["model"]})
    assert "classifies texts; ask it about a text" in refusal(answer, 422)
    asset = desk.upload_text("local", "a good film", "text")
    with pytest.raises(RequestError, match="target must be a class label or index of this model; got 'up'"):
        desk.ask("local", asset.id, Question(kind="text", model=head["model"], target="up"))
