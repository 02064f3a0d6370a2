"""Maps of concepts: where atoms are channels, they are the maps of those channels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explainers import explain, fit_concepts, runs
from explainers.concepts.dictionaries import Dictionary
from explainers.concepts.maps import concept_classifier
from explainers.propagation import UnsupportedOperatorError
from tests.explainers.concepts.planted import pictures, pooled
from tests.oracles import Oracle


class Channels(nn.Module):
    """The mean of every channel of the same layer."""

    def __init__(self, features: nn.Module) -> None:
        super().__init__()
        self.features = features

    def forward(self, x: Tensor) -> Tensor:
        means: Tensor = self.features(x - 0.5).mean((2, 3))
        return means


@pytest.fixture(autouse=True)
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last digits, on processors too that would score in bfloat16."""
    monkeypatch.setattr(runs, "resolve_precision", lambda *_: "float32")


def axes(p: int = 6) -> Dictionary:
    return Dictionary(torch.eye(p), torch.zeros(p), "nnls")


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("occlusion", {"window": 8, "stride": 4}),
        ("integrated_gradients", {}),
        ("saliency", {}),
        ("rise", {"n_masks": 200}),
        ("grad_cam", {}),
    ],
)
def test_of_an_atom_that_is_a_channel_it_is_the_channels_map(method: str, params: dict[str, Any]) -> None:
    model, x = pooled(), pictures(4)
    bank = replace(fit_concepts(model, x, 0, layer="features.1", n_concepts=2), dictionary=axes())
    channels = Oracle(Channels(model.module.features).eval(), tuple("abcdef"), model.card)  # type: ignore[arg-type]
    for k in (0, 4):
        found = explain(method, concept_classifier(model, bank), x[0], target=k, **params)
        expected = explain(method, channels, x[0], target=k, **params)
        reach = np.abs(expected.values).max()
        assert reach > 0
        # a code that is zero has no slope, but the channel has one: Grad-CAM's mean slope is that share smaller
        scale = np.abs(found.values).max() / reach if method == "grad_cam" else 1.0
        # the codes are solved in float64, the channels are float32
        assert np.allclose(found.values, scale * expected.values, rtol=0, atol=1e-5 * reach)
        assert found.score == pytest.approx(expected.score, rel=1e-5)


def test_the_sum_over_places_of_the_codes_is_what_is_explained() -> None:
    model, x = pooled(), pictures(6)
    bank = fit_concepts(model, x, 1, layer="features.1", n_concepts=3)
    with torch.inference_mode():
        amounts = concept_classifier(model, bank).module(torch.stack(x))
    assert torch.allclose(amounts, bank.codes.flatten(2).mean(2), atol=1e-5)


def test_nothing_is_left_on_the_model() -> None:
    model, x = pooled(), pictures(4)
    bank = fit_concepts(model, x, 0, layer="features.1", n_concepts=2)
    before = model.module(torch.stack(x))
    explain("saliency", concept_classifier(model, bank), x[0], target=1)
    assert not any(part._forward_hooks for part in model.module.modules())
    assert torch.equal(model.module(torch.stack(x)), before)


def test_deeplift_says_that_it_cannot() -> None:
    model, x = pooled(), pictures(4)
    bank = fit_concepts(model, x, 0, layer="features.1", n_concepts=2)
    with pytest.raises(UnsupportedOperatorError, match="cannot be followed operator by operator"):
        explain("deeplift", concept_classifier(model, bank), x[0], target=1)
