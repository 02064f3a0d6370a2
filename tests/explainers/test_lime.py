from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from explainers import Attributions, build
from explainers.masking import Cells
from explainers.methods.lime import LocalFit
from tests.oracles import GameScore, Multilinear

SIZE = (20, 31)
CELLS = Cells(3, 3, SIZE)
A = torch.tensor([3.0, -2.0, 1.0, 0.0, 0.5, -1.0, 2.0, 0.0, -3.0])


def run(game: Any, seed: int = 0, **params: object) -> Attributions:
    explainer = build("lime", {"cells": 3, "regions": "grid", "baseline": "black", **params})
    score = GameScore(CELLS.cell, game)
    *_, last = explainer.explain(score, torch.ones(3, *SIZE), torch.Generator().manual_seed(seed))
    return last.result  # type: ignore[no-any-return]


def at_cells(values: Any) -> list[float]:
    return GameScore(CELLS.cell, lambda z: z).at_players(values)[0].tolist()


def test_a_linear_score_is_recovered() -> None:
    result = run(lambda z: z @ A + 2, n=100, ridge=0, kernel_width=100)
    assert at_cells(result.values) == pytest.approx(A.tolist(), abs=1e-5)  # float32 scores
    assert result.meta["r2"] == {"0": pytest.approx(1, abs=1e-9)}
    assert result.stderr is not None
    assert result.stderr.max() < 1e-5


def test_weighted_ridge_by_another_route() -> None:
    """Least squares on rows scaled by √weight, the ridge as rows of its own, the intercept a free column."""
    rng = torch.Generator().manual_seed(1)
    z = (torch.rand(50, 6, generator=rng) < 0.5).double()
    z[0] = 1
    f = torch.randn(50, 2, generator=rng).double()
    fit = LocalFit(width=0.3, ridge=1.5)
    for part in (slice(0, 8), slice(8, 50)):
        fit.add(z[part], f[part])
    weight = torch.exp(-(((1 - z.mean(1).sqrt()) / 0.3) ** 2)).sqrt()[:, None]
    rows = torch.cat([torch.cat([z, torch.ones(50, 1)], 1) * weight, 1.5**0.5 * torch.eye(6, 7, dtype=torch.float64)])
    right = torch.cat([f * weight, torch.zeros(6, 2, dtype=torch.float64)])
    expected = torch.linalg.lstsq(rows, right).solution
    w, _, r2 = fit.solve()
    assert w.numpy() == pytest.approx(expected[:6].numpy(), abs=1e-9)
    residual = f - z @ expected[:6] - expected[6]
    mean = (weight**2 * f).sum(0) / (weight**2).sum()
    explained = 1 - (weight * residual).square().sum(0) / (weight * (f - mean)).square().sum(0)
    assert r2.tolist() == pytest.approx(explained.tolist(), abs=1e-9)


def test_ridge_pulls_to_zero() -> None:
    free, pulled = (np.abs(run(lambda z: z @ A, n=100, ridge=ridge).values).sum() for ridge in (0, 50))
    assert pulled < 0.5 * free


def test_a_narrow_kernel_sees_only_what_is_near() -> None:
    """(1 − z₀) (1 − z₁): nothing near the picture, where both are shown, and −½ each over all copies."""

    def game(z: torch.Tensor) -> torch.Tensor:
        return 4 * (1 - z[:, 0]) * (1 - z[:, 1])

    far, near = (at_cells(run(game, n=4000, ridge=0, kernel_width=width).values) for width in (100, 0.05))
    assert far[:2] == pytest.approx([-2, -2], abs=0.2)  # 2 / √1000
    assert abs(near[0]) < 1


def test_r2_tells_what_is_not_linear() -> None:
    game = Multilinear.random(9, 30, seed=4)
    (r2,) = dict(run(game, n=500).meta["r2"]).values()  # type: ignore[call-overload]
    assert 0.2 < r2 < 0.95


def test_stderr_is_calibrated() -> None:
    game = Multilinear.random(9, 30, seed=4)
    maps = [run(game, seed, n=300, ridge=0) for seed in range(40)]
    cells = np.array([at_cells(m.values) for m in maps])
    claimed = np.sqrt(np.mean(np.square([at_cells(m.stderr) for m in maps])))
    assert claimed / np.sqrt(cells.var(0, ddof=1).mean()) == pytest.approx(1, abs=0.2)  # 40 seeds of nine cells


def test_a_constant_score_gives_a_zero_map() -> None:
    result = run(lambda z: torch.full((len(z),), 3.5), n=64)
    assert np.abs(result.values).max() < 1e-12
    assert result.meta["r2"] == {"0": 0.0}
