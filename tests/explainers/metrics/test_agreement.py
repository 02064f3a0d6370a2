from __future__ import annotations

import pytest
import torch
from scipy.stats import spearmanr

from explainers.metrics.agreement import compare


def test_spearman_keeps_the_sign(rng: torch.Generator) -> None:
    a, b = torch.randn(2, 40, generator=rng)
    assert compare(a, a).spearman == pytest.approx(1)
    assert compare(a, -a).spearman == pytest.approx(-1)
    assert compare(a, 3 * a.exp() - 7).spearman == pytest.approx(1)  # only the order counts
    assert compare(a, b).spearman == pytest.approx(spearmanr(a.numpy(), b.numpy()).statistic, abs=1e-9)


def test_signs_and_top() -> None:
    a = torch.tensor([9.0, 8, 7, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1])
    b = torch.tensor([9.0, 1, 8, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, 1, 1, 1, 1, 1])
    found = compare(a, b)
    assert found.signs == 0.75
    assert found.top == 0.5  # of the two highest of twenty, one is shared
    assert (compare(a, a).signs, compare(a, a).top) == (1, 1)


def test_a_constant_map_agrees_with_nothing_but_its_like(rng: torch.Generator) -> None:
    flat, a = torch.ones(30), torch.randn(30, generator=rng)
    assert compare(flat, a).spearman == 0
    assert compare(flat, 5 * flat).spearman == 1
    assert compare(flat, a).top == pytest.approx(0.1)  # all equal: each is a tenth of the way in the top
