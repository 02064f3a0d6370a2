"""Words switched off and replaced: the numbers are those of the text that is meant."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
import torch

import models
from app.failures import RequestError
from app.jobs.edit import SETS, Edit, edit, sets
from explainers.scoring import ModelScore
from explainers.text.board import TextBoard, divided
from explainers.text.units import members
from explainers.types import Word
from tests.app.textual import WORDS
from tests.app.textual import wordy as made

TEXT = "The good film, and a bad one."


def asked(model: models.TextClassifier, text: str = TEXT, by: Any = "word", **changes: Any) -> Edit:
    values: dict[str, Any] = {
        "text": text,
        "words": divided(model.prepare(text), by).words,
        "off": frozenset(),
        "replace": {},
        "baseline": "mask",
        "classes": (1, 0),
        "seed": 0,
    }
    return Edit(**{**values, **changes})


def number(word: str) -> int:
    return "The good film , and a bad one .".split().index(word)


def probabilities(model: models.TextClassifier, text: str) -> list[float]:
    negative, positive = model.predict(text)[0].tolist()
    return [positive, negative]


def test_nothing_edited_is_the_text_itself(wordy: models.TextClassifier) -> None:
    found = edit(wordy, wordy.card.digest or "", asked(wordy))
    assert found.text == TEXT
    assert found.probabilities == pytest.approx(probabilities(wordy, TEXT), rel=1e-5)
    assert found.sets == 1
    assert found.low == found.high == pytest.approx(found.probabilities, rel=1e-5)


@pytest.mark.parametrize("baseline", ["mask", "mean", "deletion"])
@pytest.mark.parametrize("by", ["word", "token", "sentence"])
def test_off_is_as_the_methods_have_it(wordy: models.TextClassifier, baseline: Any, by: Any) -> None:
    text = "A good film. A bad film. And the good."
    edited = asked(wordy, text, by, off=frozenset({1}), baseline=baseline)
    score = ModelScore(wordy, (1, 0), "probability")
    value = TextBoard(by=by, baseline=baseline).play(score, wordy.prepare(text)).value
    d = len(edited.words)
    expected = value(1 - torch.eye(d))
    found = edit(wordy, wordy.card.digest or "", edited)
    assert found.probabilities == pytest.approx(expected[1].tolist(), rel=1e-5)
    others = expected[[k for k in range(d) if k != 1]]  # fewer than 20: the band has all of them
    assert found.sets == d - 1
    assert found.low == pytest.approx(others.amin(0).tolist(), rel=1e-5)
    assert found.high == pytest.approx(others.amax(0).tolist(), rel=1e-5)


def test_the_mask_stands_for_what_is_off(wordy: models.TextClassifier) -> None:
    masked = TEXT.replace("bad", WORDS[3])  # "[MASK]" is three tokens for this tokeniser, so not by its text
    ids = wordy.prepare(TEXT)
    x = ids.x.clone()
    x[:, 1 + number("bad")] = ids.mask
    with torch.inference_mode():
        expected = wordy.module(x[None]).softmax(1)[0]
    found = edit(wordy, wordy.card.digest or "", asked(wordy, off=frozenset({number("bad")})))
    assert found.probabilities == pytest.approx([expected[1].item(), expected[0].item()], rel=1e-5)
    assert found.text == TEXT != masked


@pytest.mark.parametrize("new", ["good", "a very good, good", "x", "é\U0001f468\u200d\U0001f469 "])
def test_what_is_replaced_is_read_anew(wordy: models.TextClassifier, new: str) -> None:
    found = edit(wordy, wordy.card.digest or "", asked(wordy, replace={number("bad"): new}))
    assert found.text == TEXT.replace("bad", new)
    assert found.probabilities == pytest.approx(probabilities(wordy, found.text), rel=1e-5)


def test_offsets_shift_with_what_is_replaced(wordy: models.TextClassifier) -> None:
    """Two words replaced by longer and shorter ones, and one behind them deleted."""
    changes = {number("The"): "and and the", number("film"): "a"}
    wanted = asked(wordy, replace=changes, off=frozenset({number("bad")}), baseline="deletion")
    text, words = wanted.edited
    assert text == "and and the good a, and a bad one."
    assert [text[word.start : word.end] for word in words] == [word.text for word in words]
    found = edit(wordy, wordy.card.digest or "", wanted)
    assert found.text == text
    assert found.probabilities == pytest.approx(probabilities(wordy, text.replace("bad ", "")), rel=1e-5)


def test_what_a_shorter_text_lets_in_is_present() -> None:
    short = made(limit=5)  # three words beside the special tokens
    text = "bad bad, and good"
    wanted = asked(short, text, replace={0: "good"}, off=frozenset({1, 2}), baseline="deletion")
    assert [word.text for word in wanted.words] == ["bad", "bad", ","]
    joined = asked(short, text, words=(Word("bad bad,", 0, 8),), replace={0: "a"})
    found = edit(short, short.card.digest or "", joined)
    assert found.text == "a and good"
    assert found.probabilities == pytest.approx(probabilities(short, "a and good"), rel=1e-5)
    assert found.sets == 0  # there are no other words
    assert (found.low, found.high) == ((), ())


def test_tokens_belong_to_the_word_that_has_most_of_them(wordy: models.TextClassifier) -> None:
    text = "the goodfilm a"
    spans = [(token.start, token.end) for token in wordy.prepare(text).tokens]
    words = (Word("good", 4, 8), Word("film", 8, 12), Word("a", 13, 14))
    assert members(text, spans, words).tolist() == [-1, -1, 0, 2, -1]
    assert members(text, spans, (Word("x", 4, 6), Word("y", 6, 12))).tolist() == [-1, -1, 1, -1, -1]


def test_sets_are_different_seeded_and_all_where_they_are_few() -> None:
    assert set(sets([3, 5, 8], 2, 0)) == set(map(frozenset, combinations([3, 5, 8], 2)))
    assert list(sets([1, 2], 3, 0)) == []
    drawn = list(sets(range(40), 3, 7))
    assert len(set(drawn)) == len(drawn) == SETS
    assert all(len(chosen) == 3 for chosen in drawn)
    assert drawn == list(sets(range(40), 3, 7)) != list(sets(range(40), 3, 8))


def test_the_band_leaves_out_what_was_edited(wordy: models.TextClassifier) -> None:
    """Everything but "bad" means the same in both: only the set with it would move the classes."""
    text = "good " * 12 + "bad"
    found = edit(wordy, wordy.card.digest or "", asked(wordy, text, replace={12: "a"}, baseline="deletion"))
    assert found.sets == 12
    assert found.high[0] - found.low[0] < 1e-6
    assert found.probabilities[0] > found.high[0]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no such word": ({"off": frozenset({9})}, "off must name words by numbers in [0, 8]; got 9"),
    "negative": ({"replace": {-1: "x"}}, "replace must name words by numbers in [0, 8]; got -1"),
    "many digits": ({"off": frozenset({10**400})}, f"off must name words by numbers in [0, 8]; got 1{'0' * 19}"),
    "both": ({"off": frozenset({1}), "replace": {1: "x"}}, "word 1 can be off or replaced, and is named in both"),
    "empty": ({"replace": {1: ""}}, "replace must give a word 1 to 200 characters, not blank; got '' for word 1"),
    "blank": ({"replace": {1: " "}}, "replace must give a word 1 to 200 characters, not blank; got ' ' for word 1"),
    "too long": (
        {"replace": {1: "x" * 201}},
        "replace must give a word 1 to 200 characters, not blank; got 201 characters for word 1",
    ),
    "zero byte": (
        {"replace": {1: "a\0"}},
        "The replacement of word 1 has a zero byte at character 2, which cannot be kept.",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_edit(wordy: models.TextClassifier, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RequestError) as refused:
        asked(wordy, **changes)
    assert str(refused.value) == sentence


def test_other_weights_are_refused(wordy: models.TextClassifier) -> None:
    with pytest.raises(RequestError, match="weights of wordy have changed since this was asked"):
        edit(wordy, "f" * 64, asked(wordy))
