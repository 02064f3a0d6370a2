from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from explainers import Attributions, build
from explainers.masking import Cells
from explainers.methods.sobol import planned, saltelli
from tests.oracles import LinearScore

SIZE = (20, 31)
CELLS = 3


def run(score: Any, x: Tensor, seed: int = 0, **params: Any) -> Attributions:
    rng = torch.Generator().manual_seed(seed)
    *_, last = build("sobol", {"cells": CELLS, "baseline": "black", **params}).explain(score, x, rng)
    return last.result  # type: ignore[no-any-return]


def by_cell(contributions: Tensor) -> LinearScore:
    """A score whose cells contribute these amounts when seen, on an image of ones."""
    cells = Cells(CELLS, CELLS, SIZE)
    area = cells.lift(torch.eye(CELLS**2))[:, 0].sum((1, 2))
    return LinearScore((contributions / area)[:, cells.cell])


def at_cells(result: Attributions) -> np.ndarray[Any, Any]:
    cells = Cells(CELLS, CELLS, SIZE)
    first = [int((cells.cell.flatten() == j).nonzero()[0]) for j in range(cells.d)]
    return result.values.reshape(len(result.values), -1)[:, first]


CONTRIBUTIONS = torch.tensor([[3.0, -2.0, 1.0, 0.0, 0.5, -1.0, 2.0, 0.0, -3.0]])


@pytest.mark.parametrize("order", ["total", "first"])
def test_signed_shares_of_a_linear_score(order: str) -> None:
    """S = S_T = w² / Σ w², with the sign of w."""
    expected = (CONTRIBUTIONS.sign() * CONTRIBUTIONS**2 / CONTRIBUTIONS.square().sum()).numpy()
    result = run(by_cell(CONTRIBUTIONS), torch.ones(3, *SIZE), order=order, n=1024)
    assert result.signed
    assert at_cells(result) == pytest.approx(expected, abs=0.02)  # about 1 / √1024 of the largest share, 0.3


def test_interactions_count_in_the_total_only() -> None:
    """The product of two cells: S_T = 4/7, S = 3/7 each (d = 2)."""

    class Product(LinearScore):
        def __call__(self, x: Tensor) -> Tensor:
            cells = Cells(CELLS, CELLS, SIZE)
            seen = x.mean(1).flatten(1)
            first, last = (seen[:, cells.cell.flatten() == j].mean(1) for j in (0, 8))
            return (first * last)[:, None]

        exact = __call__

    score = Product(torch.zeros(1, *SIZE))
    for order, share in (("total", 4 / 7), ("first", 3 / 7)):
        cells = at_cells(run(score, torch.ones(3, *SIZE), order=order, n=1024))[0]
        assert cells[[0, 8]] == pytest.approx(share, abs=0.04)  # 2 σ at n = 1024
        assert np.abs(cells[1:8]).max() < 1e-6


def test_ranks_and_signs_hold_at_the_default_cost() -> None:
    result = at_cells(run(by_cell(CONTRIBUTIONS), torch.ones(3, *SIZE)))[0]
    strong = CONTRIBUTIONS[0].abs() >= 1
    assert (np.sign(result) == CONTRIBUTIONS[0].sign().numpy())[strong].all()
    assert set(np.argsort(-np.abs(result))[:2]) == {0, 8}
    assert np.abs(result[[3, 7]]).max() == 0


def test_stderr_is_calibrated() -> None:
    score = by_cell(CONTRIBUTIONS)
    maps = [run(score, torch.ones(3, *SIZE), seed, n=64) for seed in range(24)]
    cells = np.stack([np.abs(at_cells(m)[0]) for m in maps])
    share = (CONTRIBUTIONS**2 / CONTRIBUTIONS.square().sum()).numpy()[0]
    claimed = np.sqrt(np.mean([np.square(m.stderr).mean() for m in maps if m.stderr is not None]))
    seen = np.sqrt(np.mean((cells - share) ** 2))
    assert 0.8 < claimed / seen < 2  # a hypercube is somewhat better than the independent rows the formula assumes


def test_rows_are_each_scored_once_and_bases_come_first(rng: torch.Generator) -> None:
    plan = planned(20, 6, 2, rng)
    assert len(plan) == 20 * 8
    assert len(plan.unique(dim=0)) == len(plan)
    assert (plan[:16, 1] <= 1).all()
    A, B = torch.rand(20, 6, generator=rng), torch.rand(20, 6, generator=rng)
    for z, (sample, column) in zip(saltelli(A, B, plan), plan.tolist(), strict=True):
        expected = B[sample].clone() if column == 1 else A[sample].clone()
        if column > 1:
            expected[column - 2] = B[sample, column - 2]
        assert torch.equal(z, expected)


def test_the_first_preview_rests_on_eight_rows() -> None:
    score = by_cell(CONTRIBUTIONS)
    first = next(iter(build("sobol", {"cells": CELLS}).explain(score, torch.ones(3, *SIZE), torch.Generator())))
    assert first.done == 8
    assert np.abs(first.result.values).max() > 0


def test_a_constant_score_gives_a_zero_map() -> None:
    result = run(LinearScore(torch.zeros(1, *SIZE), bias=3.7), torch.ones(3, *SIZE))
    assert np.abs(result.values).max() == 0
    assert result.stderr is not None
    assert result.stderr.max() == 0


def test_forwards() -> None:
    score = by_cell(CONTRIBUTIONS)
    for order, columns in (("total", 10), ("first", 11)):
        *_, last = build("sobol", {"cells": CELLS, "n": 16, "order": order}).explain(
            score, torch.ones(3, *SIZE), torch.Generator()
        )
        assert last.done == last.total == 16 * columns
