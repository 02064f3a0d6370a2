"""MiniLM from tokens to cosine: the methods on the model that comes with the installation, and no socket opened."""

from __future__ import annotations

import socket
from typing import NoReturn

import pytest
import torch

import models
from explainers import explain, list_methods
from models.text import fit_head
from tests.explainers.text.test_ls_tree import tree

TEXT = "Slow, but not without charm."


@pytest.fixture(scope="module")
def minilm() -> models.TextClassifier:
    return models.load("minilm")


@pytest.fixture(scope="module")
def headed(minilm: models.TextClassifier) -> models.TextClassifier:
    texts = ["a joy", "so good", "a bore", "so bad", "fine and warm", "cold and flat"]
    return fit_head(minilm, texts, ["up", "up", "down", "down", "up", "down"]).classifier


@pytest.fixture(autouse=True)
def unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.mark.parametrize("baseline", ["mask", "mean"])
@pytest.mark.parametrize("name", ["deeplift", "integrated_gradients"])
@pytest.mark.parametrize("on", ["minilm", "headed"])
def test_contributions_add_up_through_pooling_and_cosine(
    on: str, name: str, baseline: str, request: pytest.FixtureRequest
) -> None:
    """To a thousandth of the difference in score, the project's bar; DeepLIFT to what float32 leaves."""
    model: models.TextClassifier = request.getfixturevalue(on)
    a = explain(name, model, TEXT, baseline=baseline)
    assert a.delta is not None
    difference = float(a.values.sum()) - a.delta
    assert abs(difference) > 0.01  # a head of six sentences is faint; rounding is fainter
    assert abs(a.delta) <= (1e-4 if name == "deeplift" else 1e-3) * abs(difference)
    assert a.meta.get("fallbacks", []) == []


@pytest.mark.parametrize("name", [method.name for method in list_methods("text")])
def test_every_method_explains_a_sentence(name: str, minilm: models.TextClassifier) -> None:
    cheap: dict[str, dict[str, object]] = {
        "hsic": {"n": 32},
        "kernel_shap": {"n": 40},
        "lime": {"n": 40},
        "partition_shap": {"n": 40},
        "permutation_shap": {"pairs": 2},
        "rise": {"n_masks": 40},
        "smoothgrad": {"n": 16},
        "sobol": {"n": 8},
    }
    a = explain(name, minilm, TEXT, output="log_probability", **cheap.get(name, {}))  # type: ignore[arg-type]
    assert [word.text for word in a.words] == ["Slow", ",", "but", "not", "without", "charm", "."]
    assert a.values.shape == (7,)
    assert torch.from_numpy(a.values).isfinite().all()
    assert abs(a.values).max() > 0


def test_the_tree_is_that_of_the_sentence() -> None:
    assert [part.players for part in tree(TEXT).parts] == [(0, 1), (2, 3, 4, 5, 6)]
