"""Owner, somebody else, nobody: every route that takes an id, with requests that are good for the owner.

What a recipient of a link gets is in `test_gate`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from app import batches, concepts, deletion, notes
from app.access.identity import owner_of
from app.api import api
from app.jobs.asking import ConceptQuestion
from app.jobs.question import Question
from app.notes import Part, Point
from app.service import Service
from app.sets import image_sets
from app.sets.gathering import Gathering
from app.sharing import shares
from app.storage.revisions import Sketch
from tests.app.access.test_gate import PROXY, ROOT, application, browser, explained, proxied  # noqa: F401  (a fixture)
from tests.app.conftest import picture, rows

ANN = owner_of("ann")
PIXELS = 40 * 56  # what the model of these tests sees
POINT = {"place": {"kind": "point", "x": 0, "y": 0}, "text": "hers"}
CONCEPT = {"place": {"kind": "concept", "number": 0}, "text": "hers"}
# (verb, path) → what is sent; whatever is not here needs nothing
JSON: Mapping[tuple[str, str], Any] = {
    ("put", "/explanations/{id}/view"): {"target": 0},
    ("patch", "/explanations/{id}"): {"name": "hers"},
    ("post", "/explanations/{id}/notes"): POINT,
    ("post", "/explanations/{id}/probe"): {"off": [0]},
    ("post", "/explanations/{id}/cells"): {"off": [0]},
    ("post", "/explanations/{id}/shares"): {"days": 1},
    ("patch", "/concepts/{id}"): {"name": "hers"},
    ("patch", "/concepts/{id}/view"): {"concept": 0, "name": "hers"},
    ("post", "/concepts/{id}/notes"): CONCEPT,
    ("post", "/concepts/{id}/probe"): {"image": 0},
    ("post", "/concepts/{id}/shares"): {"days": 1},
}
BYTES = {"/paint": 1, "/paint/control": 1, "/paint/fills": 1, "/paint/score": 1, "/revisions": 2}  # planes of the body
TEXTS = ("/probe", "/pairs")  # of explanations: only of texts
SLOW = {f"/concepts/{{id}}/{what}" for what in ("sizes", "trials", "concepts/{concept}/apart", "images/{index}/map")}


@pytest.fixture
def hers(proxied: Service, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:  # noqa: F811
    """One of everything, by noun: its id."""
    monkeypatch.setattr("explainers.concepts.measured.CURVES", 2)
    desk = proxied
    shown = explained(desk, ANN)
    target = shown.view["target"]
    desk.judge(ANN, shown.id)
    review = desk.ask(ANN, desk.upload_text(ANN, "a good film", "review").id, Question(kind="text"))
    edit = desk.store.revisions.put(
        shown.id, ANN, bytes(2 * PIXELS), Sketch(target=target, mode="remove", fill="blur", area=0), None
    )
    gathering = Gathering(desk.settings)
    for seed in range(12):
        gathering.take(f"kind 1/{seed}.png", picture(seed))
    kept = image_sets.keep(desk, ANN, "roses", gathering)
    gathering.close()
    study = concepts.ask(desk, ANN, kept.id, ConceptQuestion(n_concepts=2, by="labelled", target="kind 1"))
    batch = batches.ask(desk, ANN, kept.id, Question(method="occlusion"))
    head = desk.prompt_head(ANN, "mood", None, {"up": ["good"], "down": ["bad"]})
    share, _ = shares.give_explanation(desk, ANN, shown.id, 1)
    return {
        "explanation": shown.id,
        "target": str(target),
        "text": review.id,
        "picture asset": shown.asset,
        "text asset": review.asset,
        "revision": edit.id,
        "note": notes.on_explanation(desk, ANN, shown.id, Point(kind="point", x=0, y=0), "x")["id"],
        "study note": notes.on_study(desk, ANN, study.id, Part(kind="concept", number=0), "x")["id"],
        "set": kept.id,
        "study": study.id,
        "batch": batch.id,
        "head": head.id,
        "share": share.id,
        "sha256": desk.run(shown).input,
        "study sha256": next(iter(concepts.describe(desk, study)["blobs"].values())).rpartition("/")[2],
    }


def places(hers: Mapping[str, str]) -> list[tuple[str, str, str, dict[str, Any]]]:
    """(verb, path, address, what is sent) of every route that takes an id."""
    found = []
    for path, verbs in api().openapi()["paths"].items():
        for verb in verbs:
            if "{id}" not in path:
                continue
            noun = path.split("/")[1]
            textual = path.removeprefix("/explanations/{id}") in TEXTS
            id = {
                "explanations": hers["text" if textual else "explanation"],
                "concepts": hers["study"],
                "sets": hers["set"],
                "batches": hers["batch"],
                "heads": hers["head"],
                "shares": hers["share"],
                "assets": hers[f"{'text' if path.endswith('/text') else 'picture'} asset"],
            }[noun]
            studied = noun == "concepts"
            given = {
                "revision": hers["revision"],
                "note": hers["study note" if studied else "note"],
                "sha256": hers["study sha256" if studied else "sha256"],
                "index": "0",
                "concept": "0",
                "format": "png",
            }
            address = path.format(id=id, **given)
            sent: dict[str, Any] = {
                "params": {"target": hers["target"], "part": 0, "word": 0, "concept": 0, "method": "rise"}
            }
            body = JSON.get((verb, path))
            planes = BYTES.get(path.removeprefix("/explanations/{id}")) if verb == "post" else None
            if body is not None:
                sent["json"] = body | ({"target": int(hers["target"])} if "target" in body else {})
            elif planes is not None:
                sent["content"] = bytes(planes * PIXELS)
                sent["params"]["branch"] = "true"
            found.append((verb, path, address, sent))
    # what is deleted is deleted last, and the whole after its parts
    return sorted(found, key=lambda place: (place[0] == "delete", -place[1].count("/")))


def test_s18_only_the_owner(proxied: Service, hers: Mapping[str, str]) -> None:  # noqa: F811
    app = application(proxied)
    through, outside = browser(app, PROXY), browser(app)
    asked = places(hers)
    assert len(asked) > 47
    before = rows(proxied.store)
    described = through.get(f"{ROOT}/explanations/{hers['explanation']}", headers={"x-user": "ann"}).json()
    for verb, path, address, sent in asked:
        answer = through.request(verb, ROOT + address, headers={"x-user": "bob"}, **sent)
        assert answer.status_code == 404, (verb, path, answer.text)
        assert "not yours" in answer.text, (verb, path)
        assert outside.request(verb, ROOT + address, **sent).status_code == 401, (verb, path)
    assert rows(proxied.store) == before, "nothing was written, nor deleted"
    there = through.get(f"{ROOT}/explanations/{hers['explanation']}", headers={"x-user": "ann"}).json()
    assert there == described
    for verb, path, address, sent in asked:
        if path in SLOW:  # seconds each, and tested where concepts are
            continue
        answer = through.request(verb, ROOT + address, headers={"x-user": "ann"}, **sent)
        assert answer.status_code not in (401, 403, 404, 405, 500), (verb, path, answer.text)


def test_s18_the_library_is_ones_own(proxied: Service, hers: Mapping[str, str]) -> None:  # noqa: F811
    through = browser(application(proxied), PROXY)
    things = [  # an edit would go with what it is an edit of
        f"edit.{hers['revision']}", f"picture.{hers['explanation']}", f"text.{hers['text']}", f"study.{hers['study']}",
        f"batch.{hers['batch']}", f"set.{hers['set']}", f"classifier.{hers['head']}", f"link.{hers['share']}",
    ]  # fmt: skip
    before = rows(proxied.store)
    assert library(through, "bob")["entries"] == []
    for thing in things:
        asked = through.get(f"{ROOT}/library/dependants", params={"of": thing}, headers={"x-user": "bob"})
        assert asked.status_code == 404, thing
    gone = through.post(f"{ROOT}/library/delete", json={"of": things}, headers={"x-user": "bob"})
    assert gone.json() == {"deleted": 0}
    assert rows(proxied.store) == before
    assert library(through, "ann")["total"] == len(things)
    answer = through.post(f"{ROOT}/library/delete", json={"of": things}, headers={"x-user": "ann"})
    assert answer.json() == {"deleted": len(things)}
    assert {name: count for name, count in rows(proxied.store).items() if count} == {}


def library(client: TestClient, name: str) -> dict[str, Any]:
    told: dict[str, Any] = client.get(f"{ROOT}/library", headers={"x-user": name}).json()
    return told


def test_every_kind_of_thing_can_be_deleted() -> None:
    assert set(deletion.DELETED) == set(deletion.NOUNS)
    assert all(re.fullmatch("[a-z]+", kind) for kind in deletion.DELETED)
