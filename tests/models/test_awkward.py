"""A module that is odd is refused in one sentence or wrapped; nothing else ever comes out."""

from __future__ import annotations

import pytest
import torch

import models
from tests import awkward

REASONS = {
    "no statistics": "its scores for one image depend on the other images of the batch",
    "wants integers": r"it fails on input of shape \(2, 3, 20, 28\) with RuntimeError",
    "a tuple": "it returns tuple, not a tensor of logits",
    "a dictionary": "it returns dict, not a tensor of logits",
    "NaN": "its scores are not finite",
}
DULL = {"integer inputs", "hard steps", "detached", "no gradient", "argmax", "broken derivative"}


@pytest.mark.parametrize("name", awkward.ZOO)
def test_s12_wrapped_or_refused_in_a_sentence(name: str) -> None:
    assert set(REASONS) == awkward.REFUSED
    if name in REASONS:
        with pytest.raises(models.UnsupportedModelError, match=f"^[A-Za-z]+ cannot be served: {REASONS[name]}$"):
            models.wrap(awkward.network(name), awkward.SIZE)
        return
    model = models.wrap(awkward.network(name), awkward.SIZE)
    assert model.predict(awkward.pixels()).sum() == pytest.approx(1, abs=1e-6)
    assert model.card.differentiable == (name not in DULL)


def test_a_module_that_works_in_place_leaves_the_picture_alone() -> None:
    x = awkward.pixels()
    model = models.wrap(awkward.network("in place"), awkward.SIZE)
    first = model.predict(x)
    assert (model.predict(x) == first).all()
    assert torch.equal(x, awkward.pixels())


def test_frozen_weights_are_in_the_digest() -> None:
    same, again, other = (awkward.frozen(awkward.scripted(seed)) for seed in (0, 0, 1))
    digests = [models.wrap(module, awkward.SIZE, (0.5,) * 3).card.digest for module in (same, again, other)]
    assert digests[0] == digests[1] != digests[2]
