"""Shares over HTTP: what is frozen, what outlives its original, and what can be made one's own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.access.identity import Identity
from app.jobs.question import Question
from app.service import Service
from app.sets.standing import SHAPES
from app.sharing import shares
from app.storage.concepts import Concepts
from app.storage.explanations import Explanation
from tests.app.api.conftest import ROOT, refusal
from tests.app.api.test_explanations import ask, send
from tests.app.api.test_sets import sent
from tests.app.conftest import LABELS, Counts, picture
from tests.app.inline import HeldPool

DAY = 24 * 3600
GUEST = "bob"


def give(client: TestClient, id: str, noun: str = "explanations", days: int = 7) -> dict[str, Any]:
    answer = client.post(f"{ROOT}/{noun}/{id}/shares", json={"days": days})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def seen(client: TestClient, share: Mapping[str, Any]) -> dict[str, Any]:
    answer = client.get(f"{ROOT}/shares/{share['id']}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    told: dict[str, Any] = answer.json()
    return told


def test_s19_a_link_is_told_once(client: TestClient) -> None:
    mine = ask(client, send(client))
    told = give(client, mine["id"], days=30)
    assert set(told) == {"id", "url", "expires"}
    assert told["url"].startswith("http://localhost/s/")
    token = told["url"].rpartition("/")[2]
    assert len(token) == 43, "256 bits"
    assert abs(told["expires"] - time.time() - 30 * DAY) < 60
    listed = client.get(f"{ROOT}/shares")
    assert token not in listed.text
    (row,) = listed.json()
    label = LABELS[mine["view"]["target"]]
    assert (row["id"], row["kind"], row["state"]) == (told["id"], "explanation", "live")
    assert row["title"] == f"Why {label}? RISE on my photo.png"
    assert row["expires"] == told["expires"]
    assert give(client, mine["id"])["url"] != told["url"]


@pytest.mark.parametrize("days", [0, 91, -1, 10**30])
def test_days_have_limits(client: TestClient, counts: Counts, days: int) -> None:
    mine = ask(client, send(client))
    before = counts()
    answer = client.post(f"{ROOT}/explanations/{mine['id']}/shares", json={"days": days})
    assert refusal(answer, 422).startswith("days must lie in [1, 90]; got ")
    assert counts() == before


def test_what_is_not_done_is_not_shared(slow_client: TestClient, held: HeldPool, counts: Counts) -> None:
    mine = ask(slow_client, send(slow_client))
    before = counts()
    answer = slow_client.post(f"{ROOT}/explanations/{mine['id']}/shares", json={})
    assert refusal(answer, 422) == "An explanation is shared when it is done; this one is queued."
    assert counts() == before
    held.work()
    give(slow_client, mine["id"])


def test_links_have_an_end(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MOST", 2)
    mine = ask(client, send(client))
    first, _ = give(client, mine["id"]), give(client, mine["id"])
    answer = client.post(f"{ROOT}/explanations/{mine['id']}/shares", json={})
    assert refusal(answer, 422) == "You have 2 links that work, which is the limit; take one back first."
    assert client.delete(f"{ROOT}/shares/{first['id']}").status_code == 204
    give(client, mine["id"])


def test_s22_it_shows_what_was_shared_and_not_what_became_of_it(client: TestClient) -> None:
    asset = send(client)
    mine, other = ask(client, asset), ask(client, asset, seed=1)
    client.post(f"{ROOT}/explanations/{mine['id']}/trust")
    target, second = mine["view"]["target"], mine["spec"]["classes"][4]
    beside = {"target": target, "compare": [{"id": other["id"], "target": target}]}
    assert client.put(f"{ROOT}/explanations/{mine['id']}/view", json=beside).status_code == 204
    told = give(client, mine["id"])
    before = seen(client, told)
    assert (before["view"], before["kind"], before["called"]) == ({"target": target}, "image", None)
    assert before["judgement"]["target"] == target
    assert before["judgement"]["report"]["verdict"]
    assert [tile["target"] for tile in before["compare"]["tiles"]] == [target, target]
    assert len(before["compare"]["agreement"]["pairs"]) == 1
    assert (before["spec"], before["look"], before["result"]) == (mine["spec"], mine["look"], mine["result"])
    client.put(f"{ROOT}/explanations/{mine['id']}/view", json={"target": second, "compare": []})
    assert seen(client, told) == before
    # its parts are those of the original, byte for byte
    for target_, path in mine["maps"].items():
        assert client.get(f"{ROOT}/{path}").content == client.get(f"{ROOT}/{before['maps'][target_]}").content
    shown = client.get(f"{ROOT}/{before['input']}")
    assert shown.content == client.get(f"{ROOT}/{mine['input']}").content
    assert shown.headers["content-type"] == "image/png"
    assert "no-store" in shown.headers["cache-control"], "what is taken back must not lie in a browser"


def test_a_hash_gives_nothing_outside_its_share(client: TestClient, desk: Service) -> None:
    told = give(client, ask(client, send(client))["id"])
    theirs = desk.run(desk.ask(GUEST, desk.upload_text(GUEST, "a good film", "x").id, Question(kind="text")))
    assert theirs.result is not None
    for sha256 in (theirs.input, *theirs.result["blobs"].values(), "0" * 64, "x"):
        answer = client.get(f"{ROOT}/shares/{told['id']}/blobs/{sha256}")
        assert refusal(answer, 404) == "There is no such part, or it is not yours."


def test_a_link_outlives_its_original(client: TestClient, counts: Counts) -> None:
    """Concepts can be deleted, and with them their run."""
    files = [(f"kind 1/{n}.png", picture(n)) for n in range(12)]
    set_id = sent(client, files)["id"]
    asked = {"set": set_id, "n_concepts": 2, "by": "labelled", "target": "kind 1"}
    study = client.post(f"{ROOT}/concepts", json=asked).json()
    assert study["result"] is not None, study["progress"]
    client.patch(f"{ROOT}/concepts/{study['id']}/view", json={"concept": 0, "name": "<b>mine</b>", "suspicious": True})
    told = give(client, study["id"], "concepts")
    client.patch(f"{ROOT}/concepts/{study['id']}/view", json={"concept": 0, "name": "later"})
    parts = {name: client.get(f"{ROOT}/{path}").content for name, path in study["blobs"].items()}
    assert client.delete(f"{ROOT}/concepts/{study['id']}").status_code == 204
    assert client.delete(f"{ROOT}/sets/{set_id}").status_code == 204
    assert counts()["runs"] == counts()["concepts"] == counts()["image_sets"] == 0
    shown = seen(client, told)
    assert shown["result"] == study["result"]
    assert shown["view"]["concepts"]["0"] == {"name": "<b>mine</b>", "suspicious": True}
    assert {name: client.get(f"{ROOT}/{path}").content for name, path in shown["blobs"].items()} == parts
    assert len(shown["pictures"]) == len(study["result"]["images"])
    for path in shown["pictures"]:
        assert client.get(f"{ROOT}/{path}").headers["content-type"] == "image/webp"
    assert refusal(client.post(f"{ROOT}/shares/{told['id']}/copy"), 422).startswith("This study cannot be copied: its")
    # taken back, nothing is left of it
    assert client.delete(f"{ROOT}/shares/{told['id']}").status_code == 204
    assert counts()["share_blobs"] == counts()["blobs"] == 0
    assert refusal(client.get(f"{ROOT}/shares/{told['id']}"), 404) == "There is no such link, or it is not yours."


@pytest.mark.parametrize("kind", ["image", "text"])
def test_s22_a_copy_is_ones_own(client: TestClient, desk: Service, counts: Counts, kind: str) -> None:
    if kind == "image":
        mine = ask(client, send(client))
    else:
        asset = client.post(f"{ROOT}/texts", json={"text": "a good film", "name": "t"}).json()["id"]
        mine = client.post(f"{ROOT}/explanations", json={"asset": asset, "params": {"n_masks": 32}}).json()
    told = give(client, mine["id"])
    guest = Identity(GUEST, frozenset({told["id"]}))
    runs = counts()["runs"]
    copied = shares.copy(desk, guest, told["id"])
    assert counts()["runs"] == runs, "what was computed is not computed again"
    assert isinstance(copied, Explanation)
    assert (copied.owner, copied.run, copied.view["target"]) == (GUEST, mine["key"], mine["view"]["target"])
    assert desk.asset(GUEST, copied.asset).name == desk.asset("local", mine["asset"]).name
    desk.look_at(GUEST, copied.id, mine["spec"]["classes"][1])
    assert desk.explanation("local", mine["id"]).view == mine["view"], "the original is as it was"
    assert client.post(f"{ROOT}/shares/{told['id']}/copy").json()["id"] == mine["id"], "the owner's own is there"


def test_a_study_of_pictures_for_everybody_is_copied_with_its_names(
    client: TestClient, desk: Service, counts: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explainers.concepts.measured.CURVES", 2)
    asked = {"set": SHAPES, "n_concepts": 2, "by": "labelled", "target": 0}
    # the model knows no shapes: the first few are called its first class
    monkeypatch.setattr("app.jobs.concepts.classes", lambda members, _: [0] * 20 + [None] * (len(members) - 20))
    study = client.post(f"{ROOT}/concepts", json=asked).json()
    assert study["result"] is not None, study["progress"]
    client.patch(f"{ROOT}/concepts/{study['id']}/view", json={"concept": 1, "name": "edge", "suspicious": True})
    told = give(client, study["id"], "concepts")
    runs = counts()["runs"]
    copied = shares.copy(desk, Identity(GUEST, frozenset({told["id"]})), told["id"])
    assert counts()["runs"] == runs, "what was computed is not computed again"
    assert isinstance(copied, Concepts)
    assert (copied.owner, copied.run, copied.image_set) == (GUEST, study["key"], SHAPES)
    assert copied.view["concepts"] == {"1": {"name": "edge", "suspicious": True}}


@pytest.mark.parametrize("who", [Identity(), Identity(GUEST), Identity(None, frozenset({"0" * 32}))])
def test_who_has_not_opened_the_link_sees_nothing(client: TestClient, desk: Service, who: Identity) -> None:
    told = give(client, ask(client, send(client))["id"])
    for call in (shares.get, shares.copy):
        with pytest.raises(LookupError, match="There is no such link, or it is not yours"):
            call(desk, who, told["id"])


@pytest.mark.parametrize("id", ["0" * 32, "x", "%00", "%ff", "'%20OR%201=1", "n" * 3000])
def test_an_unknown_link(client: TestClient, id: str) -> None:
    for verb, path in (("GET", ""), ("GET", f"/blobs/{'0' * 64}"), ("DELETE", ""), ("POST", "/copy")):
        answer = client.request(verb, f"{ROOT}/shares/{id}{path}")
        assert refusal(answer, 404) == "There is no such link, or it is not yours."


def test_an_example_is_no_upload(client: TestClient, desk: Service) -> None:
    example = client.post(f"{ROOT}/examples/coffee").json()["id"]
    assert not shares.is_upload(desk, desk.asset("local", example))
    assert shares.is_upload(desk, desk.asset("local", send(client)))


def test_kept_edits_are_shown_with_what_the_model_answers(client: TestClient) -> None:
    mine = ask(client, send(client))
    here = f"{ROOT}/explanations/{mine['id']}"
    assert seen(client, give(client, mine["id"]))["edits"] is None
    pixels = 40 * 56
    half, unchanged = bytes([255]) * (pixels // 2) + bytes(pixels // 2), bytes([128]) * pixels
    asked = {"target": mine["view"]["target"], "mode": "keep", "fill": "mean", "note": "its upper half"}
    kept = client.post(f"{here}/revisions", content=half + unchanged, params=asked).json()
    answered = client.post(f"{here}/paint", content=half, params={"mode": "keep", "fill": "mean"}).json()
    told = give(client, mine["id"])
    assert client.delete(f"{here}/revisions/{kept['id']}").status_code == 204  # the link stays as it was
    edits = seen(client, told)["edits"]
    assert {name: edits[name] for name in ("classes", "labels", "before")} == {
        name: answered[name] for name in ("classes", "labels", "before")
    }
    (edit,) = edits["revisions"]
    assert edit["probabilities"] == answered["probabilities"]
    assert (edit["note"], edit["mode"], edit["fill"], edit["number"]) == ("its upper half", "keep", "mean", 1)
    assert "author" not in edit
    assert client.get(f"{ROOT}/{edit['planes']}").content == half + unchanged
