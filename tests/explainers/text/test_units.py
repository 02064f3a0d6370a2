"""Units partition what is read: offsets are exact, and no unit gains or loses what its tokens say."""

from __future__ import annotations

from itertools import pairwise
from time import process_time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers.text.units import Unit, sentences, units, words
from explainers.types import Word

FAMILY = "👨\u200d👩\u200d👧"
# what has a rule of its own: emoji and their joiners, flags, marks, scripts without spaces, right to left, controls
SPECIAL = "aB1.,?!'\"():; \n\t_-…éअक्षสวัสดี日本テ한שא🇩🇪👩❤👍🏽" + (
    "\u0301\ufe0f\u200d\u200b\u00ad\u202e\u202c\u2028\x00\x1c\ud800\udfff\xa0"
)
TEXTS = st.text(st.one_of(st.sampled_from(SPECIAL), st.characters(codec=None, exclude_categories=())), max_size=60)


def texts(found: tuple[Word, ...]) -> list[str]:
    return [word.text for word in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop, it's 3.14 (really)...", "Don't|stop|,|it's|3.14|(|really|)|.|.|."),
        (f"{FAMILY}👍🏽 ❤\ufe0fx", f"{FAMILY}|👍🏽|❤\ufe0f|x"),
        ("🇩🇪🇫🇷🇩 a🇩🇪🇫", "🇩🇪|🇫🇷|🇩|a|🇩🇪|🇫"),
        ("🇩\u200d👩🇪🇫", "🇩\u200d👩|🇪🇫"),
        ("e\u0301a\u0301 क्षत्रिय", "e\u0301a\u0301|क्षत्रिय"),
        ("日本テスト 한국어", "日|本|テスト|한국어"),
        ("สวัสดี", "ส|วั|ส|ดี"),
        ("שלום, مرحبا!", "שלום|,|مرحبا|!"),
        ("a\u202eb\u202c c", "a\u202eb\u202c|c"),
        ("a\x00b\ud800c", "a|\x00|b|\ud800|c"),
        (" \n\t\xa0", ""),
        ("", ""),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert texts(words(text)) == [word for word in expected.split("|") if word]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It cost 3.14 dollars. Really? Yes!", ["It cost 3.14 dollars.", "Really?", "Yes!"]),
        ('"Why?" he asked. (He did.) So what?!', ['"Why?"', "he asked.", "(He did.)", "So what?!"]),
        ("In the U.S.A. troops, etc. and more.", ["In the U.S.A. troops, etc. and more."]),
        ("one line\nanother\r\n\r\nthird", ["one line", "another", "third"]),
        ("日本語です。次の文！", ["日本語です。", "次の文！"]),
        ("  \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert texts(sentences(text)) == expected


@given(TEXTS)
@settings(deadline=None)
def test_every_visible_character_is_in_one_word_and_one_sentence(text: str) -> None:
    for found in (words(text), sentences(text)):
        assert all(text[word.start : word.end] == word.text == word.text.strip() != "" for word in found)
        covered = [k for word in found for k in range(word.start, word.end)]
        assert len(set(covered)) == len(covered)
        assert covered == sorted(covered)
        assert {k for k in range(len(text)) if not text[k].isspace()} <= set(covered)


@st.composite
def tokenised(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    """A text and spans in its order, as tokenisers give them: some empty, some over one another, the end left out."""
    text = draw(TEXTS)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=20)))
    spans = [(0, 0), *pairwise(cuts), (0, 0)]
    again = draw(st.lists(st.integers(0, len(spans) - 1), max_size=3))
    return text, sorted([*spans, *(spans[k] for k in again)])


@given(tokenised())
@settings(deadline=None)
def test_each_token_is_in_the_unit_where_most_of_it_lies(case: tuple[str, list[tuple[int, int]]]) -> None:
    """Against the definition, unit by unit."""
    text, spans = case
    kinds: tuple[tuple[Unit, tuple[Word, ...]], ...] = (("word", words(text)), ("sentence", sentences(text)))
    for unit, every in kinds:
        found = units(text, spans, unit)
        assert set(found.words) <= set(every)
        for (start, end), member in zip(spans, found.member.tolist(), strict=True):
            shared = [max(0, min(word.end, end) - max(word.start, start)) for word in every]
            if text[start:end].strip():
                assert found.words[member] == every[shared.index(max(shared))]
            else:
                assert member == -1


@given(tokenised())
@settings(deadline=None)
def test_the_sum_is_the_same_whatever_the_unit(case: tuple[str, list[tuple[int, int]]]) -> None:
    text, spans = case
    values = torch.arange(2.0 * len(spans)).view(2, -1)  # whole numbers, so sums are exact
    visible = torch.tensor([bool(text[start:end].strip()) for start, end in spans])
    for unit in ("token", "word", "sentence"):
        found = units(text, spans, unit)
        assert all(text[word.start : word.end] == word.text for word in found.words)
        assert set(found.member.tolist()) - {-1} == set(range(len(found.words)))
        sums = found.sum(values)
        assert sums.shape == (2, len(found.words))
        assert torch.equal(sums.sum(1), values[:, visible].sum(1))
        assert torch.equal(found.sum(values[1]), sums[1])


def test_a_sum_by_hand() -> None:
    text = f"Bad. So {FAMILY}!"
    spans = [(0, 0), (0, 2), (2, 4), (4, 7), (7, 8), (8, 9), (8, 9), (9, 13), (13, 14), (0, 0)]
    found = units(text, spans, "word")
    assert texts(found.words) == [
        "Bad",
        "So",
        FAMILY,
        "!",
    ]  # the full stop has no token: its one is half of Bad, which comes first
    assert found.member.tolist() == [-1, 0, 0, 1, -1, 2, 2, 2, 3, -1]
    assert found.sum(torch.arange(10.0)).tolist() == [3, 3, 18, 8]
    assert texts(units(text, spans, "token").words) == ["Ba", "d.", " So", "👨", text[9:13], "!"]
    assert texts(units(text, spans, "sentence").words) == ["Bad.", f"So {FAMILY}!"]
    assert units(text, spans, "sentence").sum(torch.arange(10.0)).tolist() == [3, 29]


def test_what_the_model_does_not_read_is_no_unit() -> None:
    found = units("one two. Three four.", [(0, 0), (0, 3), (0, 0)], "sentence")
    assert texts(found.words) == ["one two."]
    empty = units("", [(0, 0), (0, 0)], "word")
    assert empty.words == ()
    assert empty.sum(torch.ones(3, 2)).shape == (3, 0)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a\u0301",
        "\u0301",
        "🇩",
        "a🇩",
        "👩\u200d",
        " ",
        "\n",
        "a'",
        "1,",
        ".",
        ". ",
        ".1",
        '."',
        "A.",
        "?)",
        "日",
        "ส",
        "\u202e",
    ],
)
def test_long_rows_of_anything_take_seconds(piece: str) -> None:
    """A rule that looks back over a row of its like takes 22 s here."""
    text = piece * (100_000 // len(piece))
    before = process_time()
    found, said = words(text), sentences(text)
    assert process_time() - before < 8
    for word in (*found[-3:], *said[-3:]):
        assert text[word.start : word.end] == word.text
