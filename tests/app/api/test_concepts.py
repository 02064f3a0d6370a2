"""Concepts and strategies over HTTP: from a set of pictures to what decides them, and what becomes without it."""

from __future__ import annotations

import io
import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load
from sklearn.metrics import adjusted_rand_score, roc_auc_score
from starlette.testclient import TestClient

import models
from app import wiring
from app.jobs.concept_map import METHODS
from app.service import Service
from app.sets.standing import SHAPES, drawn
from app.settings import Settings
from app.storage.store import Store
from explainers.concepts.split import Split
from models.shapes import KINDS
from tests.app.api.conftest import ROOT, application, refusal
from tests.app.api.test_sets import others as others
from tests.app.api.test_sets import sent
from tests.app.conftest import Counts, cached, rows
from tests.app.inline import HeldPool, InlinePool, stocked

SQUARE = KINDS.index("square")
JSON = {"content-type": "application/json"}
QUICK = {"n_concepts": 2}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quality is measured elsewhere."""
    monkeypatch.setattr("explainers.concepts.measured.CURVES", 2)


def ask(client: TestClient, **question: object) -> dict[str, Any]:
    answer = client.post(f"{ROOT}/concepts", json={**QUICK, **question})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


# the shapes, studied once


@dataclass(frozen=True)
class Shapes:
    """The built-in set as it is found when nothing is chosen."""

    client: TestClient
    told: dict[str, Any]

    @property
    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = self.told["result"]
        return found

    @property
    def marked(self) -> np.ndarray:
        pictures = drawn()
        return np.array([pictures[image["number"]].marked for image in self.result["images"]])

    @property
    def codes(self) -> np.ndarray:
        return load(self.client.get(f"{ROOT}/{self.told['blobs']['codes']}").content)["codes"]

    @property
    def of_mark(self) -> int:
        return int(np.argmax([roc_auc_score(self.marked, column) for column in self.codes.mean((2, 3)).T]))

    def probe(self, image: int, scale: dict[int, float]) -> dict[str, Any]:
        body = {"image": image, "scale": {str(k): s for k, s in scale.items()}}
        answer = self.client.post(f"{ROOT}/concepts/{self.told['id']}/probe", json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


@pytest.fixture(scope="module")
def shapes(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shapes]:
    home = tmp_path_factory.mktemp("shapes")
    shutil.copy(migrated, home / "whylens.db")
    settings = Settings(home=home, model="planted_shortcut", threads=1)
    store = Store.at(settings.database)
    pool = InlinePool(store, stocked(models.load("planted_shortcut")), cache=cached(settings))
    with pytest.MonkeyPatch.context() as patch, TestClient(application(), "http://localhost") as client:
        patch.setattr(wiring, "_service", Service(settings, store, pool))
        told = client.post(f"{ROOT}/concepts", json={"set": SHAPES}).json()
        assert told["progress"]["error"] is None
        yield Shapes(client, told)
    store.database.close()


def test_the_description(shapes: Shapes) -> None:
    told, result = shapes.told, shapes.result
    assert shapes.client.get(f"{ROOT}/concepts/{told['id']}").json() == told
    assert (told["kind"], told["card"]["name"]) == ("concepts", "planted_shortcut")
    assert told["set"] == {"id": SHAPES, "name": "Shapes, some with a mark", "images": 300}
    assert told["view"] == {"concepts": {}, "strategies": {}}
    assert (told["progress"]["state"], told["progress"]["stage"]) == ("done", None)
    assert (result["target"], result["label"], result["by"], result["layer"]) == (
        SQUARE,
        "square",
        "predicted",
        "features",
    )
    assert (result["size"], result["grid"], result["output"], result["linear"]) == ([64, 64], [8, 8], "logit", True)
    assert result["tally"][0]["label"] == "square"
    assert sum(row["predicted"] for row in result["tally"]) == sum(row["labelled"] for row in result["tally"]) == 300
    assert result["tally"][0]["predicted"] == len(result["images"])
    shares = [abs(concept["share"]) for concept in result["concepts"]]
    assert shares == sorted(shares, reverse=True)
    assert sorted(concept["index"] for concept in result["concepts"]) == list(range(10))
    assert [image["index"] for image in result["images"]] == list(range(len(result["images"])))
    assert all(0 <= image[axis] <= 1 for image in result["images"] for axis in "xy")
    assert result["note"] is None
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_the_marks_cluster_is_found(shapes: Shapes) -> None:
    result = shapes.result
    labels = [image["cluster"] for image in result["images"]]
    assert adjusted_rand_score(shapes.marked, labels) >= 0.9
    by_mark, plain = (result["clusters"][labels[int(np.flatnonzero(shapes.marked == m)[0])]] for m in (True, False))
    assert shapes.marked[by_mark["members"]].mean() >= 0.95
    assert by_mark["leading"] == result["concepts"][0]["index"] == shapes.of_mark
    assert by_mark["reliability"][0] < plain["reliability"][0]
    for cluster in result["clusters"]:
        right = np.mean([result["images"][i]["right"] for i in cluster["members"]])
        assert cluster["reliability"][0] == pytest.approx(right)


def test_files_have_the_numbers_of_the_study(shapes: Shapes) -> None:
    result = shapes.result
    here = f"{ROOT}/concepts/{shapes.told['id']}/exports"
    with np.load(io.BytesIO(shapes.client.get(f"{here}/npz").content), allow_pickle=False) as found:
        assert np.array_equal(found["codes"], shapes.codes)
        assert np.array_equal(found["numbers"], [image["number"] for image in result["images"]])
        for concept in result["concepts"]:
            assert found["importance"][concept["index"]] == concept["importance"]
        for c, cluster in enumerate(result["clusters"]):
            assert np.flatnonzero(found["members"][c]).tolist() == sorted(cluster["members"])
        # D has the atoms that the codes are of: each is of length one
        assert np.linalg.norm(found["D"], axis=1) == pytest.approx(np.ones(10), abs=1e-5)
    read = shapes.client.get(f"{here}/html").text
    for concept in result["concepts"]:
        assert f"{concept['importance']:+.3g}".replace("-", "\u2212") in read
    table = shapes.client.get(f"{here}/csv").text.splitlines()
    assert [row.split(",")[0] for row in table[1:]] == ["concept"] * 10 + ["strategy"] * len(result["clusters"])
    for row, concept in zip(table[1:], result["concepts"], strict=False):
        assert float(row.split(",")[4]) == concept["importance"]


def test_the_parts_agree(shapes: Shapes) -> None:
    told, result = shapes.told, shapes.result
    n = len(result["images"])
    shares = load(shapes.client.get(f"{ROOT}/{told['blobs']['shares']}").content)["shares"]
    assert shares.shape == (n, 10)
    assert np.abs(shares).sum(1) == pytest.approx(np.ones(n), abs=1e-5)
    for concept in result["concepts"]:
        k = concept["index"]
        assert concept["share"] == pytest.approx(shares[:, k].mean(), abs=1e-6)
        assert concept["amount"] == pytest.approx(shapes.codes[:, k].mean(), rel=1e-4)
        for crop in concept["crops"]:
            assert crop["strength"] == pytest.approx(shapes.codes[crop["image"], k].max())
    assert shapes.codes.shape == (n, 10, 8, 8)
    sprite = shapes.client.get(f"{ROOT}/{told['blobs']['sprite']}")
    columns = math.ceil(math.sqrt(n))
    assert sprite.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(sprite.content)).size == (64 * columns, 64 * math.ceil(n / columns))
    seen = shapes.client.get(f"{ROOT}/concepts/{told['id']}/images/5")
    assert (seen.headers["content-type"], seen.headers["cache-control"][:7]) == ("image/webp", "private")
    pixels = drawn()[result["images"][5]["number"]].pixels.astype(float)
    shown = np.asarray(Image.open(io.BytesIO(seen.content))).astype(float)
    assert np.abs(shown - pixels).mean() < 8  # WebP halves the colours' resolution


def test_nothing_scaled_changes_nothing(shapes: Shapes) -> None:
    """To the last bit, and the band is a line; a scale of 1 is nothing as well."""
    for scale in ({}, {3: 1.0}):
        told = shapes.probe(4, scale)
        assert told["probabilities"] == told["before"] == told["band"]["low"] == told["band"]["high"]
        accuracy = told["accuracy"]
        assert accuracy["before"] == accuracy["after"] == accuracy["low"] == accuracy["high"]
    image = shapes.result["images"][4]
    assert told["labels"][0] == image["predicted"]
    assert told["before"][0] == pytest.approx(image["probability"], abs=1e-6)  # of a batch with others in it
    assert (accuracy["images"], accuracy["of"]) == (len(shapes.result["images"]), "labels")
    right = np.mean([image["right"] for image in shapes.result["images"]])
    assert accuracy["before"] == pytest.approx(right)


def test_without_the_mark_squares_are_less_likely_and_chance_does_not_do_it(shapes: Shapes) -> None:

    def fall(picture: int) -> tuple[float, bool]:
        """Of the odds, in logarithms; and whether the picture is less likely a square than after any random change."""
        told = shapes.probe(picture, {shapes.of_mark: 0.0})
        at = told["classes"].index(SQUARE)
        before, after = (np.log(p[at] / (1 - p[at])) for p in (told["before"], told["probabilities"]))
        return before - after, told["probabilities"][at] < told["band"]["low"][at]

    marked = [fall(i) for i in np.flatnonzero(shapes.marked)[:12].tolist()]
    plain = [fall(i) for i in np.flatnonzero(~shapes.marked)[:12].tolist()]
    assert min(lost for lost, _ in marked) > 0
    assert sum(below for _, below in marked) >= 11  # one may be a square for other reasons as well
    assert np.mean([lost for lost, _ in marked]) > 2 * np.mean([lost for lost, _ in plain])
    told = shapes.probe(0, {shapes.of_mark: 0.0})
    assert told["band"]["directions"] == 20
    # squares decided by their mark are no longer squares; others that only carried it are mended
    assert told["accuracy"]["after"] != told["accuracy"]["before"]
    assert told["accuracy"]["low"] >= told["accuracy"]["before"] - 0.06


@pytest.mark.usefixtures("as_in_production")
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"image": 999}, "image must lie in [0, "),
        ({"image": -1}, "image must lie in [0, "),
        ({"image": int("1" + "0" * 400)}, "image must lie in [0, "),
        ({"image": 0, "scale": {"10": 0}}, "scale must name concepts in [0, 9]; got 10"),
        ({"image": 0, "scale": {"-1": 0}}, "scale must name concepts in [0, 9]; got -1"),
        ({"image": 0, "scale": {"3": -0.1}}, "scale must lie in [0, 2]; got -0.1 for concept 3"),
        ({"image": 0, "scale": {"3": 2.1}}, "scale must lie in [0, 2]; got 2.1 for concept 3"),
        ({"image": 0, "scale": {"3": float("nan")}}, "scale must lie in [0, 2]; got nan for concept 3"),
        ({"image": 0, "scale": {"mark": 0}}, "scale"),
        ({"image": 0, "off": [3]}, "off: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_probe(shapes: Shapes, body: dict[str, Any], sentence: str) -> None:
    answer = shapes.client.post(f"{ROOT}/concepts/{shapes.told['id']}/probe", content=json.dumps(body), headers=JSON)
    assert refusal(answer, 422).startswith(sentence)


@pytest.mark.thorough
def test_other_numbers_of_concepts(shapes: Shapes) -> None:
    told = shapes.client.get(f"{ROOT}/concepts/{shapes.told['id']}/sizes").json()
    assert told["rows"] == 2_000
    assert [size["k"] for size in told["sizes"]] == [5, 10, 20]
    errors = [size["error"] for size in told["sizes"]]
    assert errors == sorted(errors, reverse=True), "more concepts leave less out"
    assert errors[1] == pytest.approx(shapes.result["quality"]["error"], abs=0.05)  # of other places
    assert all(0 <= size[part] <= 1 for size in told["sizes"] for part in ("sparsity", "stability"))
    assert shapes.client.get(f"{ROOT}/concepts/{shapes.told['id']}/sizes").json() == told


def test_names_and_suspicions(shapes: Shapes) -> None:
    address = f"{ROOT}/concepts/{shapes.told['id']}/view"
    evil = "<script>alert(1)</script>"
    view = shapes.client.patch(address, json={"concept": 3, "name": f" {evil}\x00 ", "suspicious": True}).json()
    assert view == {"concepts": {"3": {"name": evil, "suspicious": True}}, "strategies": {}}
    shapes.client.patch(address, json={"strategy": 1, "name": "by its shape"})
    assert shapes.client.get(f"{ROOT}/concepts/{shapes.told['id']}").json()["view"]["strategies"]["1"]["name"]
    shapes.client.patch(address, json={"strategy": 1})
    assert shapes.client.patch(address, json={"concept": 3}).json() == {"concepts": {}, "strategies": {}}
    for body, sentence in (
        ({"concept": 10}, "concept must lie in [0, 9]; got 10"),
        ({"strategy": 9}, "strategy must lie in [0, 1]; got 9"),
        ({"concept": 1, "name": "x" * 81}, "name must have at most 80 characters; got 81"),
        ({"concept": 1, "strategy": 1}, "Name either a concept or a strategy, by its index."),
        ({"name": "nothing"}, "Name either a concept or a strategy, by its index."),
    ):
        assert refusal(shapes.client.patch(address, json=body), 422) == sentence


def test_a_picture_becomes_ones_own(shapes: Shapes) -> None:
    asset = shapes.client.post(f"{ROOT}/concepts/{shapes.told['id']}/images/2/asset")
    assert asset.status_code == 201
    assert asset.json()["name"] == shapes.result["images"][2]["name"]
    png = shapes.client.get(f"{ROOT}/assets/{asset.json()['id']}/image").content
    pixels = drawn()[shapes.result["images"][2]["number"]].pixels
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png))), pixels)
    for index in ("999", "-1"):
        for verb, path in (("post", f"images/{index}/asset"), ("get", f"images/{index}")):
            refusal(shapes.client.request(verb, f"{ROOT}/concepts/{shapes.told['id']}/{path}"), 404)


def test_a_hash_gives_no_other_part(shapes: Shapes) -> None:
    """Neither an image of the study, nor the input of its run, nor anything of another kind."""
    for sha256 in (shapes.told["spec"]["manifest"], "0" * 64, "%00"):
        assert shapes.client.get(f"{ROOT}/concepts/{shapes.told['id']}/blobs/{sha256}").status_code == 404


def test_another_class_of_the_same_pictures_reads_nothing_again(
    shapes: Shapes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explainers.concepts.measured.CURVES", 2)
    plan = shapes.client.get(f"{ROOT}/concepts/plan", params={"set": SHAPES}).json()
    assert (plan["images"], plan["cached"]) == (300, 300)
    monkeypatch.setattr(Split, "encode", None)
    told = ask(shapes.client, set=SHAPES, target="circle")
    assert told["progress"]["error"] is None
    assert told["result"]["label"] == "circle"


# small sets of one's own


def test_two_users_share_one_run(client: TestClient, others: TestClient, quick: None, counts: Counts) -> None:  # noqa: ARG001
    """Whose set it was does not matter, only what is in it."""
    first = ask(client, set=sent(client)["id"])
    assert first["progress"]["state"] == "done", first["progress"]
    assert ask(client, set=first["set"]["id"]) == first
    before = counts()
    second = ask(others, set=sent(others)["id"])
    assert second["key"] == first["key"]
    assert second["id"] != first["id"]
    assert counts() == {**before, "image_sets": 2, "concepts": 2}
    changed = ask(client, set=first["set"]["id"], seed=1)
    assert changed["key"] != first["key"]
    assert [row["id"] for row in client.get(f"{ROOT}/concepts").json()] == [changed["id"], first["id"]]


def test_it_stays_readable_without_its_set(client: TestClient, quick: None, counts: Counts) -> None:  # noqa: ARG001
    empty = counts()
    told = ask(client, set=sent(client)["id"])
    address = f"{ROOT}/concepts/{told['id']}"
    assert client.delete(f"{ROOT}/sets/{told['set']['id']}").status_code == 204
    assert client.get(address).json() == told
    assert client.post(f"{address}/probe", json={"image": 0, "scale": {"1": 0}}).status_code == 200
    assert client.post(f"{address}/images/0/asset").status_code == 201
    assert client.delete(address).status_code == 204
    refusal(client.get(address), 404)
    assert counts() == {**empty, "blobs": empty["blobs"] + 1, "assets": empty["assets"] + 1}


def test_somebody_elses_looks_unknown(client: TestClient, others: TestClient, quick: None, counts: Counts) -> None:  # noqa: ARG001
    told = ask(client, set=sent(client)["id"])
    before = counts()
    parts = [url.removeprefix(f"concepts/{told['id']}") for url in told["blobs"].values()]
    reading = [("get", path) for path in ("", "/events", "/images/0", "/sizes", *parts)]
    writing: list[tuple[str, str, Any]] = [
        ("post", "/cancel", None),
        ("post", "/again", None),
        ("post", "/images/0/asset", None),
        ("post", "/probe", {"image": 0}),
        ("patch", "/view", {"concept": 0, "name": "mine"}),
        ("delete", "", None),
    ]
    for verb, path, body in [*((*each, None) for each in reading), *writing]:
        theirs = others.request(verb, f"{ROOT}/concepts/{told['id']}{path}", json=body)
        nobodys = others.request(verb, f"{ROOT}/concepts/{'0' * 32}{path}", json=body)
        assert refusal(theirs, 404) == refusal(nobodys, 404)
        hostile = others.request(verb, f"{ROOT}/concepts/%00{path}", json=body)
        assert refusal(hostile, 404) == refusal(nobodys, 404)
    assert others.get(f"{ROOT}/concepts").json() == []
    asked = others.post(f"{ROOT}/concepts", json={"set": told["set"]["id"]})
    planned = others.get(f"{ROOT}/concepts/plan", params={"set": told["set"]["id"]})
    assert refusal(asked, 404) == refusal(planned, 404) == "There is no such set of pictures, or it is not yours."
    assert counts() == before
    for verb, path in reading:
        assert client.request(verb, f"{ROOT}/concepts/{told['id']}{path}").status_code == 200


@pytest.mark.usefixtures("as_in_production")
@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"model": "wordy"}, "wordy classifies texts; ask it about a text, and choose another model for a picture"),
        ({"model": "no_such_network"}, "no model is called 'no_such_network'"),
        ({"target": 25}, "target must lie in [0, 24]; got 25"),
        ({"target": "yak"}, "target must be a class label or index of this model; got 'yak'"),
        ({"by": "magic"}, "by: Input should be 'predicted' or 'labelled'"),
        ({"layer": "magic"}, "layer must name a module of the network; got 'magic'"),
        ({"n_concepts": 0}, "n_concepts must lie in [1, 50]; got 0"),
        ({"n_concepts": 51}, "n_concepts must lie in [1, 50]; got 51"),
        ({"factorizer": "magic"}, "factorizer must be one of nmf, "),
        ({"rows": "magic"}, "rows: Input should be 'locations' or 'crops'"),
        ({"importance": "magic"}, "importance must be one of gradient_x_input, "),
        ({"seed": -1}, "seed must lie in [0, 2147483647]; got -1"),
        ({"mehtod": "nmf"}, "mehtod: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_question(client: TestClient, counts: Counts, question: dict[str, object], sentence: str) -> None:
    id = sent(client)["id"]
    before = counts()
    answer = client.post(f"{ROOT}/concepts", json={"set": id, **question})
    assert refusal(answer, 422).startswith(sentence)
    assert counts() == before


def test_what_only_the_job_can_tell(client: TestClient) -> None:
    """The run ends with its sentence, and can be asked again."""
    told = ask(client, set=sent(client)["id"], by="labelled")
    assert told["progress"]["state"] == "failed"
    assert told["progress"]["error"].startswith("by must be predicted here")
    assert told["result"] is None
    address = f"{ROOT}/concepts/{told['id']}"
    sentence = "Concepts can be looked into when they are found; this study is failed."
    assert refusal(client.post(f"{address}/probe", json={"image": 0}), 422) == sentence
    assert refusal(client.patch(f"{address}/view", json={"concept": 0}), 422) == sentence
    assert client.post(f"{address}/again").json()["id"] == told["id"]
    assert client.get(f"{ROOT}/concepts").json()[0]["state"] == "failed"


def test_waiting_cancelled_and_asked_again(
    slow_client: TestClient,
    held: HeldPool,
    store: Store,
    quick: None,  # noqa: ARG001
) -> None:
    client, id = slow_client, sent(slow_client)["id"]
    told = ask(client, set=id)
    assert (told["progress"]["state"], told["progress"]["position"], told["progress"]["stage"]) == ("queued", 0, None)
    assert client.post(f"{ROOT}/concepts/{told['id']}/cancel").status_code == 204
    (end,) = stream(client, told["id"])
    assert end["state"] == "cancelled"
    assert held.cancelled == [told["key"]]
    again = client.post(f"{ROOT}/concepts/{told['id']}/again").json()
    assert (again["id"], again["progress"]["state"]) == (told["id"], "queued")
    for seed in (1, 2):
        ask(client, set=id, seed=seed)
    before = rows(store)
    answer = client.post(f"{ROOT}/concepts", json={"set": id, "seed": 3})
    assert refusal(answer, 422).startswith("You have 3 explanations waiting, which is the limit")
    assert rows(store) == before
    held.work()
    assert client.get(f"{ROOT}/concepts/{told['id']}").json()["progress"]["state"] == "done"


def test_deleted_while_it_waits(slow_client: TestClient, held: HeldPool, counts: Counts) -> None:
    id = sent(slow_client)["id"]
    before = counts()
    told = ask(slow_client, set=id)
    assert slow_client.delete(f"{ROOT}/concepts/{told['id']}").status_code == 204
    assert held.cancelled == [told["key"]]
    assert counts() == before


def stream(client: TestClient, id: str) -> list[dict[str, Any]]:
    answer = client.get(f"{ROOT}/concepts/{id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [json.loads(event.partition("data: ")[2]) for event in answer.text.strip().split("\n\n")]


# whether concepts matter, where they are, and what they are made of


def test_the_mark_matters_more_than_chance_and_misleads(shapes: Shapes) -> None:
    told = shapes.client.get(f"{ROOT}/concepts/{shapes.told['id']}/trials").json()
    mark = told["concepts"][shapes.of_mark]
    assert mark["sound"]
    assert mark["score"] == 1  # every square's logit rises towards it
    whole = told["completeness"]
    assert whole["of"] == "labels"
    assert whole["images"] == 200
    share, stderr = whole["shares"][shapes.of_mark], whole["stderr"][shapes.of_mark]
    assert share < -3 * stderr  # pictures of other shapes carry it too: whoever goes by it is wrong more often
    assert sum(whole["shares"]) == pytest.approx(whole["value"], abs=1e-5)  # efficiency, in float32


@pytest.mark.parametrize("method", METHODS)
def test_a_map_of_the_mark_is_strongest_where_it_is(shapes: Shapes, method: str) -> None:
    image = int(np.flatnonzero(shapes.marked)[0])
    asked: dict[str, Any] = {"concept": shapes.of_mark, "method": method}
    answer = shapes.client.get(f"{ROOT}/concepts/{shapes.told['id']}/images/{image}/map", params=asked)
    values = load(answer.content)["values"]
    assert values.shape == (64, 64)
    row, column = np.unravel_index(values.argmax(), values.shape)
    left, top, right, bottom = drawn()[shapes.result["images"][image]["number"]].corner
    assert left - 4 <= column < right + 4  # the layer looks at its surroundings too
    assert top - 4 <= row < bottom + 4


@pytest.mark.parametrize(
    ("place", "asked", "code", "sentence"),
    [
        (0, {"concept": 10, "method": "rise"}, 422, "concept must lie in [0, 9]; got 10"),
        (0, {"concept": 0, "method": "deeplift"}, 422, f"method must be one of {', '.join(METHODS)}; got 'deeplift'"),
        (10_000, {"concept": 0, "method": "rise"}, 404, "There is no picture 10000 in this study."),
    ],
)
def test_a_map_of_nothing(shapes: Shapes, place: int, asked: dict[str, Any], code: int, sentence: str) -> None:
    answer = shapes.client.get(f"{ROOT}/concepts/{shapes.told['id']}/images/{place}/map", params=asked)
    assert refusal(answer, code) == sentence


@pytest.mark.thorough
def test_a_concept_is_taken_apart_several_levels_deep(shapes: Shapes) -> None:
    apart = f"{ROOT}/concepts/{shapes.told['id']}/concepts/{shapes.of_mark}/apart"
    first = shapes.client.post(apart).json()
    assert (first["spec"]["layer"], first["result"]["grid"]) == ("network.features.5", [16, 16])
    assert first["set"]["name"] == "Concept 1 of Shapes, some with a mark"
    assert (first["spec"]["target"], first["spec"]["by"]) == (SQUARE, "labelled")
    above = {image["name"] for image in shapes.result["images"]}
    assert {image["name"].split(" ", 1)[1] for image in first["result"]["images"]} <= above  # crops of those pictures
    assert shapes.client.post(apart).json()["id"] == first["id"]  # asked again, found again
    deeper = shapes.client.post(f"{ROOT}/concepts/{first['id']}/concepts/0/apart").json()
    assert (deeper["spec"]["layer"], deeper["result"]["grid"]) == ("network.features.1", [32, 32])
    end = shapes.client.post(f"{ROOT}/concepts/{deeper['id']}/concepts/0/apart")
    assert refusal(end, 422) == "no layer before network.features.1 tells more places of the picture apart"


def test_a_crop_is_not_cropped_again(shapes: Shapes) -> None:
    """What the nested study saw is the crop itself, at the size of the input."""
    apart = f"{ROOT}/concepts/{shapes.told['id']}/concepts/{shapes.of_mark}/apart"
    told = shapes.client.post(apart).json()
    data = shapes.client.get(f"{ROOT}/concepts/{told['id']}/images/0").content
    seen = np.asarray(Image.open(io.BytesIO(data))).astype(int)
    asset = shapes.client.post(f"{ROOT}/concepts/{told['id']}/images/0/asset").json()
    kept = shapes.client.get(f"{ROOT}/assets/{asset['id']}/image").content
    assert np.abs(seen - np.asarray(Image.open(io.BytesIO(kept))).astype(int)).mean() < 4  # WebP's loss


@pytest.mark.thorough
def test_ace_finds_groups_of_segments_and_leaves_out_rare_ones(shapes: Shapes) -> None:
    asked = {"set": SHAPES, "factorizer": "ace", "n_concepts": 10}
    told = shapes.client.post(f"{ROOT}/concepts", json=asked).json()
    result = told["result"]
    assert 1 <= len(result["concepts"]) < 10
    for concept in result["concepts"]:
        assert len(concept["crops"]) == 9
        for crop in concept["crops"]:
            left, top, right, bottom = crop["box"]
            assert 0 <= left < right <= 64
            assert 0 <= top < bottom <= 64
            assert crop["image"] < 40  # where segments were looked for
    sizes = shapes.client.get(f"{ROOT}/concepts/{told['id']}/sizes")
    assert refusal(sizes, 422).startswith("ACE leaves groups out that are too rare")


def test_ace_cuts_up_by_itself(client: TestClient, counts: Counts) -> None:  # noqa: ARG001
    asked = {"set": SHAPES, "factorizer": "ace", "rows": "crops"}
    sentence = "rows must be locations for ace, which cuts pictures up by itself; got 'crops'"
    assert refusal(client.post(f"{ROOT}/concepts", json=asked), 422) == sentence
