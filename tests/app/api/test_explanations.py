"""From an upload to its map, over HTTP."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load
from starlette.testclient import TestClient

import models
from app.api import follow
from app.description import progress
from app.jobs.question import Question
from app.jobs.spec import Spec
from app.service import Service
from app.storage.runs import Run
from app.uploads import image
from explainers import stream_classes
from tests.app.api.conftest import ROOT, refusal
from tests.app.conftest import LABELS, Counts, picture
from tests.app.inline import HeldPool

QUICK = {"method": "rise", "params": {"n_masks": 32, "cells": 4}}


def send(client: TestClient, seed: int = 0) -> str:
    answer = client.post(f"{ROOT}/assets", content=picture(seed), params={"name": "my photo.png"})
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["id"]
    return id


def ask(client: TestClient, asset: str, **question: object) -> dict[str, Any]:
    answer = client.post(f"{ROOT}/explanations", json={"asset": asset, **QUICK, **question})
    assert answer.status_code == 201, answer.text
    explanation: dict[str, Any] = answer.json()
    return explanation


def events(client: TestClient, id: str) -> list[dict[str, Any]]:
    """What the stream says until it ends by itself."""
    answer = client.get(f"{ROOT}/explanations/{id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    told = []
    for event in answer.text.strip().split("\n\n"):
        name, data = event.split("\n")
        assert name == "event: progress"
        told.append(json.loads(data.removeprefix("data: ")))
    return told


def test_from_upload_to_map(client: TestClient, desk: Service, tiny: models.ImageClassifier) -> None:
    asset = send(client)
    explanation = ask(client, asset, seed=3)
    id = explanation["id"]
    assert client.get(f"{ROOT}/explanations/{id}").json() == explanation

    look, spec = explanation["look"], explanation["spec"]
    png = desk.asset_data("local", asset, "image")
    probabilities = tiny.predict(image(png))[0]
    best = np.argsort(-probabilities)[:20].tolist()
    assert look["classes"] == spec["classes"] == best
    assert look["labels"] == [LABELS[k] for k in best]
    # the softmax of one row and of a batch of one: float32 rounding
    assert look["probabilities"] == pytest.approx(probabilities[best].tolist(), rel=1e-5)
    assert look["target"] == explanation["view"]["target"] == best[0]
    assert (look["card"]["name"], look["card"]["digest"]) == ("tiny", tiny.card.digest)
    assert (spec["method"], spec["seed"], spec["output"], spec["model"]) == ("rise", 3, "logit", "tiny")
    assert spec["params"] == {
        "n_masks": 32, "cells": 4, "p": 0.5, "estimator": "regression", "baseline": "mean", "tolerance": 0.0,
    }  # fmt: skip

    (end,) = events(client, id)
    assert (end["state"], end["done"], end["total"], end["error"]) == ("done", 32, 32, None)
    assert (end["position"], end["seconds_left"], end["preview"]) == (None, None, 0)

    *_, last = stream_classes(
        "rise",
        tiny,
        image(png),
        spec["classes"],
        3,
        "logit",
        spec["precision"],
        params=QUICK["params"],  # type: ignore[arg-type]
    )
    assert set(explanation["maps"]) == {str(k) for k in best}
    for k, url in explanation["maps"].items():
        answer = client.get(f"{ROOT}/{url}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert hashlib.sha256(answer.content).hexdigest() == url.rpartition("/")[2]
        maps = load(answer.content)
        assert maps["values"].tobytes() == last.result.of(int(k)).values.tobytes()
        assert set(maps) == {"values", "stderr"}
    assert explanation["result"]["meta"]["forwards"] > 32
    assert "blobs" not in explanation["result"]

    seen = client.get(f"{ROOT}/{explanation['input']}")
    assert seen.headers["content-type"] == "image/png"
    pixels = np.asarray(Image.open(io.BytesIO(seen.content)))
    prepared = tiny.prepare(image(png)).permute(1, 2, 0).numpy()
    assert np.abs(pixels / 255 - prepared).max() <= 0.5 / 255 + 1e-6  # rounding to 8 bits

    kept = client.get(f"{ROOT}/assets/{asset}/image")
    assert kept.headers["content-type"] == "image/png"
    assert kept.content == png
    assert client.get(f"{ROOT}/explanations/{id}/preview").status_code == 204


def test_while_it_waits_and_while_it_runs(
    slow_client: TestClient, slow_desk: Service, held: HeldPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ask(slow_client, send(slow_client)), ask(slow_client, send(slow_client, 1))
    assert (first["progress"]["state"], first["progress"]["position"]) == ("queued", 0)
    assert (second["progress"]["state"], second["progress"]["position"]) == ("queued", 1)
    assert (first["maps"], first["result"]) == ({}, None)
    runs, key = slow_desk.store.runs, second["key"]

    def running() -> None:
        attempt = runs.claim(key)
        assert attempt == 1
        assert runs.report(key, attempt, 8, 32, b"coarse")

    # the stream's second and third look find the next states: no clock is waited for
    happens = iter([lambda: None, running, held.work, held.work])
    monkeypatch.setattr(follow, "SECONDS_BETWEEN_LOOKS", 0.0)

    def next_look(desk: Service, run: Run[Spec]) -> dict[str, Any]:
        next(happens)()
        now = progress(desk, runs.get(run.key))
        if now["state"] == "running":
            previews.append(slow_client.get(f"{ROOT}/explanations/{second['id']}/preview").content)
        return now

    previews: list[bytes] = []
    monkeypatch.setattr(follow, "progress", next_look)
    told = events(slow_client, second["id"])
    assert [(e["state"], e["done"], e["preview"], e["position"]) for e in told] == [
        ("queued", 0, 0, 1),
        ("running", 8, 1, None),
        ("done", 32, 0, None),
    ]
    assert previews == [b"coarse"] * 2
    assert told[1]["seconds_left"] >= 0


def test_another_class_costs_nothing(client: TestClient, counts: Counts) -> None:
    explanation = ask(client, send(client))
    before, other = counts(), explanation["spec"]["classes"][7]
    answer = client.put(f"{ROOT}/explanations/{explanation['id']}/view", json={"target": other})
    assert (answer.status_code, answer.content) == (204, b"")
    assert counts() == before
    turned = client.get(f"{ROOT}/explanations/{explanation['id']}").json()
    assert turned == explanation | {"view": {"target": other}}


def test_a_class_that_was_not_read_is_refused(client: TestClient) -> None:
    explanation = ask(client, send(client))
    missing = next(k for k in range(25) if k not in explanation["spec"]["classes"])
    answer = client.put(f"{ROOT}/explanations/{explanation['id']}/view", json={"target": missing})
    assert f"got {missing}" in refusal(answer, 422)
    assert client.get(f"{ROOT}/explanations/{explanation['id']}").json() == explanation


def test_a_class_asked_for_is_read_even_if_unlikely(client: TestClient) -> None:
    asset = send(client)
    missing = next(k for k in range(25) if k not in ask(client, asset)["spec"]["classes"])
    by_index, by_label = ask(client, asset, target=missing), ask(client, asset, target=LABELS[missing])
    assert by_index == by_label
    assert by_index["view"] == {"target": missing}
    assert by_index["spec"]["classes"][-1] == missing
    assert len(by_index["maps"]) == 21


def test_a_likely_class_asked_for_shares_the_run(client: TestClient, counts: Counts) -> None:
    asset = send(client)
    first = ask(client, asset)
    before = counts()
    second = ask(client, asset, target=first["spec"]["classes"][2])
    assert second["key"] == first["key"]
    assert counts() == before


def test_the_same_question_is_computed_once(client: TestClient, counts: Counts) -> None:
    asset = send(client)
    first = ask(client, asset)
    before = counts()
    assert ask(client, asset) == first
    assert ask(client, send(client)) == first
    assert counts() == before


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("gradient_x_input", {}),
        ("deeplift", {"rule": "rescale"}),
        ("rise", {"estimator": "centred", "n_masks": 32, "cells": 4}),
        ("occlusion", {"window": 16, "stride": 8}),
    ],
)
def test_swapping_the_two_classes_turns_the_signs(client: TestClient, method: str, params: dict[str, Any]) -> None:
    """These maps are linear in the score they explain, and s_a − s_b is s_b − s_a reversed."""
    asset, maps = send(client), []
    for target, against in ((4, 7), (7, 4)):
        asked = ask(client, asset, method=method, params=params, target=target, against=against)
        assert (asked["spec"]["against"], asked["view"]) == (against, {"target": target})
        assert against not in asked["maps"]
        rivals = {k: (label, chance) for k, label, chance in asked["look"]["rivals"]}
        assert rivals[against][0] == LABELS[against]
        maps.append(load(client.get(f"{ROOT}/{asked['maps'][str(target)]}").content)["values"])
    size = np.abs(maps[0]).max()
    assert size > 0
    assert np.abs(maps[0] + maps[1]).max() <= 1e-5 * size  # float32 sums over rows


def test_cancel(slow_client: TestClient, held: HeldPool, counts: Counts) -> None:
    explanation = ask(slow_client, send(slow_client))
    cancel = f"{ROOT}/explanations/{explanation['id']}/cancel"
    assert slow_client.post(cancel).status_code == 204
    assert held.cancelled == [explanation["key"]]
    (end,) = events(slow_client, explanation["id"])
    assert end["state"] == "cancelled"
    assert slow_client.post(cancel).status_code == 204
    assert counts()["waiters"] == 0


def test_cancelling_what_another_waits_for_too(slow_client: TestClient, slow_desk: Service, held: HeldPool) -> None:
    explanation = ask(slow_client, send(slow_client))
    theirs = slow_desk.upload("bob", picture(0), "mine")
    also = slow_desk.ask("bob", theirs.id, Question(params={"n_masks": 32, "cells": 4}))
    assert also.run == explanation["key"]
    slow_client.post(f"{ROOT}/explanations/{explanation['id']}/cancel")
    assert held.cancelled == []
    held.work()
    assert slow_desk.run(also).state == "done"


def test_a_failure_is_told_and_can_be_asked_again(slow_client: TestClient, slow_desk: Service, held: HeldPool) -> None:
    asset = send(slow_client)
    explanation = ask(slow_client, asset)
    slow_desk.store.runs.fail(explanation["key"], "The disk is full.")
    held.cancel(explanation["key"])
    (end,) = events(slow_client, explanation["id"])
    assert (end["state"], end["error"]) == ("failed", "The disk is full.")
    again = ask(slow_client, asset)
    assert (again["id"], again["progress"]["state"], again["progress"]["error"]) == (explanation["id"], "queued", None)
    held.work()
    assert events(slow_client, explanation["id"])[-1]["state"] == "done"
