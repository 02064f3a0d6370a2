"""The bundled encoder: the published recipe, zero-shot as defined, without a network, followed exactly by DeepLIFT."""

from __future__ import annotations

import csv
import hashlib
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import explainers
import models
from models.sources import minilm as source
from models.text import Head, Prompts, fit_head

SENTENCES = ("A fine film.", "dull", "", "日本 👍🏽 " * 300, "this movie is excellent and very funny")
PROMPTS = {"bad": ("a bad film", "it is dreadful"), "good": "a good film", "neither": ["a film"]}


def test_the_weights_are_those_published() -> None:
    folder = source.weights_folder()
    assert folder is not None
    sha = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert sha == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_vectors_are_those_of_sentence_transformers(minilm: models.TextClassifier) -> None:
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(source.weights_folder()), device="cpu", local_files_only=True)
    ours = minilm.outputs(minilm.sentences(), SENTENCES)
    expected = torch.tensor(theirs.encode(list(SENTENCES)))
    assert torch.allclose(ours, expected, atol=1e-6)  # float32, six layers


def test_zero_shot_logits_are_as_defined(minilm: models.TextClassifier) -> None:
    model = minilm.with_labels(PROMPTS)
    assert model.labels == ("bad", "good", "neither")
    assert model.card.temperature == 0.05

    def unit(*texts: str) -> torch.Tensor:
        hidden = [minilm.prepare(text).x[None] for text in texts]
        return torch.cat([minilm.sentences()(x) for x in hidden])

    prompts = [F.normalize(unit(*p).mean(0), dim=0) for p in (PROMPTS["bad"], ("a good film",), ("a film",))]
    expected = unit("A fine film.") @ torch.stack(prompts).T / 0.05
    logits = model.module(model.prepare("A fine film.").x[None])
    assert torch.allclose(logits, expected, atol=1e-4)  # float32 at a temperature of 0.05
    assert np.allclose(model.predict("A fine film."), expected.softmax(1).numpy(), atol=1e-4)


def test_it_works_at_once(minilm: models.TextClassifier) -> None:
    assert minilm.labels == ("negative", "positive")
    probabilities = minilm.predict(["a wonderful film", "a dreadful film"])
    assert probabilities.dtype == np.float32
    assert probabilities.argmax(1).tolist() == [1, 0]
    assert isinstance(minilm, models.TextClassifier)
    assert not any(part.training for part in minilm.module.modules())
    assert not any(parameter.requires_grad for parameter in minilm.module.parameters())


def test_rows_do_not_depend_on_their_batch(minilm: models.TextClassifier) -> None:
    texts = [*SENTENCES, *SENTENCES[:2] * 40]
    rows = minilm.predict(texts)
    alone = np.concatenate([minilm.predict(text) for text in SENTENCES])
    assert np.allclose(rows[: len(SENTENCES)], alone, atol=1e-5)  # another batch size sums in another order
    assert np.allclose(rows[-2:], alone[:2], atol=1e-5)
    with pytest.raises(ValueError, match="predict needs at least one text; got none"):
        minilm.predict([])


def test_a_passage_passes_through(minilm: models.TextClassifier) -> None:
    passage = minilm.prepare("A fine film.")
    assert minilm.prepare(passage) is passage


def test_threads_share_it(minilm: models.TextClassifier) -> None:
    alone = [minilm.predict(text) for text in SENTENCES]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(minilm.predict, SENTENCES))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_listed_among_texts_only(minilm: models.TextClassifier) -> None:
    (card,) = models.list_models("text")
    assert (card.name, card.kind, card.limit, card.digest) == ("minilm", "text", 256, None)
    assert (minilm.card.name, minilm.card.limit) == ("minilm", 256)
    assert "minilm" not in [card.name for card in models.list_models()]
    with pytest.raises(models.UnsupportedModelError, match="close names are minilm"):
        models.load("minilmm")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PACKAGE", "no_such_package")
    assert models.list_models("text") == ()
    with pytest.raises(models.UnsupportedModelError, match="minilm needs the Python package no-such-package"):
        models.load("minilm")


def test_no_network(monkeypatch: pytest.MonkeyPatch, minilm: models.TextClassifier) -> None:
    def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        pytest.fail("the network was asked")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert models.load("minilm").card == minilm.card


def test_the_digest_is_of_all_that_decides(minilm: models.TextClassifier) -> None:
    base, other = {"a": "good", "b": "bad"}, {"a": "good", "b": "worse"}
    digests = [
        Prompts(prompts, temperature).on(minilm).card.digest
        for prompts, temperature in ((base, 0.05), (base, 0.05), (other, 0.05), (base, 0.06))
    ]
    assert digests[0] == digests[1]
    assert len({*digests, minilm.card.digest}) == 4
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        assert Prompts(base).on(minilm).card.digest == digests[0]
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("top", ["prompts", "head"])
def test_deeplift_follows_it_exactly(minilm: models.TextClassifier, top: str) -> None:
    weight = torch.randn(2, 384, generator=torch.Generator().manual_seed(0))
    model = minilm if top == "prompts" else Head(("bad", "good"), weight, torch.zeros(2)).on(minilm)
    passage = model.prepare("this movie is excellent and very funny")
    x = passage.x[None]
    special = torch.tensor([token.special for token in passage.tokens])
    x0 = torch.where(special, x, passage.mask[None, :, None])
    found = explainers.deeplift(lambda rows: model.module(rows)[:, 1], x, x0)
    with torch.no_grad():
        rise = float((model.module(x) - model.module(x0))[0, 1])
    assert found.fallbacks == ()
    assert abs(rise) > 0.1
    assert abs(float(found.values.double().sum()) - rise) <= 1e-3 * abs(rise)


def rows(data: Path, name: str, read: Callable[[list[str]], str]) -> tuple[list[str], list[str]]:
    file = data / "text" / name
    if not file.is_file():
        pytest.skip(f"no {name} among the example data")
    with file.open(encoding="utf-8", newline="") as lines:
        found = list(csv.reader(lines, delimiter="\t"))[1:]
    return [read(row) for row in found], [row[-1] for row in found]


@pytest.mark.thorough
def test_accuracy_on_film_reviews(minilm: models.TextClassifier, data: Path) -> None:
    """`benchmarks/text_accuracy.py` has the figures on all sentences; a quarter has a standard error of 0.035."""
    texts, truth = rows(data, "sst2_dev.tsv", lambda row: row[0])
    answers = minilm.predict(texts[::4]).argmax(1)
    assert np.mean(answers == np.array([int(label) for label in truth[::4]])) >= 0.65
    known, labels = rows(data, "sst2_train.tsv", lambda row: row[0])
    fitted = fit_head(minilm, known[::10], labels[::10])
    assert 0.60 <= fitted.accuracy <= 0.85
    answers = fitted.classifier.predict(texts[::4]).argmax(1)
    assert np.mean(answers == np.array([int(label) for label in truth[::4]])) >= 0.65
