"""Strangers' words inside Markdown, read back by the rules of CommonMark."""

from __future__ import annotations

import re
import string
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.views import answer, names
from app.views.names import plain, title
from explainers.masking import Baseline
from explainers.text.board import Absence
from explainers.types import Output

# may stand unescaped: nothing in CommonMark, GFM, Streamlit's directives, formulas or emoji begins with one of these
HARMLESS = set("\"'%,/;?")

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "[click](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "<https://evil.example>",
    "[a]: https://evil.example",
    "**bold** __bold__ *i* _i_ ~~gone~~ `code`",
    "# heading",
    "a\n# heading",
    "a\r\r# heading",
    "a\n\n    code",
    "a\u2028b\u0085c\x0bd",
    "- list\n1. list\n1) list\n+ list",
    "> quote",
    "| a | b |\n|---|---|",
    "---\n===\n***",
    "$x$ $$\\frac{a}{b}$$ \\(x\\)",
    ":red[text] :material/bolt: :smile: :small[x] :blue-background[x] :badge[x]",
    "&lt;script&gt; &#60;b&#62; &amp;",
    "\\<b\\>",
    "\\\\[x\\\\](y)",
    "-> <- --> ==> --",
    "user@evil.example",
    "[^1] [ ] [x]",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "\u202egnp.exe",
    "=cmd|' /C calc'!A0",
    "",
]


def read(markdown: str) -> str:
    """What a reader of CommonMark shows (section 2.4); fails where a character could mean something else."""
    shown, escaped = "", False
    for c in markdown:
        if escaped:
            assert c in string.punctuation, f"a backslash before {c!r} is shown"
        elif c != "\\":
            assert c not in string.punctuation or c in HARMLESS, f"{c!r} is not escaped"
            assert c not in "\n\r\t", "a line ends inside somebody's words"
        escaped = c == "\\" and not escaped
        shown += "" if escaped else c
    assert not escaped, "a backslash at the end escapes what follows"
    return shown


def words(text: str) -> str:
    return unjoined(" ".join(text.split()))


def unjoined(text: str) -> str:
    """Without the joiners that keep addresses from becoming links, which nobody sees."""
    return text.replace("\u2060", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_shown_as_they_are(text: str) -> None:
    assert unjoined(read(plain(text))) == words(text)


@given(st.text(max_size=60))
def test_any_words_are_shown_as_they_are(text: str) -> None:
    assert unjoined(read(plain(text))) == words(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_sentence_keeps_words_in_their_place(text: str) -> None:
    spec = {"method": "rise", "model": text, "seed": 3, "params": {"baseline": "mean"}}
    told = answer.sentence({"kind": "image", "spec": spec, "result": {"meta": {"forwards": 1801}}}, text, 0.12345)
    here = plain(text)
    assert told == (
        f"The model gives **{here}** a probability of **12.3%**. "
        f"RISE on **{here}**, hidden parts replaced by the mean colour, seed 3, 1,801 forwards."
    )


def test_the_sentence_of_a_run_under_way_counts_nothing() -> None:
    spec = {"method": "sobol", "model": "tiny", "seed": 0, "params": {}}
    told = answer.sentence({"kind": "image", "spec": spec, "result": None}, "cat", 1.0)
    assert told == (
        "The model gives **cat** a probability of **100.0%**. Sobol on **tiny**, hidden parts replaced by "
        "the mean colour, seed 0."
    )


def test_every_baseline_and_output_has_words() -> None:
    assert set(names.BASELINES["image"]) == set(get_args(Baseline))
    assert set(names.BASELINES["text"]) == set(get_args(Absence))
    assert set(names.OUTPUTS) == set(get_args(Output))


@pytest.mark.parametrize(
    ("method", "shown"),
    [
        ("rise", "RISE"),
        ("sobol", "Sobol"),
        ("occlusion", "Occlusion"),
        ("kernel_shap", "KernelSHAP"),
        ("exact_shapley", "Exact Shapley values"),
        ("grad_cam", "Grad-CAM"),
        ("integrated_gradients", "Integrated gradients"),
        ("smoothgrad", "SmoothGrad"),
        ("hsic", "HSIC"),
        ("lime", "LIME"),
        ("ls_tree", "LS-Tree"),
    ],
)
def test_methods_are_written_as_the_field_does(method: str, shown: str) -> None:
    assert title(method) == shown


@pytest.mark.parametrize(
    "text", ["https://evil.example/x", "HTTP://evil.example", "www.evil.example", "me@evil.example"]
)
def test_no_address_becomes_a_link(text: str) -> None:
    shown = read(plain(text))
    assert unjoined(shown) == text
    # the literal autolinks of GitHub Flavored Markdown, section 6.9
    assert not re.search(r"https?://|www\.|\w@\w", shown, re.IGNORECASE)
