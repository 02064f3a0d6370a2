"""Prompts and heads: small values that make the same classifier again, and a fit with a known answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression

import models
from models.text import FittedHead, Head, Prompts, fit_head
from models.text.heads import STRENGTH, folds, regression

GOOD = ("a good film", "a fine film", "I liked it", "it is wonderful", "great", "a joy from start to end")
BAD = ("a bad film", "a dreadful film", "I hated it", "it is awful", "boring", "a waste of my evening")
TEXTS, LABELS = (*GOOD, *BAD), ("good",) * 6 + ("bad",) * 6


@pytest.fixture(scope="module")
def fitted(minilm: models.TextClassifier) -> FittedHead:
    return fit_head(minilm, TEXTS, LABELS, seed=3)


def test_a_head_is_a_classifier_like_any_other(fitted: FittedHead, minilm: models.TextClassifier) -> None:
    model = fitted.classifier
    assert model.labels == ("bad", "good")
    assert model.predict(["a great joy", "awful and boring"]).argmax(1).tolist() == [1, 0]
    assert (model.card.name, model.card.kind, model.card.temperature) == ("minilm", "text", None)
    assert model.card.digest not in (None, minilm.card.digest)
    vectors = minilm.outputs(minilm.sentences(), TEXTS)
    logits = vectors @ fitted.head.weight.T + fitted.head.bias
    assert np.allclose(model.predict(TEXTS), logits.softmax(1).numpy(), atol=1e-5)
    again = minilm.with_head(TEXTS, LABELS, seed=3)
    assert again.card == model.card


def test_the_report_counts_texts_held_out(fitted: FittedHead) -> None:
    truth = torch.tensor([fitted.head.labels.index(label) for label in LABELS])
    assert fitted.held_out.shape == (12,)
    assert fitted.accuracy == pytest.approx(float((fitted.held_out == truth).double().mean()))
    assert fitted.confusion.sum(1).tolist() == [6, 6]
    assert int(fitted.confusion.diagonal().sum()) == int((fitted.held_out == truth).sum())
    assert fitted.cut == 0


def test_no_label_can_be_learnt_by_heart(minilm: models.TextClassifier) -> None:
    """Labels that have nothing to do with the texts: what is fitted knows them all, what is held out none of them."""
    words = [f"{a} {b}" for a in ("red", "old", "big", "wet") for b in ("car", "cat", "sea", "sun", "cup")]
    labels = ["a" if k % 2 else "b" for k in torch.randperm(20, generator=torch.Generator().manual_seed(1)).tolist()]
    found = fit_head(minilm, words + words, labels + labels)
    assert found.accuracy <= 0.7  # twice the same text in two folds would give it away
    assert found.confusion.sum() == 40


def test_the_order_of_rows_does_not_matter(fitted: FittedHead, minilm: models.TextClassifier) -> None:
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0)).tolist()
    other = fit_head(minilm, [TEXTS[k] for k in order], [LABELS[k] for k in order], seed=3)
    assert torch.allclose(other.head.weight, fitted.head.weight, atol=1e-4)  # float32 vectors of other batches
    assert torch.equal(other.held_out, fitted.held_out[order])


def test_folds_spread_labels_and_keep_the_same_text_together() -> None:
    texts = [f"text {k % 50}" for k in range(100)]
    labels = ["a" if k % 50 < 40 else "b" for k in range(100)]
    found = folds(texts, labels, seed=0)
    assert torch.equal(found[:50], found[50:])
    for first, last in ((0, 40), (40, 50)):
        assert found[first:last].bincount().tolist() == [(last - first) // 5] * 5
    assert torch.equal(found, folds(texts, labels, seed=0))
    assert not torch.equal(found, folds(texts, labels, seed=1))


@pytest.mark.parametrize("classes", [2, 4])
def test_the_regression_is_scikit_learns(classes: int) -> None:
    rng = torch.Generator().manual_seed(0)
    vectors = torch.randn(200, 5, dtype=torch.float64, generator=rng)
    truth = (vectors[:, :classes] + torch.randn(200, classes, dtype=torch.float64, generator=rng)).argmax(1)
    weight, bias = regression(vectors, truth, classes)
    theirs = LogisticRegression(C=STRENGTH, tol=1e-10, max_iter=5000).fit(vectors.numpy(), truth.numpy())
    expected = torch.tensor(theirs.predict_proba(vectors.numpy()))
    if classes == 2:  # theirs has one vector, the difference, whose penalty is twice that of a pair's halves
        theirs = LogisticRegression(C=2 * STRENGTH, tol=1e-10, max_iter=5000).fit(vectors.numpy(), truth.numpy())
        expected = torch.tensor(theirs.predict_proba(vectors.numpy()))
    assert torch.allclose((vectors @ weight.T + bias).softmax(1), expected, atol=1e-5)


def test_a_stored_head_makes_the_same_classifier(
    fitted: FittedHead, minilm: models.TextClassifier, tmp_path: Path
) -> None:
    save_file({"weight": fitted.head.weight, "bias": fitted.head.bias}, tmp_path / "head.safetensors")
    again = Head(fitted.head.labels, **load_file(tmp_path / "head.safetensors")).on(fitted.classifier)
    assert again.card == fitted.classifier.card
    assert again.labels == fitted.classifier.labels
    moved = Head(fitted.head.labels, fitted.head.weight + 1e-3, fitted.head.bias).on(minilm)
    assert moved.card.digest != again.card.digest


def test_stored_prompts_make_the_same_classifier(fitted: FittedHead, minilm: models.TextClassifier) -> None:
    prompts = Prompts({"no": "a bad film", "yes": ("a good film", "I liked it")}, temperature=0.1)
    stored = json.dumps({"prompts": prompts.ensembles, "temperature": prompts.temperature})
    first, again = prompts.on(minilm), Prompts(**json.loads(stored)).on(fitted.classifier)
    assert first.card == again.card
    assert (first.card.temperature, again.labels) == (0.1, ("no", "yes"))


@pytest.mark.parametrize(
    ("prompts", "temperature", "sentence"),
    [
        ({"a": "x"}, 0.05, r"labels must number 2 to 200; got 1"),
        ({str(k): "x" for k in range(201)}, 0.05, r"labels must number 2 to 200; got 201"),
        ({"a": "x", " ": "y"}, 0.05, r"labels must be texts of 1 to 200 characters, not blank; got ' '"),
        ({"a": "x", "b" * 201: "y"}, 0.05, r"labels must be texts of 1 to 200 characters"),
        ({"a": "x", "b": ()}, 0.05, r"prompts of 'b' must number 1 to 1000; got 0"),
        ({"a": "x", "b": ["y"] * 1001}, 0.05, r"prompts of 'b' must number 1 to 1000; got 1001"),
        ({"a": "x", "b": ["y", " "]}, 0.05, r"prompts of 'b' must be texts that are not blank; got ' '"),
        ({"a": "x", "b": "y"}, 0.0, r"temperature must be positive; got 0.0"),
    ],
)
def test_prompts_say_what_is_wrong(
    prompts: Mapping[str, str | Sequence[str]], temperature: float, sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        Prompts(prompts, temperature)


def test_a_prompt_that_would_be_cut_is_refused(minilm: models.TextClassifier) -> None:
    with pytest.raises(
        ValueError, match="prompts of 'b' must fit in the 256 tokens that minilm reads; got one of 1500"
    ):
        minilm.with_labels({"a": "x", "b": ("y", "word " * 300)})


@pytest.mark.parametrize(
    ("texts", "labels", "sentence"),
    [
        (["x", "y"], ["a", "a"], "labels must number 2 to 200; got 1"),
        ([], [], "labels must number 2 to 200; got 0"),
        (["x", "y", "z"], ["a", "a", "b"], "texts of label 'b' must number at least 2, different ones; got 1"),
        (["x", "y", "z", "z"], ["a", "a", "b", "b"], "texts of label 'b' must number at least 2"),
        (["x", "y", "z"], ["a", "a"], "texts and labels must be as many; got 3 and 2"),
        (["x"] * 100_001, ["a"] * 100_001, "texts must number at most 100000; got 100001"),
        (["x", " "], ["a", "a"], "texts must be texts that are not blank; got ' '"),
        (["x", 3], ["a", "a"], "texts must be texts that are not blank; got 3"),
        (["x", "y"], ["a", ""], "labels must be texts that are not blank; got ''"),
        ("xy", ["a", "b"], "texts must be a list of texts; got one text"),
    ],
)
def test_fitting_says_what_is_wrong(
    minilm: models.TextClassifier, texts: list[str], labels: list[str], sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        fit_head(minilm, texts, labels)


def test_texts_that_are_cut_are_counted(minilm: models.TextClassifier) -> None:
    assert fit_head(minilm, ["good", "fine " * 300, "bad", "awful"], ["+", "+", "-", "-"]).cut == 1


@pytest.mark.parametrize(
    ("labels", "weight", "bias", "sentence"),
    [
        (("a", "a"), torch.zeros(2, 384), torch.zeros(2), "labels must differ from each other; got 'a' 2 times"),
        (
            ("a", "b"),
            torch.zeros(3, 384),
            torch.zeros(3),
            r"weight and bias .* 2 labels; got shapes \(3, 384\) and \(3,\)",
        ),
        (("a", "b"), torch.zeros(2, 384), torch.zeros(3), "weight and bias must have a row for each of 2 labels"),
        (("a", "b"), torch.full((2, 384), torch.nan), torch.zeros(2), "weight and bias must be finite"),
    ],
)
def test_heads_say_what_is_wrong(
    labels: tuple[str, ...], weight: torch.Tensor, bias: torch.Tensor, sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        Head(labels, weight, bias)


def test_a_head_of_another_encoder_is_refused(minilm: models.TextClassifier) -> None:
    with pytest.raises(models.UnsupportedModelError, match="is for vectors of 8 numbers; those of minilm have 384"):
        Head(("a", "b"), torch.zeros(2, 8), torch.zeros(2)).on(minilm)
