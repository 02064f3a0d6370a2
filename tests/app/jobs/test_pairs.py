"""Pairs of words: additive models have none, and two words that only count together have all of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from app.failures import RequestError
from app.jobs.pairs import Pairing, paired
from explainers.text.board import divided
from tests.oracles import BagOfWords, embedding, text_classifier

TEXT = "it is not a good film"
DIGEST = "0" * 64


class Together(nn.Module):
    """logit 0 is 3 where both words are there, else 0; logit 1 is always 1."""

    vectors: Tensor

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.stack([embedding(word, 6) for word in (first, second)]))

    def forward(self, x: Tensor) -> Tensor:
        gaps = (x[:, :, :, None] - self.vectors.T[None, :, None]).abs().amax(1)  # (n, t, 2)
        there = (gaps.amin(1) < 1e-4).all(1)
        return torch.stack([3.0 * there, torch.ones(len(x))], 1)


def asked(model: Any, word: int, **changes: Any) -> Pairing:
    values: dict[str, Any] = {
        "text": TEXT,
        "words": divided(model.prepare(TEXT), "word").words,
        "word": word,
        "baseline": "mask",
        "target": 0,
        "against": None,
        "output": "logit",
        "seed": 0,
    }
    return Pairing(**{**values, **changes})


@pytest.mark.parametrize("baseline", ["mask", "mean", "deletion"])
def test_two_words_that_count_only_together(baseline: Any) -> None:
    model = text_classifier(Together("not", "good"), 2)
    found = paired(model, DIGEST, asked(model, 2, baseline=baseline))
    assert found.values == pytest.approx([0, 0, 0, 0, 3, 0], abs=1e-5)  # float32
    assert found.stderr == (0.0,) * 6
    assert found.forwards <= 128
    against = paired(model, DIGEST, asked(model, 4, target=1, against=0, baseline=baseline))
    assert against.values == pytest.approx([0, 0, -3, 0, 0, 0], abs=1e-5)


def test_words_that_add_up_do_not_interact() -> None:
    model = text_classifier(BagOfWords(torch.randn(2, 6, generator=torch.Generator().manual_seed(0))), 2)
    assert paired(model, DIGEST, asked(model, 1)).values == pytest.approx([0] * 6, abs=1e-5)


@pytest.mark.parametrize("word", [-1, 6, 10**30])
def test_a_word_that_is_none(word: int) -> None:
    model = text_classifier(Together("not", "good"), 2)
    with pytest.raises(RequestError, match=r"word must lie in \[0, 5\]; got"):
        asked(model, word)


def test_other_weights_than_those_asked() -> None:
    model = text_classifier(Together("not", "good"), 2)
    with pytest.raises(RequestError, match=r"weights of .* have changed"):
        paired(model, "1" * 64, asked(model, 1))
