"""Completeness: everything where concepts span the activations, nothing without any, shares that add up."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from explainers import ConceptBank, fit_concepts
from explainers.concepts.concept_shap import completeness
from explainers.concepts.dictionaries import Dictionary
from explainers.types import InputError
from tests.oracles import Oracle, classifier

SIZE = (16, 16)
CLASSES = 3


class Colours(nn.Module):
    """How red, green and blue a picture is, and the class is the one that it is most of."""

    def __init__(self) -> None:
        super().__init__()
        seen, read = nn.Conv2d(3, 4, 4, stride=4, bias=False), nn.Linear(4, CLASSES, bias=False)
        self.features = nn.Sequential(seen, nn.ReLU())
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), read)
        with torch.no_grad():
            seen.weight.zero_()
            for c in range(3):
                seen.weight[c, c] = 1 / 16
            seen.weight[3] = 1 / 48  # brightness, which the head does not read
            read.weight.copy_(torch.eye(3, 4))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


def model() -> Oracle:
    return classifier(Colours(), CLASSES, SIZE)


def coloured(n: int = 60) -> tuple[list[Tensor], list[int]]:
    rng = torch.Generator().manual_seed(0)
    pictures, truth = [], []
    for i in range(n):
        x = 0.3 * torch.rand(3, *SIZE, generator=rng)
        x[i % 3] += 0.5
        pictures.append(x)
        truth.append(i % 3)
    return pictures, truth


@pytest.fixture(scope="module")
def bank() -> ConceptBank:
    """A concept for each colour."""
    found = fit_concepts(model(), coloured()[0], 0, layer="features.1", n_concepts=3)
    return replace(found, dictionary=Dictionary(torch.eye(3, 4), torch.zeros(4), "projection"))


def test_concepts_that_the_head_reads_are_complete(bank: ConceptBank) -> None:
    pictures, truth = coloured()
    found = completeness(bank, bank.activate(model(), pictures), truth)
    assert found.model == found.accuracy == 1.0
    assert found.value == pytest.approx(1)
    assert found.nothing <= 0.5  # of three classes one is guessed for all
    assert found.shares.sum().item() == pytest.approx(found.value, abs=1e-6)
    assert found.stderr.tolist() == [0.0] * 3  # all eight sets
    # colours are alike up to which pictures fell into which half
    assert found.shares.max() - found.shares.min() < 0.35
    assert found.shares.min() > 0.1


def test_a_concept_that_nothing_depends_on_has_no_share(bank: ConceptBank) -> None:
    pictures, truth = coloured()
    a = bank.activate(model(), pictures)
    a = torch.cat([a[:, :3], torch.rand(a[:, 3:].shape, generator=torch.Generator().manual_seed(1))], 1)
    more = replace(bank, dictionary=Dictionary(torch.eye(4), torch.zeros(4), "projection"))
    found = completeness(more, a, truth)
    assert found.value == pytest.approx(1)
    # it says a little of the others by chance, in 30 pictures of 16 places
    assert found.shares[3].abs().item() < 0.1


def test_one_colour_of_three_is_not_complete(bank: ConceptBank) -> None:
    pictures, truth = coloured()
    a = bank.activate(model(), pictures)
    one = replace(bank, dictionary=Dictionary(torch.eye(1, 4), torch.zeros(4), "projection"))
    found = completeness(one, a, truth)
    assert 0 < found.value < 0.8
    assert found.shares.tolist() == pytest.approx([found.value], abs=1e-6)


def test_concepts_that_depend_on_each_other_share(bank: ConceptBank) -> None:
    """The same concept twice is one concept, and each has half of what it says."""
    pictures, truth = coloured()
    twice = replace(bank, dictionary=Dictionary(torch.eye(3, 4)[[0, 0, 1, 2]], torch.zeros(4), "projection"))
    found = completeness(twice, bank.activate(model(), pictures), truth)
    assert found.shares[0].item() == pytest.approx(found.shares[1].item(), abs=1e-6)
    assert found.value == pytest.approx(1)


def test_random_directions_are_no_worse_than_nothing(bank: ConceptBank) -> None:
    pictures, truth = coloured()
    found = completeness(bank, bank.activate(model(), pictures), truth)
    assert found.random <= 1.0
    assert found.random >= -0.3  # a map fitted to half of the pictures may be worse than a constant on the other


@pytest.mark.parametrize(
    ("n", "truth", "sentence"),
    [
        (9, [0] * 9, "images must number at least 10; got 9"),
        (12, [0] * 11, "truth must name a class for each of 12 images; got 11"),
        (12, [2] * 12, "the model must decide better than by its mean activation alone"),
    ],
)
def test_bad_requests(bank: ConceptBank, n: int, truth: list[int], sentence: str) -> None:
    pictures = [picture for picture, c in zip(*coloured(), strict=True) if c == 0][:n]
    with pytest.raises(InputError, match=sentence):
        completeness(bank, bank.activate(model(), pictures), truth)
