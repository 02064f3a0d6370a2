"""Measures of concepts against closed forms and every order there is."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
import torch
from torch import Tensor

from explainers.concepts.bank import ConceptBank, fit_concepts
from explainers.concepts.quality import dead, deletion, fidelity, frechet, insertion, outlying
from tests.explainers.concepts.planted import pictures, pooled


@pytest.fixture(scope="module")
def bank() -> ConceptBank:
    """A linear head: importances are u_i γ_i."""
    return fit_concepts(pooled(), pictures(6), target=1, layer="features", n_concepts=5)


def score(bank: ConceptBank) -> tuple[Tensor, ...]:
    mixed, phi = bank.mixed(), bank.importance().values
    with torch.inference_mode():
        return mixed(torch.ones_like(phi)), mixed(torch.zeros_like(phi)), phi


def test_no_order_deletes_or_inserts_better_than_the_closed_form(bank: ConceptBank) -> None:
    _, _, phi = score(bank)
    mixed = replace(bank.mixed(), head=bank.split.module.get_submodule("head"))  # fast: 1,440 forwards
    with torch.inference_mode():
        least, most = deletion(mixed, phi), insertion(mixed, phi)
        for order in permutations(range(5)):
            ranks = torch.tensor(order).float().expand_as(phi)
            assert (deletion(mixed, ranks) >= least - 1e-6).all()  # float32 scores
            assert (insertion(mixed, ranks) <= most + 1e-6).all()
        squares = deletion(mixed, phi.square())  # Sobol's order, which forgets the signs
    assert (squares > least + 1e-4).any()


def test_areas_are_sums_of_sorted_contributions(bank: ConceptBank) -> None:
    whole, nothing, phi = score(bank)
    with torch.inference_mode():
        found = deletion(bank.mixed(), phi)
    ordered = phi.double().sort(1, descending=True).values
    weight = (torch.arange(5) + 0.5).double() / 5  # of a concept gone after so many of the steps
    assert torch.allclose(found, nothing.double() + ordered @ weight, atol=1e-5)
    assert torch.allclose(whole, nothing + phi.sum(1), atol=1e-5)


def test_exact_importances_foretell_every_loss(bank: ConceptBank) -> None:
    _, _, phi = score(bank)
    with torch.inference_mode():
        assert fidelity(bank.mixed(), phi).min() > 0.999  # 1 but for float32 scores
        assert fidelity(bank.mixed(), -phi).max() < -0.999
        assert fidelity(bank.mixed(), torch.zeros_like(phi)).abs().max() == 0


def test_frechet_distance_has_its_closed_form(rng: torch.Generator) -> None:
    """Of whitened rows scaled along their axes: Σ (s − t)² and the squared distance of the means."""
    x = torch.randn(400, 3, generator=rng).double()
    x = (x - x.mean(0)) @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(x.T))).T
    s, t, shift = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 2.0, 0.5]), torch.tensor([0.5, 0.0, -1.0])
    expected = (s - t).square().sum() + shift.square().sum()
    assert frechet((x * s).float(), (x * t + shift).float()) == pytest.approx(expected.item(), abs=1e-4)
    assert frechet((x * s).float(), (x * s).float()) == pytest.approx(0, abs=1e-9)


def test_atoms_that_nothing_uses_are_dead() -> None:
    assert dead(torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1e-9]])) == 2


def test_reconstructions_lie_as_near_as_what_they_are_made_of(rng: torch.Generator) -> None:
    a = torch.rand(300, 8, generator=rng)
    assert outlying(a, a) == pytest.approx(1)
    # nudged by much less than neighbours are apart, they have the same neighbours
    assert outlying(a, a + 1e-4 * torch.randn(300, 8, generator=rng)) == pytest.approx(1, abs=0.01)
    assert outlying(a, -a) > 3
    assert outlying(a, 7 * a) == pytest.approx(1)  # length does not count
