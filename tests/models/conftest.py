from __future__ import annotations

import os
from pathlib import Path

import pytest

import models


@pytest.fixture(scope="session")
def lite0() -> models.ImageClassifier:
    return models.load("efficientnet_lite0")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real images, which is not part of the repository."""
    folder = Path(os.environ.get("WHYLENS_DATA") or Path(__file__).parents[3] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no folder of example data: set WHYLENS_DATA")
    return folder


@pytest.fixture(scope="session")
def minilm() -> models.TextClassifier:
    return models.load("minilm")
