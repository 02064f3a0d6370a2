"""The wrapper adds normalisation, preparation and softmax, and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.special import softmax
from torch import Tensor, nn

import models
from models.pixels import ImageLike
from tests.models.nets import MeanColour, Small


def test_predict_on_a_known_linear_map() -> None:
    model = models.wrap(
        MeanColour(), (8, 8), mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 0.125), labels=("red", "green", "blue")
    )
    colour = np.array([0.6, 0.4, 0.5])
    x = torch.tensor(colour, dtype=torch.float32).view(3, 1, 1).expand(3, 8, 8)
    expected = softmax((colour - [0.1, 0.2, 0.3]) / [0.5, 0.25, 0.125])
    assert np.allclose(model.predict(x), expected[None], atol=1e-6)  # float32
    assert model.predict(x).dtype == np.float32


def test_normalisation_inside_is_normalisation_by_hand() -> None:
    net, mean, std = Small(), (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)
    x = torch.rand(5, 3, 16, 16)
    model = models.wrap(net, (16, 16), mean, std)
    by_hand = net((x - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None])
    assert torch.equal(model.module(x), by_hand)
    assert models.wrap(net, (16, 16)).module is net


def test_layers_keep_the_networks_names() -> None:
    model = models.wrap(Small(), (16, 16), mean=(0.5, 0.5, 0.5), concept_layer="norm")
    assert isinstance(model.module.get_submodule("norm"), nn.BatchNorm2d)
    assert model.module.get_submodule("network.norm") is model.module.get_submodule("norm")
    with pytest.raises(AttributeError):
        model.module.get_submodule("nothing")


def test_one_image_many_and_a_batch_agree() -> None:
    model = models.wrap(Small(), (16, 16))
    batch = torch.rand(70, 3, 16, 16)
    rows = model.predict(batch)
    assert rows.shape == (70, 4)
    assert np.array_equal(rows, model.predict(list(batch)))
    # the convolution may sum in another order at another batch size
    assert np.allclose(rows[:1], model.predict(batch[0]), atol=1e-6)
    assert np.allclose(rows.sum(1), 1, atol=1e-6)
    mixed: list[ImageLike] = [Image.new("L", (30, 20), 128), np.full((9, 9, 3), 128, dtype=np.uint8)]
    first, second = model.predict(mixed)
    assert np.allclose(first, second, atol=1e-6)  # the same grey
    with pytest.raises(ValueError, match="at least one image"):
        model.predict([])


def test_predict_leaves_no_graph_and_no_mode_behind() -> None:
    model = models.wrap(Small().train(), (16, 16))
    assert not any(module.training for module in model.module.modules())
    model.predict(torch.rand(3, 16, 16))
    assert not torch.is_inference_mode_enabled()
    assert model.module(torch.rand(1, 3, 16, 16)).requires_grad


def test_threads_share_a_classifier() -> None:
    model = models.wrap(Small(), (16, 16), mean=(0.5, 0.5, 0.5))
    images = torch.rand(20, 3, 16, 16)
    alone = [model.predict(x) for x in images]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(model.predict, images))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_an_image_model_has_no_tokens() -> None:
    with pytest.raises(models.UnsupportedModelError, match="Small classifies images and has no tokens"):
        models.wrap(Small(), (16, 16)).tokens("some text")


class Answer(nn.Module):
    """Whatever the test wants to be answered to a batch."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, x: Tensor) -> object:
        return self.answer(x) if callable(self.answer) else self.answer


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda x: x.mean((1, 2, 3)), r"shape \(2, classes\) for two images; got torch.float32, \(2,\)"),
        (lambda x: x, r"got torch.float32, \(2, 3, 8, 8\)"),
        (lambda x: x.mean((2, 3)).round().long(), "got torch.int64"),
        (lambda x: (x.mean((2, 3)), None), "returns tuple, not a tensor"),
        (lambda x: x.mean((2, 3)).log() * torch.nan, "not finite"),
        (lambda x: torch.rand(len(x), 3), "different scores for the same input"),
        (lambda x: x.mean((2, 3)) - x.mean(), "depend on the other images of the batch"),
        (lambda x: x.reshape(-1, 5), r"fails on input of shape \(2, 3, 8, 8\) with RuntimeError"),
    ],
)
def test_s12_probe_refuses(answer: object, reason: str) -> None:
    with pytest.raises(models.UnsupportedModelError, match=f"Answer cannot be served: .*{reason}"):
        models.wrap(Answer(answer), (8, 8))


def test_s12_probe_sees_whether_there_are_gradients() -> None:
    assert models.wrap(MeanColour(), (8, 8)).card.differentiable
    assert not models.wrap(Answer(lambda x: x.detach().mean((2, 3))), (8, 8)).card.differentiable


def test_labels() -> None:
    assert models.wrap(MeanColour(), (8, 8)).labels == ("class 0", "class 1", "class 2")
    with pytest.raises(models.UnsupportedModelError, match="has 3 classes; got 2 labels"):
        models.wrap(MeanColour(), (8, 8), labels=("a", "b"))
    with pytest.raises(models.UnsupportedModelError, match="must differ from each other; got 'a' twice"):
        models.wrap(MeanColour(), (8, 8), labels=("a", "b", "a"))


def test_s11_the_digest_is_on_the_card() -> None:
    plain, same = models.wrap(Small(), (16, 16)), models.wrap(Small(), (16, 16))
    assert plain.card.digest == same.card.digest
    assert models.wrap(Small(seed=1), (16, 16)).card.digest != plain.card.digest
    first, second = (models.wrap(Small(), (16, 16), mean=(m, 0.5, 0.5)).card.digest for m in (0.5, 0.6))
    assert first != second  # the same weights behind another normalisation score differently


def test_wrap_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="mean must have 3 values, one per channel; got 1"):
        models.wrap(MeanColour(), (8, 8), mean=(0.5,))
    with pytest.raises(models.UnsupportedModelError, match="has no layer 'layer9', named as concept_layer"):
        models.wrap(MeanColour(), (8, 8), concept_layer="layer9")
