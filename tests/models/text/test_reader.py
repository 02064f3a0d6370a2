"""Offsets are those of the string that was given, for any string and any tokeniser; what is left out is told."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from torch import nn

import models
from models.text.passage import Token
from models.text.reader import Reader, fingerprint, reader
from tests.models.text.tokenizers_of_ours import FAMILIES

LIMIT = 12
SPECIAL = (
    "aé gooDfilm ﬁﷺİß½…\n\t.!'शสวัस日本한שא🇩🇪👩❤👍🏽"
    + "\u0301\ufe0f\u200d\u200b\u00ad\u202e\u202c\x00\x07\ud800\udfff\xa0"
)
TEXTS = st.text(st.one_of(st.sampled_from(SPECIAL), st.characters(codec=None, exclude_categories=())), max_size=60)
READERS = ("minilm", *FAMILIES)


@pytest.fixture(scope="module")
def readers(minilm: models.TextClassifier) -> dict[str, tuple[Reader, Reader]]:
    """Each tokeniser with a limit that no text here reaches, and with one that most do."""
    found = {"minilm": (minilm.reader, short(minilm.reader))}
    for name, make in FAMILIES.items():
        table = nn.Embedding(make().get_vocab_size(), 4)
        found[name] = reader(make(), table, 1, 10_000), reader(make(), table, 1, LIMIT)
    return found


def short(whole: Reader) -> Reader:
    tokenizer = Tokenizer.from_str(whole.tokenizer.to_str())
    assert isinstance(whole.table, nn.Embedding)
    return reader(tokenizer, whole.table, 1, LIMIT)


@pytest.mark.parametrize("name", READERS)
@given(text=TEXTS)
@example(text="")
@example(text="   ")
@example(text="👨\u200d👩\u200d👧 \ud800\x00 [MASK]")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_s5_offsets_match_the_text(readers: dict[str, tuple[Reader, Reader]], name: str, text: str) -> None:
    tokens = readers[name][0].tokens(text)
    assert all(text[token.start : token.end] == token.text for token in tokens)
    assert all(token.special == (token.text == "") for token in tokens)
    places = [(token.start, token.end) for token in tokens]
    assert places == sorted(places)
    if name == "byte level":  # leaves nothing out, only spaces are trimmed
        read = {k for start, end in places for k in range(start, end)}
        assert {k for k in range(len(text)) if not text[k].isspace()} <= read


@pytest.mark.parametrize("name", READERS)
@given(text=TEXTS)
@example(text="日本" * 20)
@example(text="👍🏽" * 20)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_left_out_is_told(readers: dict[str, tuple[Reader, Reader]], name: str, text: str) -> None:
    whole, limited = readers[name]
    every = [token for token in whole.tokens(text) if not token.special]
    kept = [token for token in limited.tokens(text) if not token.special]
    assert every[: len(kept)] == kept
    assert len(limited.tokens(text)) <= LIMIT
    assert whole.cut(text) == 0
    left = len(text) - limited.cut(text)
    if kept == every:
        assert left == len(text)
    else:
        assert kept[-1].start < left <= kept[-1].end or left == every[len(kept)].start < kept[-1].end
        assert left < len(text)
        assert limited.read(text).cut == limited.cut(text)


def test_a_passage_by_hand(minilm: models.TextClassifier) -> None:
    text = "This Café is ﬁne 👍🏽"
    passage = minilm.prepare(text)
    words = [
        ("", 0, 0),
        ("This", 0, 4),
        ("Café", 5, 9),
        ("is", 10, 12),
        ("ﬁ", 13, 14),
        ("ne", 14, 16),
        ("👍🏽", 17, 19),
    ]
    assert passage.tokens == tuple(Token(*word) for word in (*words, ("", 19, 19)))
    assert minilm.tokens(text) == passage.tokens
    assert (passage.text, passage.cut) == (text, 0)
    table = minilm.reader.table
    assert isinstance(table, nn.Embedding)
    ids = [minilm.reader.tokenizer.token_to_id(word) for word in "[CLS] this cafe is ﬁ ##ne [UNK] [SEP]".split()]
    assert torch.equal(passage.x, table.weight[ids].T)
    assert torch.equal(passage.mask, table.weight[103])
    assert torch.allclose(passage.mean, table.weight.mean(0), atol=1e-6)  # a float32 mean of 30,522 rows
    assert not passage.x.requires_grad
    assert not passage.x.is_inference()


def test_nothing_and_space(minilm: models.TextClassifier) -> None:
    for text in ("", "  \n"):
        passage = minilm.prepare(text)
        assert passage.tokens == (Token("", 0, 0), Token("", 0, 0))
        assert passage.x.shape == (384, 2)
    bare = reader(FAMILIES["byte level"](), nn.Embedding(300, 4), 0, LIMIT)
    with pytest.raises(ValueError, match="text must have at least one token; got ''"):
        bare.read("")


@pytest.mark.parametrize(("piece", "kept"), [("x", 1_000_000), ("日", 254), ("\u202e", 0), ("a ", 507)])
def test_s5_a_megabyte(minilm: models.TextClassifier, piece: str, kept: int) -> None:
    text = piece * (1_000_000 // len(piece))
    passage = minilm.prepare(text)
    assert passage.x.shape[1] <= 256
    assert len(text) - passage.cut == (kept or 1_000_000)
    assert passage.tokens[-1].end == kept


def test_the_tokeniser_and_its_limit_have_a_fingerprint() -> None:
    saved = FAMILIES["wordpiece"]().to_str()  # two trainings may number their words differently
    prints = [
        fingerprint(reader(Tokenizer.from_str(text), nn.Embedding(200, 4), 1, limit).tokenizer)
        for text, limit in ((saved, 12), (saved, 12), (saved, 13), (saved.replace("##", "@@"), 12))
    ]
    assert torch.equal(prints[0], prints[1])
    assert not torch.equal(prints[0], prints[2])
    assert not torch.equal(prints[0], prints[3])
