"""The command line and the API give the same file of the same explanation."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from starlette.testclient import TestClient

import models
from app.__main__ import main
from app.export.formats import FORMATS
from explainers.types import Kind
from tests.app.api.conftest import ROOT, application
from tests.app.conftest import picture

TEXT = "The good film, and a ba\u0301d \u05d0\u202e one."


@pytest.fixture
def here(
    tmp_path: Path, tiny: models.ImageClassifier, wordy: models.TextClassifier, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A working folder of the command line."""
    ready = {"tiny": tiny, "wordy": wordy}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "load", lambda name, *_: ready[name])
    for name, value in {"MODEL": "tiny", "TEXT_MODEL": "wordy", "THREADS": str(torch.get_num_threads())}.items():
        monkeypatch.setenv(f"WHYLENS_{name}", value)
    (tmp_path / "photo.png").write_bytes(picture(0))
    return tmp_path


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("kind", ["image", "text"])
def test_both_ways(here: Path, kind: Kind) -> None:
    params = {"n_masks": 64} if kind == "text" else {"n_masks": 32, "cells": 4}
    given = [f"--param={name}={value}" for name, value in params.items()]
    subject = ["--text", TEXT] if kind == "text" else ["photo.png"]
    with TestClient(application(), "http://localhost") as client:
        if kind == "text":
            asset = client.post(f"{ROOT}/texts", json={"text": TEXT}).json()["id"]
        else:
            asset = client.post(f"{ROOT}/assets", content=picture(0), params={"name": "photo.png"}).json()["id"]
        asked = client.post(f"{ROOT}/explanations", json={"asset": asset, "params": params, "seed": 3}).json()
        for format in FORMATS[kind]:
            assert main(["explain", *subject, *given, "--seed", "3", "--out", f"map.{format.suffix}"]) == 0
            answer = client.get(f"{ROOT}/explanations/{asked['id']}/exports/{format.suffix}")
            assert answer.status_code == 200
            assert answer.content == (here / f"map.{format.suffix}").read_bytes(), format.suffix
            assert answer.headers["content-type"] == format.media
            assert answer.headers["content-disposition"].startswith('attachment; filename="whylens-rise-')
            assert answer.headers["x-content-type-options"] == "nosniff"
        wrong = client.get(f"{ROOT}/explanations/{asked['id']}/exports/exe")
        assert wrong.status_code == 422
        assert "format must be" in wrong.json()["error"]["message"]


def test_what_is_not_done_is_not_exported(slow_client_asked: tuple[TestClient, str]) -> None:
    client, id = slow_client_asked
    answer = client.get(f"{ROOT}/explanations/{id}/exports/png")
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "An explanation is exported when it is done; this one is queued."


@pytest.fixture
def slow_client_asked(slow_desk: object) -> tuple[TestClient, str]:  # noqa: ARG001
    client = TestClient(application(), "http://localhost")
    asset = client.post(f"{ROOT}/assets", content=picture(0)).json()["id"]
    asked = client.post(f"{ROOT}/explanations", json={"asset": asset, "params": {"n_masks": 32, "cells": 4}}).json()
    return client, asked["id"]
