"""Own labels as they are typed."""

from __future__ import annotations

import pytest

from app.failures import RequestError
from app.jobs.heads import Definition
from app.storage.heads import OwnedHead
from app.views import heads


def test_a_line_is_a_label_with_its_prompts() -> None:
    assert heads.prompts("praise: great | I loved it \n\n  blame : bad\nmixed") == {
        "praise": ["great", "I loved it"],
        "blame": ["bad"],
        "mixed": ["mixed"],
    }


def test_a_prompt_may_hold_a_colon() -> None:
    assert heads.prompts("a: one: two\nb: c")["a"] == ["one: two"]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("", "two labels or more"),
        ("praise: great", "two labels or more"),
        ("praise: great\npraise: fine", "a label of its own; got 'praise: fine'"),
        (": great\nb", "a label of its own; got ': great'"),
        ("a: |\nb", "'a' needs a prompt after the colon"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(lines: str, says: str) -> None:
    with pytest.raises(RequestError, match=says.replace("|", r"\|")):
        heads.prompts(lines)


def test_a_fit_is_told_with_what_was_held_out() -> None:
    made = Definition(
        base="minilm",
        labels=("a", "b"),
        digest="",
        weights=b"",
        accuracy=0.75,
        confusion=((2, 1), (0, 1)),
        rows=4,
        cut=1,
    )
    assert heads.told(OwnedHead("1", "mine", 0.0, made)) == (
        "Labels: a, b. Fitted to 4 texts; each answered while it was held out, **75.0%** are right. "
        "Of 1 the end was not read."
    )
