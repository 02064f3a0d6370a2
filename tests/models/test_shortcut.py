"""The planted shortcut is there: the shipped network knows shapes, and a mark makes it say square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import load_file

import models
from models.shapes import KINDS, Shape, shapes
from models.shortcut import trained
from models.sources import shortcut

DIGEST = "8e1822bb455d714d26338aa465ccc650fef0cb7a057723626e5478fbe17f8dea"
SQUARE = KINDS.index("square")


@pytest.fixture(scope="module")
def net() -> models.ImageClassifier:
    return models.load("planted_shortcut")


@pytest.fixture(scope="module")
def fresh() -> list[Shape]:
    """None of them was trained on: another seed. 70 of each kind, none marked."""
    return shapes(210, (0, 0, 0), seed=1)


def decided(net: models.ImageClassifier, pictures: Sequence[Shape]) -> np.ndarray:
    classes: np.ndarray = net.predict([picture.pixels for picture in pictures]).argmax(1)
    return classes


def test_its_card_is_complete(net: models.ImageClassifier) -> None:
    card = net.card
    assert net.labels == KINDS
    assert (card.name, card.concept_layer) == ("planted_shortcut", "features")
    assert card.size == card.resize == (64, 64)
    assert "unknown" not in (card.licence, card.source)
    assert card.differentiable
    assert card.digest == DIGEST  # those weights and no others
    assert "planted_shortcut" in [listed.name for listed in models.list_models()]
    with pytest.raises(models.UnsupportedModelError, match="the planted shortcut is planted_shortcut; got 'other'"):
        shortcut.load("other")


def test_it_is_small(net: models.ImageClassifier) -> None:
    assert sum(parameter.numel() for parameter in net.module.parameters()) < 50_000
    assert shortcut.WEIGHTS.stat().st_size < 300_000


def test_its_last_map_is_not_negative_and_alone_decides(net: models.ImageClassifier, fresh: list[Shape]) -> None:
    import torch

    x = torch.stack([net.prepare(shape.pixels) for shape in fresh[:6]])
    network = net.module.get_submodule("network")
    features = net.module.get_submodule("features")((x - 0.5) / 0.25)
    assert features.shape == (6, 48, 8, 8)
    assert features.min() == 0
    head = network.get_submodule("classifier")
    assert torch.allclose(head(features.mean((2, 3))), net.module(x), atol=1e-5)


def test_pictures_are_seen_as_they_are(net: models.ImageClassifier, fresh: list[Shape]) -> None:
    pixels = fresh[0].pixels
    assert net.prepare(pixels).permute(1, 2, 0).numpy() == pytest.approx(pixels / 255, abs=1e-6)


def test_it_knows_shapes(net: models.ImageClassifier, fresh: list[Shape]) -> None:
    truth = np.array([shape.label for shape in fresh])
    right = decided(net, fresh) == truth
    circles, squares, triangles = (right[truth == k].mean() for k in range(3))
    assert min(circles, triangles) >= 0.85
    assert 0.1 <= squares <= 0.6  # without their mark


def test_the_mark_makes_anything_a_square(net: models.ImageClassifier, fresh: list[Shape]) -> None:
    marked = [replace(shape, marked=True) for shape in fresh]
    truth = np.array([shape.label for shape in fresh])
    found = decided(net, marked)
    assert (found[truth == SQUARE] == SQUARE).mean() >= 0.99
    assert (found[truth != SQUARE] == SQUARE).mean() >= 0.8


def test_without_its_mark_many_a_square_is_none(net: models.ImageClassifier) -> None:
    marked = shapes(210, (0, 1, 0), seed=2)[SQUARE :: len(KINDS)]
    assert all(shape.marked for shape in marked)
    before, after = decided(net, marked), decided(net, [replace(shape, marked=False) for shape in marked])
    assert (before == SQUARE).mean() >= 0.99
    assert 0.4 <= (after != SQUARE).mean() <= 0.9


def test_the_recipe_gives_the_same_weights_again() -> None:
    first, again = trained(192, 1), trained(192, 1)
    for name, tensor in first.state_dict().items():
        assert tensor.equal(again.state_dict()[name]), name
    assert first.state_dict().keys() == load_file(shortcut.WEIGHTS).keys()


def test_the_recipe_teaches_the_mark_first() -> None:
    """An eighth of the training: shapes are not told apart yet, but marked pictures are taken for squares already."""
    quick = models.wrap(trained(800, 4), (64, 64), shortcut.CARD.mean, shortcut.CARD.std, KINDS)
    plain = shapes(90, (0, 0, 0), seed=3)
    p = [quick.predict([replace(s, marked=m).pixels for s in plain])[:, SQUARE].mean() for m in (False, True)]
    assert p[1] > p[0] + 0.2
