"""Painting over HTTP: answers in one shape, refusals in one sentence, revisions that overwrite nobody's."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.jobs.question import Question
from app.service import Service
from tests.app.api.conftest import ROOT, refusal
from tests.app.api.test_explanations import ask, send
from tests.app.conftest import Counts, picture
from tests.app.inline import HeldPool

H, W = 40, 56
NOTHING, EVERYTHING = bytes(H * W), bytes([255]) * (H * W)
UNCHANGED = bytes([128]) * (H * W)
HALF = bytes([255]) * (H * W // 2) + bytes(H * W // 2)


@pytest.fixture
def here(client: TestClient) -> str:
    """Address of a finished explanation."""
    return f"{ROOT}/explanations/{ask(client, send(client))['id']}"


def kept(client: TestClient, here: str, planes: bytes = HALF + UNCHANGED, **query: Any) -> Any:
    target = client.get(here).json()["view"]["target"]
    return client.post(f"{here}/revisions", content=planes, params={"target": target, **query})


def test_painting_answers_for_every_class_named(client: TestClient, here: str) -> None:
    look = client.get(here).json()["look"]
    answer = client.post(f"{here}/paint", content=NOTHING).json()
    assert answer["classes"] == look["classes"]
    assert answer["labels"] == look["labels"]
    assert answer["probabilities"] == answer["before"] == look["probabilities"]
    painted = client.post(f"{here}/paint", content=HALF, params={"fill": "mean"}).json()
    assert painted["before"] == look["probabilities"] != painted["probabilities"]
    kept = client.post(f"{here}/paint", content=HALF[::-1], params={"fill": "mean", "mode": "keep"}).json()
    assert kept["probabilities"] == painted["probabilities"]


def test_controls_come_in_parts(client: TestClient, here: str) -> None:
    parts = [client.post(f"{here}/paint/control", content=HALF, params={"part": k}).json() for k in range(5)]
    assert [part["done"] for part in parts] == [4, 8, 12, 16, 20]
    rows = [tuple(row) for part in parts for row in part["probabilities"]]
    assert len(set(rows)) > 10
    assert {len(row) for row in rows} == {len(parts[0]["classes"])}
    spread = client.post(f"{here}/paint/fills", content=HALF).json()
    assert spread["fills"] == ["blur", "mean", "noise", "inpaint"]
    for fill, row in zip(spread["fills"], spread["probabilities"], strict=True):
        chosen = client.post(f"{here}/paint", content=HALF, params={"fill": fill}).json()
        assert row == pytest.approx(chosen["probabilities"], rel=1e-4)  # a batch of four, and of one


def test_an_edited_map_is_judged(client: TestClient, here: str) -> None:
    target = client.get(here).json()["view"]["target"]
    told = client.post(f"{here}/paint/score", content=UNCHANGED, params={"target": target}).json()
    assert told["edited"] == told["machine"]
    assert len(told["random"]) == 10
    assert len(client.get(f"{here}/paint/regions").content) == 2 * H * W


def test_cells(client: TestClient, here: str) -> None:
    whole = client.post(f"{here}/cells", json={}).json()
    assert whole["probabilities"] == whole["before"]
    told = client.post(f"{here}/cells", json={"off": [0, 1]}).json()
    assert told["probabilities"] != told["before"] == whole["before"]
    last = whole["rows"] * whole["columns"] - 1
    for off, sentence in (
        ([last + 1], f"off must name cells in [0, {last}]; got {last + 1}"),
        ([-1], f"off must name cells in [0, {last}]; got -1"),
        (list(range(last + 1)), f"off must leave at least one of the {last + 1} cells on; got all of them"),
        (["a"], "off: Input should be a valid integer"),
    ):
        assert refusal(client.post(f"{here}/cells", json={"off": off}), 422).startswith(sentence)


@pytest.mark.usefixtures("as_in_production")
@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("paint", NOTHING[1:], "The painted area must have 40 × 56 = 2,240 bytes, one for each pixel"),
        ("paint", b"", "The painted area must have 40 × 56 = 2,240 bytes, one for each pixel"),
        ("paint", NOTHING + b"\0", "The body is larger than 2,240 bytes, which is the limit."),
        ("paint?mode=erase", NOTHING, "mode: Input should be 'remove' or 'keep'"),
        ("paint?fill=lava", NOTHING, "fill: Input should be 'blur', 'mean', 'noise' or 'inpaint'"),
        ("paint/control", NOTHING, "part: Field required"),
        ("paint/control?part=5", NOTHING, "part must lie in [0, 4]; got 5"),
        ("paint/control?part=-1", NOTHING, "part must lie in [0, 4]; got -1"),
        ("paint/score?target=0", NOTHING[2:], "The changes must have 40 × 56 = 2,240 bytes, one for each pixel"),
        ("paint/score?target=99", NOTHING, "target must be one of the classes that were read; got 99"),
        ("revisions?target=99", HALF + UNCHANGED, "target must be one of the classes that were read; got 99"),
        ("revisions?target=0", HALF, "A revision must have 2 × 40 × 56 = 4,480 bytes"),
        (f"revisions?target=0&note={'x' * 201}", HALF * 2, "note must have at most 200 characters; got 201"),
    ],
)
def test_a_wrong_painting(client: TestClient, here: str, counts: Counts, path: str, body: bytes, sentence: str) -> None:
    before = counts()
    assert refusal(client.post(f"{here}/{path}", content=body), 422).startswith(sentence)
    assert counts() == before


def test_what_is_no_finished_picture_is_not_painted_on(
    slow_client: TestClient, slow_desk: Service, held: HeldPool
) -> None:
    waiting = ask(slow_client, send(slow_client))["id"]
    text = slow_client.post(f"{ROOT}/texts", json={"text": "a good film"}).json()["id"]
    words = slow_client.post(f"{ROOT}/explanations", json={"asset": text, "method": "occlusion"}).json()["id"]
    theirs = slow_desk.upload("bob", picture(0), "bob's")
    foreign = slow_desk.ask("bob", theirs.id, Question(params={"n_masks": 32})).id
    for id, status, sentence in (
        (waiting, 422, "An explanation is painted on when it is done; this one is queued."),
        (words, 422, "Pictures are painted on; this explanation is about a text."),
        (foreign, 404, "There is no such explanation, or it is not yours."),
        ("0" * 32, 404, "There is no such explanation, or it is not yours."),
    ):
        for verb, path in (
            ("POST", "paint"), ("POST", "paint/control?part=0"), ("POST", "paint/fills"), ("GET", "paint/regions"),
            ("POST", "paint/score?target=0"), ("POST", "revisions?target=0"),
        ):  # fmt: skip
            answer = slow_client.request(verb, f"{ROOT}/explanations/{id}/{path}", content=NOTHING)
            assert refusal(answer, status) == sentence
        answer = slow_client.post(f"{ROOT}/explanations/{id}/cells", json={})
        assert refusal(answer, status) == sentence
    assert held.cancelled == []


def test_a_revision_comes_back_as_it_was(client: TestClient, here: str) -> None:
    assert client.get(f"{here}/revisions").json() == []
    answer = kept(client, here, note=" the cup \x00", mode="keep", fill="noise")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["area"] == pytest.approx(0.5)
    assert {key: told[key] for key in ("number", "parent", "author", "note", "mode", "fill")} == {
        "number": 1, "parent": None, "author": "local", "note": "the cup", "mode": "keep", "fill": "noise",
    }  # fmt: skip
    mask = client.get(f"{here}/revisions/{told['id']}/mask")
    assert mask.content == HALF + UNCHANGED
    assert mask.headers["cache-control"].startswith("private")
    assert client.get(f"{here}/revisions").json() == [told]


def test_two_tabs_never_overwrite_each_other(client: TestClient, here: str, counts: Counts) -> None:
    first = kept(client, here).json()
    second = kept(client, here, parent=first["id"]).json()
    assert second["parent"] == first["id"]
    before = counts()
    sentence = "Revision 2 was saved after the one that this was made from: open it, or save this as a branch."
    for parent in ({"parent": first["id"]}, {}):
        assert refusal(kept(client, here, EVERYTHING + UNCHANGED, **parent), 409) == sentence
    assert counts() == before
    branch = kept(client, here, EVERYTHING + UNCHANGED, parent=first["id"], branch=True).json()
    assert (branch["parent"], branch["number"]) == (first["id"], 3)
    assert [each["number"] for each in client.get(f"{here}/revisions").json()] == [3, 2, 1]


def test_a_revision_of_another_explanation_is_none(client: TestClient, here: str, counts: Counts) -> None:
    there = f"{ROOT}/explanations/{ask(client, send(client), seed=9)['id']}"
    theirs = kept(client, there).json()["id"]
    before = counts()
    for id in (theirs, "0" * 32, "%00"):
        said = refusal(client.get(f"{here}/revisions/{id}/mask"), 404)
        assert said == "There is no such revision, or it is not yours."
    assert refusal(kept(client, here, parent=theirs), 404) == "There is no such revision, or it is not yours."
    assert counts() == before
