"""What the page says of a study, and its colours."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from app.views import colours
from app.views.concepts import measures, qualities, study, trials, wish
from app.views.names import EXTRACTORS, ROWS, WEIGHTS, plain
from explainers import By, Rows
from explainers.concepts.discovery import FACTORIZERS
from explainers.concepts.importance import METHODS
from explainers.concepts.measured import Quality
from tests.app.views.test_names import HOSTILE


def shown(text: str = "x", **result: Any) -> dict[str, Any]:
    spec = {
        "model": text,
        "layer": text,
        "n_concepts": 10,
        "factorizer": "nmf",
        "rows": "locations",
        "importance": "shapley",
        "seed": 3,
    }
    found = {"images": [0] * 1057, "by": "predicted", "label": text, "linear": False} | result
    return {"spec": spec, "set": {"name": text, "images": 2000}, "result": found}


@pytest.mark.parametrize("text", HOSTILE)
def test_strangers_words_stay_words(text: str) -> None:
    here = plain(text)
    assert study.heading(shown(text)) == f"## What does the model see in 1,057 pictures it takes for {here}?"
    assert study.heading(shown(text) | {"result": None}) == f"## What does the model see in {here}?"
    assert study.sentence(shown(text)).startswith(
        f"**{here}** at layer **{here}**, 10 concepts by NMF, learnt from every place of the layer, "
        f"2,000 pictures of *{here}*, seed 3. Shares of the logit are told by Shapley values, "
    )


def test_whose_pictures_they_are_is_said() -> None:
    assert study.heading(shown("cat", by="labelled")).endswith("1,057 pictures labelled cat?")


def test_whether_shares_add_up_is_said() -> None:
    assert "add up to it exactly" in study.sentence(shown(linear=True))
    assert "need not add up" in study.sentence(shown(linear=False))


def test_every_choice_has_words() -> None:
    assert set(wish.EXTRACTS) == set(EXTRACTORS) == set(FACTORIZERS)
    assert set(WEIGHTS) == set(METHODS)
    assert set(ROWS) == set(get_args(Rows))
    assert set(wish.BY) == set(get_args(By))


def test_every_number_of_quality_is_told_or_is_the_control_of_one() -> None:
    told = {measure.field for measure in qualities.MEASURES} | {measure.control for measure in qualities.MEASURES}
    assert told - {None} == set(Quality.__dataclass_fields__)


def test_a_number_is_told_beside_its_control() -> None:
    (deletion,) = (measure for measure in qualities.MEASURES if measure.field == "deletion")
    assert measures.said(deletion, {"deletion": -1.5, "deletion_random": 2.25}) == "\u22121.50 :small[(by chance 2.25)]"
    assert measures.said(deletion, {"deletion": 1.5, "deletion_random": None}) == "1.50"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (9.4, "9 s"), (89, "89 s"), (90, "2 min"), (610, "10 min")]
)
def test_a_time_is_said_roughly(seconds: float, words: str) -> None:
    assert wish.spell(seconds) == words


def test_categorical_colours_are_seen_on_both_grounds_with_their_edge() -> None:
    """3 : 1 for what is drawn (WCAG 2.2, 1.4.11): the edge is 45 % of the text's colour."""
    for ground, ink in (((255, 255, 255), (27, 36, 38)), ((20, 25, 27), (232, 237, 237))):
        for colour in colours.CATEGORICAL:
            edge = tuple(0.55 * c + 0.45 * i for c, i in zip(colour, ink, strict=True))
            assert contrast(edge, ground) >= 3, (colour, ground)


def contrast(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: tuple[float, ...]) -> float:
    r, g, b = ((c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_categorical_colours_differ_also_where_red_and_green_look_alike() -> None:
    """Deuteranopes see about (r + g) and b: no two colours may coincide there (Viénot, Brettel and Mollon 1999)."""
    seen = [((0.625 * r + 0.375 * g), (0.7 * r + 0.3 * g), b) for r, g, b in colours.CATEGORICAL]
    for i, one in enumerate(seen):
        for other in seen[:i]:
            assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 40


def test_a_concept_that_nothing_can_be_told_of_has_dashes() -> None:
    told = {"concepts": [None], "completeness": None, "note": "images must number at least 10; got 4"}
    assert set(trials.row("sky", 0, told).values()) == {"sky", "\u2013"}
    assert trials.sentence(told) == "Completeness cannot be told: images must number at least 10; got 4."


def test_a_share_is_told_with_its_sign_and_error() -> None:
    found = {"score": 1.0, "accuracy": 0.94, "p": 0.0005, "sound": True}
    whole = {"shares": [-0.125], "stderr": [0.02]}
    row = trials.row("sky", 0, {"concepts": [found], "completeness": whole})
    assert (row["Rises"], row["Matters"], row["Share"]) == ("100%", "yes", "\u22120.12 \u00b1 0.02")
