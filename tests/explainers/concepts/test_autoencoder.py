"""The sparse autoencoder finds planted atoms, more of them than channels too."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from explainers import InputError
from explainers.concepts.autoencoder import active, topk_codes
from explainers.concepts.dictionaries import learn
from explainers.concepts.quality import matched, relative_error


def planted(k: int, p: int, n: int, each: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Rows of `each` atoms of k, with amounts between 1 and 2."""
    D = torch.nn.functional.normalize(torch.randn(k, p, generator=rng))
    chosen = torch.rand(n, k, generator=rng).topk(each, 1).indices
    U = torch.zeros(n, k).scatter_(1, chosen, 1 + torch.rand(n, each, generator=rng))
    return U @ D, D


@pytest.mark.parametrize(("k", "p"), [(8, 16), (16, 32)])
def test_planted_atoms_are_found_again(k: int, p: int, rng: torch.Generator) -> None:
    A, D = planted(k, p, 10_000, active(k), rng)
    found = learn(A, k, "topk_autoencoder", 0)
    cosine = matched(D, found.D)[1]
    assert cosine.min() > 0.9  # atoms that lie close take from each other's rows
    assert cosine.median() > 0.99


def test_there_may_be_more_atoms_than_channels(rng: torch.Generator) -> None:
    A, _ = planted(24, 16, 10_000, 2, rng)
    found = learn(A, 24, "topk_autoencoder", 0)
    u = found.encode(A)
    assert u.min() >= 0
    assert ((u > 0).sum(1) <= active(24)).all()
    assert torch.allclose(found.D.norm(dim=1), torch.ones(24), atol=1e-5)
    few = learn(A, active(24), "pca", 0)  # as few numbers a row
    assert relative_error(A, found.decode(u)) < relative_error(A, few.decode(few.encode(A)))


def test_codes_are_the_largest_projections() -> None:
    D = torch.eye(11)
    a = torch.tensor([[3.0, 4, -5, 2, 1, -9, 0, 0, 0, 0, 0]])
    assert active(11) == 2
    assert topk_codes(a, D).tolist() == [[3, 4, *[0] * 9]]


def test_the_derivative_is_that_of_the_atoms_in_use(rng: torch.Generator) -> None:
    D = torch.nn.functional.normalize(torch.randn(6, 10, generator=rng).double())
    a = torch.randn(5, 10, generator=rng).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda rows: topk_codes(rows, D), (a,), eps=1e-7, atol=1e-6)


def test_too_few_activations_are_refused(rng: torch.Generator) -> None:
    with pytest.raises(
        InputError, match=r"topk_autoencoder needs at least 10,000 activations; got 500: choose another"
    ):
        learn(torch.rand(500, 8, generator=rng), 4, "topk_autoencoder", 0)
