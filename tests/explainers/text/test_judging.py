"""The trust panel and the fit check on texts: the same questions as of pictures, answered by words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from explainers import Attribution, explain, list_methods, method_fits, stream_trust, trust
from tests.oracles import BagOfWords, TextOracle, small_text_classifier, text_classifier

TEXT = "the film is slow but its end is a quiet wonder and nobody who stays will forget it"
WEIGHT = torch.randn(6, 6, generator=torch.Generator().manual_seed(11))


@pytest.fixture
def bag() -> TextOracle:
    """Six classes, each with a direction of its own."""
    return text_classifier(BagOfWords(WEIGHT), 6)


def made(name: str, model: TextOracle, **params: object) -> Attribution:
    return explain(name, model, TEXT, **params)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["rise", "kernel_shap", "deeplift", "partition_shap"])
def test_a_sound_map_holds_up(name: str, bag: TextOracle) -> None:
    report = trust(bag, TEXT, made(name, bag))
    assert report.verdict == "holds up", report.sentence
    assert report.check("fidelity").finding.endswith("hiding a half and a seventh of the text).")


def test_what_is_broken_fails(bag: TextOracle) -> None:
    a = made("kernel_shap", bag)
    rng = np.random.default_rng(0)
    random = rng.normal(size=a.values.shape).astype(np.float32)
    other = explain("kernel_shap", bag, TEXT, (a.target + 1) % 6)
    for values in (-a.values, random, other.values):
        seed_only = np.random.default_rng(1).normal(size=a.values.shape).astype(np.float32)
        again = replace(a, values=seed_only if values is random else values)
        report = trust(bag, TEXT, replace(a, values=values), lambda *_, again=again: again)
        assert report.verdict == "fails", report.sentence


@pytest.mark.parametrize("text", ["good", "not good", "not so good"])
def test_a_text_of_few_words_is_judged_too(text: str) -> None:
    model = small_text_classifier()
    a = explain("exact_shapley", model, text)
    *_, last = stream_trust(model, text, a)
    assert last.done == last.total == last.result.forwards
    assert {check.name for check in last.result.checks} >= {"fidelity", "deletion", "insertion", "completeness"}


@pytest.mark.parametrize("by", ["token", "word", "sentence"])
def test_maps_by_any_unit_are_judged_by_it(by: str, bag: TextOracle) -> None:
    text = TEXT + ". " + TEXT.upper() + "! so it goes."
    a = explain("permutation_shap", bag, text, by=by)
    report = trust(bag, text, a)
    assert report.check("completeness").status == "passed"


def test_a_map_of_another_text_is_refused(bag: TextOracle) -> None:
    a = made("occlusion", bag)
    with pytest.raises(ValueError, match="the map is about 18 words that are not those of the text"):
        trust(bag, "something else", a)


def test_a_moved_text_is_the_same_words(bag: TextOracle) -> None:
    from explainers.metrics.setting import setting

    place = setting(bag.prepare(TEXT), made("occlusion", bag))
    moved = place.moved(torch.Generator().manual_seed(0))
    assert not isinstance(moved, torch.Tensor)
    assert moved.tokens == bag.tokens(TEXT)
    gap = (moved.x - bag.prepare(TEXT).x).std() / bag.prepare(TEXT).x.std()
    assert float(gap) == pytest.approx(0.01, rel=0.2)  # of 114 draws


def test_every_method_suits_a_text_model() -> None:
    fits = {fit.method: fit for fit in method_fits(small_text_classifier())}
    assert list(fits) == [method.name for method in list_methods("text")]
    assert {fit.status for fit in fits.values()} == {"valid"}, fits
