"""Heads: from prompts or rows to a definition, and from the definition to the same classifier."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import models
from app.failures import RequestError
from app.jobs.heads import Definition, classifier, fitted, head_id, prompted
from app.jobs.shelf import Shelf
from models import UnsupportedModelError
from tests.app.inline import stocked

# the fit's own scalar, which torch warns of once
pytestmark = pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad:UserWarning")

TEXTS = ["good a", "good the", "good film", "good .", "good and", "bad a", "bad the", "bad film", "bad .", "bad and"]
LABELS = ["+"] * 5 + ["-"] * 5


def test_prompts_give_the_same_classifier(wordy: models.TextClassifier) -> None:
    prompts = {"no": ["bad", "a bad film"], "yes": ["good"]}
    made = prompted(wordy, prompts)
    assert (made.base, made.labels, made.weights, made.accuracy) == ("wordy", ("no", "yes"), None, None)
    again = classifier(wordy, made, "head/x")
    assert (again.card.name, again.card.digest) == ("head/x", made.digest)
    assert np.array_equal(again.predict(TEXTS), wordy.with_labels(prompts).predict(TEXTS))


def test_rows_give_the_same_classifier_and_a_report(wordy: models.TextClassifier) -> None:
    made = fitted(wordy, TEXTS, LABELS)
    assert (made.labels, made.prompts, made.rows, made.cut) == (("+", "-"), None, 10, 0)
    assert made.accuracy == 1.0
    assert made.confusion == ((5, 0), (0, 5))
    again = classifier(wordy, made, "head/x")
    assert again.card.digest == made.digest
    assert np.array_equal(again.predict(TEXTS), wordy.with_head(TEXTS, LABELS).predict(TEXTS))


def test_a_fitted_head_knows_its_encoder(wordy: models.TextClassifier) -> None:
    made = replace(fitted(wordy, TEXTS, LABELS), digest="f" * 64)
    with pytest.raises(UnsupportedModelError) as refused:
        classifier(wordy, made, "head/x")
    assert str(refused.value) == "wordy has changed since this classifier was fitted to it; fit it again"


def test_what_is_no_encoder(tiny: models.ImageClassifier, wordy: models.TextClassifier) -> None:
    with pytest.raises(RequestError, match="base must be an encoder of texts, such as minilm; tiny classifies images"):
        prompted(tiny, {"a": ["x"], "b": ["y"]})
    with pytest.raises(UnsupportedModelError, match="classifier with classes of its own"):
        fitted(replace(wordy, encoder=None), TEXTS, LABELS)


def test_wrong_prompts_and_rows(wordy: models.TextClassifier) -> None:
    with pytest.raises(RequestError, match="labels must number 2 to 200; got 1"):
        prompted(wordy, {"a": ["x"]})
    with pytest.raises(RequestError, match="prompts of 'b' must number 1 to 1000; got 0"):
        prompted(wordy, {"a": ["x"], "b": []})
    with pytest.raises(RequestError, match="prompts must number at most 2,000 in all; got 2,001"):
        prompted(wordy, {"a": ["x"] * 1000, "b": ["y"] * 1000, "c": ["z"]})
    with pytest.raises(RequestError, match="labels must number 2 to 200; got 1"):
        fitted(wordy, TEXTS, ["+"] * 10)
    with pytest.raises(RequestError, match="must number at least 2, different ones; got 1"):
        fitted(wordy, TEXTS, ["+"] * 9 + ["-"])


def test_the_shelf_makes_a_head_once_on_a_base_that_it_shares(wordy: models.TextClassifier) -> None:
    asked: list[str] = []
    made = prompted(wordy, {"no": ["bad"], "yes": ["good"]})

    def find(id: str) -> Definition | None:
        asked.append(id)
        return made if id == "abc" else None

    shelf = stocked(wordy, heads=find)
    first = shelf.get("head/abc")
    assert shelf.get("head/abc") is first
    assert asked == ["abc"]
    assert first.card.name == "head/abc"
    weights = [dict(part.module.named_parameters()) for part in (first, wordy)]
    assert all(weights[0][name] is tensor for name, tensor in weights[1].items())
    with pytest.raises(UnsupportedModelError, match="no model is called 'head/xyz'"):
        shelf.get("head/xyz")
    with pytest.raises(UnsupportedModelError, match="no model is called 'head/abc'"):
        Shelf(None, allow_pth=False).get("head/abc")


def test_a_heads_name() -> None:
    assert (head_id("head/abc"), head_id("minilm"), head_id("operator/head")) == ("abc", None, None)


def test_nothing_is_left_on_the_encoder(wordy: models.TextClassifier) -> None:
    before = {name: tensor.clone() for name, tensor in wordy.module.state_dict().items()}
    fitted(wordy, TEXTS, LABELS)
    assert all(torch.equal(tensor, before[name]) for name, tensor in wordy.module.state_dict().items())


def test_heads_push_out_heads_and_no_models(tiny: models.ImageClassifier, wordy: models.TextClassifier) -> None:
    made = prompted(wordy, {"no": ["bad"], "yes": ["good"]})
    shelf = stocked(tiny, wordy, heads=lambda _: made)
    for k in range(5):
        shelf.get(f"head/{k}")
    assert set(shelf._loaded) == {"tiny", "wordy", "head/2", "head/3", "head/4"}
