"""Concept activation vectors: a planted direction, a linear head whose answer is known, and directions of chance."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from explainers import ConceptBank, fit_concepts
from explainers.concepts.activation_vectors import FEWEST, rising, strongest, tcav, vector
from explainers.types import InputError
from tests.explainers.concepts.planted import pictures, pooled


@pytest.fixture(scope="module")
def bank() -> ConceptBank:
    return fit_concepts(pooled(), pictures(30), 1, layer="features.1", n_concepts=3)


def test_a_planted_direction_is_found(rng: torch.Generator) -> None:
    direction = torch.zeros(8)
    direction[2], direction[5] = 0.6, -0.8
    noise = torch.randn(2, 200, 8, generator=rng)
    found, accuracy = vector(noise[0] + 6 * direction, noise[1], 0)
    assert float(found @ direction.double()) > 0.98  # 200 noisy rows a side
    assert accuracy > 0.97


def test_of_random_halves_a_vector_says_nothing(rng: torch.Generator) -> None:
    rows = torch.randn(2, 100, 8, generator=rng)
    assert 0.35 < vector(rows[0], rows[1], 0)[1] < 0.65


def test_a_linear_head_rises_everywhere_or_nowhere(bank: ConceptBank, rng: torch.Generator) -> None:
    """Its slope is the class's weights over the places, in every image."""
    weight = bank.split.module.head[2].weight[1].detach().double()  # type: ignore[index, union-attr]
    a = bank.activations.flatten(2).mT.flatten(0, 1)
    some = a[torch.randint(len(a), (2, 40), generator=rng)]
    towards, away = some[0] + 3 * weight, some[1] - 3 * weight
    found = tcav(bank, concepts=[towards.float(), away.float()])
    assert found.score.tolist() == [1.0, 0.0]
    assert found.sound.tolist() == [True, True]
    cosine = found.direction.double() @ (weight / weight.norm())
    assert cosine[0] > 0.9  # 40 rows a side
    assert cosine[1] < -0.9


@pytest.mark.thorough
def test_a_concept_of_chance_is_not_sound(bank: ConceptBank) -> None:
    """Activations drawn like those it is compared with."""
    a = bank.activations.flatten(2).mT.flatten(0, 1)
    told = []
    for seed in range(5):
        rng = torch.Generator().manual_seed(seed)
        some = a[torch.randint(len(a), (40,), generator=rng)]
        told.append(tcav(bank, seed, [some]).sound.item())
    assert sum(told) <= 1  # 5 % are expected, of five tries


def test_without_activations_given_they_are_those_of_the_codes(bank: ConceptBank) -> None:
    shown = strongest(bank)
    u = bank.codes.flatten(2).mT.flatten(0, 1)
    a = bank.activations.flatten(2).mT.flatten(0, 1)
    assert torch.equal(shown[1][0], a[u[:, 1].argmax()])
    found = tcav(bank)
    again = tcav(bank, concepts=shown)
    assert torch.equal(found.score, again.score)
    assert torch.equal(found.p, again.p)


@pytest.mark.thorough
def test_seeds_decide(bank: ConceptBank) -> None:
    assert torch.equal(tcav(bank, 3).direction, tcav(bank, 3).direction)
    assert not torch.equal(tcav(bank, 3).direction, tcav(bank, 4).direction)


def test_half_an_image_where_there_is_no_slope() -> None:
    slope = torch.tensor([[1.0, 0], [-1, 0], [0, 0], [2, 0]])
    assert rising(slope, torch.tensor([1.0, 0])) == pytest.approx(2.5 / 4)


def test_too_few_activations(bank: ConceptBank) -> None:
    few: list[Tensor] = [torch.rand(20, 6), torch.rand(FEWEST - 1, 6)]
    with pytest.raises(InputError, match="concept 1 must have at least 5 activations that show it; got 4"):
        tcav(bank, concepts=few)
    silent = replace(bank, codes=torch.zeros_like(bank.codes))
    with pytest.raises(InputError, match="concept 0 must have at least 5"):
        tcav(silent)
