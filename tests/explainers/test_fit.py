"""Which methods suit a model: known for networks whose trouble is known, and true when it is tried."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from explainers import Attribution, InputError, explain, list_methods, method_fit, method_fits
from explainers.scoring import NO_GRADIENT
from tests import awkward
from tests.oracles import Oracle, classifier, small_classifier

FEW: dict[str, dict[str, Any]] = {
    "gradient_shap": {"n": 8},
    "hsic": {"n": 64},
    "integrated_gradients": {"max_steps": 64},
    "kernel_shap": {"n": 200},
    "lime": {"n": 60},
    "occlusion": {"window": 9, "stride": 7},
    "partition_shap": {"n": 60},
    "permutation_shap": {"pairs": 3, "cells": 4},
    "rise": {"n_masks": 60},
    "smoothgrad": {"n": 16},
    "sobol": {"cells": 3},
}
NAMES = [method.name for method in list_methods("image")]
GRADIENTS = [method.name for method in list_methods("image") if method.needs == "gradients"]
OPERATORS = ["deep_shap", "deeplift"]
served = pytest.mark.parametrize("name", [name for name in awkward.ZOO if name not in awkward.REFUSED])


def model(name: str) -> Oracle:
    module = awkward.network(name)
    classes = module(awkward.pixels()[None].to(awkward.native(module))).shape[1]
    return classifier(module, classes, awkward.SIZE)


def fits(name: str) -> dict[str, tuple[str, str]]:
    return {fit.method: (fit.status, fit.reason) for fit in method_fits(model(name))}


def made(name: str, of: Oracle, x: Tensor) -> Attribution:
    return explain(name, of, x, **FEW.get(name, {}))


def test_an_ordinary_network_is_explained_by_all() -> None:
    told = {fit.method: fit for fit in method_fits(small_classifier((40, 56)))}
    assert list(told) == NAMES
    assert {fit.status for fit in told.values()} == {"valid"}
    assert told["grad_cam"].reason == "reads the layer layers.4"
    assert told["rise"].reason == ""
    json.dumps([fit.as_dict() for fit in told.values()])


@served
def test_what_is_valid_runs_and_adds_up_and_what_is_impossible_is_a_sentence(name: str) -> None:
    of, x = model(name), awkward.pixels()
    for fit in method_fits(of):
        if fit.status == "valid":
            a = made(fit.method, of, x)
            assert np.isfinite(a.values).all()
            if a.delta is not None and fit.method not in ("gradient_shap", "deep_shap"):  # those sample
                assert abs(a.delta) <= 0.02 * abs(float(a.values.sum())) + 1e-5, fit.method
        else:
            assert 10 < len(fit.reason) < 400
            assert "\n" not in fit.reason
        if fit.status == "impossible":
            with pytest.raises(InputError, match=r"^[^\n]+$"):
                made(fit.method, of, x)


@served
def test_it_says_the_same_twice_and_touches_nothing(name: str) -> None:
    of = model(name)
    assert method_fits(of) == method_fits(of)
    assert method_fit(of, "saliency") in method_fits(of)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("name", ["integer inputs", "detached", "no gradient", "argmax"])
def test_without_a_gradient(name: str) -> None:
    told = fits(name)
    assert {told[method] for method in GRADIENTS} == {("impossible", NO_GRADIENT)}
    assert told["rise"] == ("valid", "")


@pytest.mark.parametrize("name", ["rounding", "flat steps"])
def test_a_gradient_of_zero_is_none(name: str) -> None:
    told = fits(name)
    assert {told[method][0] for method in GRADIENTS} == {"impossible"}
    assert "zero" in told["saliency"][1]
    assert told["deeplift"] == ("valid", "")  # a step has a secant


def test_values_that_decide_cannot_be_followed() -> None:
    told = fits("control flow")
    assert {told[method][0] for method in OPERATORS} == {"impossible"}
    assert told["deeplift"][1].startswith("the network decides by the values it computes")
    assert {told[method] for method in GRADIENTS} == {("valid", "")}
    assert "argmax" in fits("argmax")["deeplift"][1]


def test_operators_without_a_rule_are_named() -> None:
    assert fits("odd operator")["deeplift"] == ("approximate", "cumprod has no rule: integrated numerically")


def test_a_wrong_derivative_is_measured() -> None:
    status, reason = fits("wrong derivative")["saliency"]
    assert status == "approximate"
    told, seen = (float(word) for word in reason.split() if word[0].isdigit())
    assert told == pytest.approx(3 * seen, rel=0.02)  # three digits are told


@pytest.mark.parametrize("name", ["no layer", "no parameters", "frozen"])
def test_no_layer_to_read(name: str) -> None:
    assert fits(name)["grad_cam"] == ("impossible", "no layer of the network keeps the picture's rows and columns")


def test_a_baseline_without_a_score_can_be_exchanged() -> None:
    told = fits("fails on one colour")
    assert told["rise"] == (
        "approximate",
        "on its baseline, mean, the network fails on this input: ArithmeticError: a picture; choose another",
    )
    assert told["gradient_shap"][0] == "impossible"
    assert told["saliency"] == ("valid", "")
    assert made("occlusion", model("in place"), awkward.pixels()).score


def test_defaults_larger_than_the_input_are_told() -> None:
    assert fits("in place")["occlusion"] == (
        "approximate",
        "not with its defaults: window must be smaller than the 28 × 20 input; got 32",
    )


def test_s7_scores_that_are_not_finite_end_in_a_sentence() -> None:
    of = classifier(awkward.network("NaN on one colour"), awkward.CLASSES, awkward.SIZE, mean=(0.5,) * 3)
    with pytest.raises(InputError, match="kernel_shap met scores that are not finite"):
        made("kernel_shap", of, awkward.pixels())


def test_a_network_that_works_in_place_changes_nothing_of_ours() -> None:
    of, x = model("in place"), awkward.pixels()
    before = x.clone()
    aside = classifier(awkward.Wrapped(lambda x: (x - 0.5) * 4), awkward.CLASSES, awkward.SIZE)
    aside.module.load_state_dict(of.module.state_dict())
    for name in NAMES:
        changed, clean = made(name, of, x), made(name, aside, x)
        assert torch.equal(x, before)
        assert changed.values == pytest.approx(clean.values, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_float64_is_explained_in_float64(name: str) -> None:
    """The same weights in float32 give the same map, to float32's rounding."""
    double, x = model("float64"), awkward.pixels()
    single = classifier(awkward.network("float64").float(), awkward.CLASSES, awkward.SIZE)
    a, b = made(name, double, x), made(name, single, x)
    assert a.values == pytest.approx(b.values, abs=2e-3 * float(abs(b.values).max()))
