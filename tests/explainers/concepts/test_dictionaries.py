"""Planted factors are found again, and every kind keeps its promise."""

from __future__ import annotations

import pytest
import torch

from explainers import InputError
from explainers.concepts.autoencoder import FEWEST
from explainers.concepts.dictionaries import LEARNERS, learn
from explainers.concepts.quality import matched, relative_error, sparsity, stability
from tests.explainers.concepts.planted import factors


@pytest.mark.parametrize("factorizer", ["nmf", "semi_nmf"])
def test_planted_atoms_are_found_again(factorizer: str, rng: torch.Generator) -> None:
    U, D = factors(4, 20, 400, rng)
    found = learn(U @ D, 4, factorizer, 0)
    partner, cosine = matched(D, found.D)
    assert sorted(partner.tolist()) == [0, 1, 2, 3]
    # semi-NMF may mix atoms as long as the codes stay positive, and ends at the best near where it began
    assert cosine.min() >= (0.99 if factorizer == "nmf" else 0.8)
    assert relative_error(U @ D, found.decode(found.encode(U @ D))) < (0.02 if factorizer == "nmf" else 0.15)


def test_signed_activations_are_not_clamped_in_silence(rng: torch.Generator) -> None:
    U, D = factors(3, 12, 200, rng)
    A = U @ (D - 0.3)
    with pytest.raises(InputError, match=r"nmf needs activations that are not negative; the least here is -0\.\d+"):
        learn(A, 3, "nmf", 0)
    found = learn(A, 3, "semi_nmf", 0)
    assert found.D.min() < 0
    assert found.encode(A).min() >= 0
    assert relative_error(A, found.decode(found.encode(A))) < 0.02


def test_clusters_apart_are_the_atoms_of_kmeans(rng: torch.Generator) -> None:
    centres = torch.eye(3, 8)
    A = centres.repeat(40, 1) * (1 + torch.rand(120, 1, generator=rng))
    found = learn(A, 3, "kmeans", 0)
    assert matched(centres, found.D)[1].min() > 0.999
    codes = found.encode(A)
    assert ((codes > 0).sum(1) == 1).all()
    assert sparsity(codes) == pytest.approx(2 / 3)
    assert torch.allclose(found.decode(codes), A, atol=1e-5)


def test_pca_is_the_best_of_its_rank(rng: torch.Generator) -> None:
    A = torch.randn(60, 10, generator=rng) @ torch.randn(10, 10, generator=rng) + 3
    found = learn(A, 4, "pca", 0)
    assert torch.allclose(found.D @ found.D.T, torch.eye(4), atol=1e-5)
    left = (A - found.decode(found.encode(A))).double().norm() ** 2
    singular = torch.linalg.svdvals(A.double() - A.double().mean(0))
    assert left.item() == pytest.approx(singular[4:].square().sum().item(), rel=1e-4)  # Eckart and Young


@pytest.mark.parametrize("factorizer", LEARNERS)
def test_atoms_have_length_one_and_seeds_decide(factorizer: str, rng: torch.Generator) -> None:
    A = torch.rand(FEWEST if factorizer == "topk_autoencoder" else 80, 9, generator=rng)
    first, again = learn(A, 3, factorizer, 5), learn(A, 3, factorizer, 5)
    assert torch.equal(first.D, again.D)
    assert torch.allclose(first.D.norm(dim=1), torch.ones(3), atol=1e-5)
    assert first.D.dtype == torch.float32


def test_what_does_not_fit_is_refused(rng: torch.Generator) -> None:
    A = torch.rand(10, 4, generator=rng)
    with pytest.raises(InputError, match=r"n_concepts must lie in \[1, 4\] for 10 activations; got 5"):
        learn(A, 5, "nmf", 0)
    with pytest.raises(InputError, match=f"factorizer must be one of {', '.join(LEARNERS)}; got 'ica'"):
        learn(A, 2, "ica", 0)
    with pytest.raises(InputError, match="the activations are not finite"):
        learn(A / 0, 2, "pca", 0)


def test_planted_atoms_are_stable_and_noise_is_not(rng: torch.Generator) -> None:
    U, D = factors(3, 12, 300, rng)
    assert stability(U @ D, 3, "nmf") > 0.99
    assert stability(torch.rand(300, 12, generator=rng), 3, "nmf") < 0.95
