"""The judgement of an explanation, over HTTP."""

from __future__ import annotations

import json

from starlette.testclient import TestClient

from app.service import Service
from explainers import TrustReport
from tests.app.api.conftest import ROOT, refusal
from tests.app.api.test_explanations import ask, send
from tests.app.inline import HeldPool


def test_asked_for_and_read(client: TestClient, desk: Service) -> None:
    id = ask(client, send(client))["id"]
    here = f"{ROOT}/explanations/{id}/trust"
    assert refusal(client.get(here), 404) == "There is no such judgement, or it is not yours."
    made = client.post(here)
    assert made.status_code == 201
    assert client.get(here).json() == made.json()
    assert made.json()["progress"]["state"] == "done"
    assert made.json()["target"] == desk.explanation("local", id).view["target"]
    report = TrustReport.from_dict(made.json()["report"])
    assert made.json()["report"]["verdict"] == report.verdict
    assert made.json()["report"]["sentence"] == report.sentence
    assert report.forwards > 0


def test_the_stream_ends_when_it_is_judged(slow_client: TestClient, held: HeldPool) -> None:
    id = ask(slow_client, send(slow_client))["id"]
    here = f"{ROOT}/explanations/{id}/trust"
    assert "judged when it is done" in refusal(slow_client.post(here), 422)
    held.work()
    waiting = slow_client.post(here).json()
    assert (waiting["progress"]["state"], waiting["report"]) == ("queued", None)
    held.work()
    told = slow_client.get(f"{here}/events").text.strip().split("\n\n")
    assert json.loads(told[-1].partition("data: ")[2])["state"] == "done"


def test_nobody_elses(client: TestClient) -> None:
    for verb in (client.get, client.post):
        assert refusal(verb(f"{ROOT}/explanations/{'0' * 32}/trust"), 404).startswith("There is no such explanation")
