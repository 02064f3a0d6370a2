"""Codes against scipy's solver, row by row, and their derivative against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import nnls as by_scipy

from explainers.concepts.nnls import nnls


@pytest.mark.parametrize(("k", "p"), [(1, 3), (4, 9), (12, 30), (12, 12)])
def test_codes_are_those_of_scipy(k: int, p: int, rng: torch.Generator) -> None:
    D, a = torch.rand(k, p, generator=rng).double(), torch.randn(50, p, generator=rng).double() + 0.5
    expected = np.stack([by_scipy(D.T.numpy(), row)[0] for row in a.numpy()])
    assert nnls(a, D).numpy() == pytest.approx(expected, abs=1e-8)


def test_an_orthogonal_dictionary_needs_no_solver(rng: torch.Generator) -> None:
    D = torch.linalg.qr(torch.randn(9, 9, generator=rng).double()).Q[:4]
    a = torch.randn(20, 9, generator=rng).double()
    assert torch.allclose(nnls(a, D), (a @ D.T).relu(), atol=1e-9)


def test_signed_dictionaries_have_codes_too(rng: torch.Generator) -> None:
    D, a = torch.randn(5, 8, generator=rng).double(), torch.randn(30, 8, generator=rng).double()
    expected = np.stack([by_scipy(D.T.numpy(), row)[0] for row in a.numpy()])
    assert nnls(a, D).numpy() == pytest.approx(expected, abs=1e-8)


def test_atoms_that_are_alike_do_not_break_it(rng: torch.Generator) -> None:
    D = torch.rand(3, 6, generator=rng).double()
    twice = torch.cat([D, D[:1]])
    a = torch.rand(10, 6, generator=rng).double()
    assert torch.allclose(nnls(a, twice) @ twice, nnls(a, D) @ D, atol=1e-6)  # the fit is unique, the code is not


def test_the_derivative_is_that_of_finite_differences(rng: torch.Generator) -> None:
    D = torch.rand(6, 12, generator=rng).double()
    a = (torch.rand(8, 6, generator=rng).double() @ D + 0.1 * torch.randn(8, 12, generator=rng)).requires_grad_()
    assert torch.autograd.gradcheck(lambda rows: nnls(rows, D), (a,), eps=1e-7, atol=1e-6)


def test_codes_keep_the_type_of_the_activations(rng: torch.Generator) -> None:
    a, D = torch.rand(4, 6, generator=rng), torch.rand(2, 6, generator=rng)
    assert nnls(a, D).dtype == torch.float32
    assert nnls(torch.zeros(2, 6), D).abs().max() == 0
