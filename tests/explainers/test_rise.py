from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from explainers import Attributions, build
from explainers.masking import ShiftedCells
from tests.oracles import LinearScore

SIZE = (24, 36)
CELLS = 4


def run(score: LinearScore, x: Tensor, seed: int = 0, **params: Any) -> Attributions:
    rng = torch.Generator().manual_seed(seed)
    *_, last = build("rise", {"cells": CELLS, "baseline": "black", **params}).explain(score, x, rng)
    return last.result  # type: ignore[no-any-return]


def scene(seed: int = 3) -> tuple[LinearScore, Tensor]:
    """A score additive over pixels, of patches of both signs, and its input."""
    rng = torch.Generator().manual_seed(seed)
    weight = torch.zeros(2, *SIZE)
    for t in range(2):
        for _ in range(4):
            top, left = (int(torch.randint(0, side - 8, (), generator=rng)) for side in SIZE)
            weight[t, top : top + 8, left : left + 8] += torch.randn((), generator=rng)
    return LinearScore(weight, bias=5.0), torch.rand(3, *SIZE, generator=rng)


def truth(score: LinearScore, x: Tensor) -> np.ndarray[Any, Any]:
    """Cov(f, M(l)) / Var M(l) for f = Σ_k a_k M(k): Σ_k a_k Cov(M(k), M(l)) / Var M(l), summed over every shift."""
    players = ShiftedCells(CELLS, CELLS, SIZE)
    down, across = (torch.einsum("sia,sja->ij", u, u) / len(u) for u in (players.down, players.across))
    a = score.weight * x.mean(0)
    return (torch.einsum("thw,hi,wj->tij", a, down, across) / players.spread).numpy()


def error(result: Attributions, expected: np.ndarray[Any, Any]) -> float:
    return float(np.sqrt(np.mean((result.values - expected) ** 2)) / expected.std())


def test_centred_map_of_a_linear_score() -> None:
    score, x = scene()
    expected = truth(score, x)
    coarse, fine = (
        np.mean([error(run(score, x, seed, estimator="centred", n_masks=n), expected) for seed in range(6)])
        for n in (400, 1600)
    )
    assert fine < 0.2
    assert fine / coarse == pytest.approx(0.5, abs=0.1)  # Monte Carlo: error halves as the masks are four times as many


def test_regression_estimates_the_same_map_from_fewer_masks() -> None:
    score, x = scene()
    expected = truth(score, x)
    assert error(run(score, x, n_masks=1600), expected) < 0.05
    assert error(run(score, x, n_masks=160), expected) < error(
        run(score, x, estimator="centred", n_masks=1600), expected
    )


@pytest.mark.parametrize("p", [0.5, 0.25])
@pytest.mark.parametrize("estimator", ["centred", "regression"])
def test_any_share_kept_gives_the_same_map(p: float, estimator: str) -> None:
    score, x = scene()
    result = run(score, x, estimator=estimator, n_masks=3200, p=p)
    assert error(result, truth(score, x)) < {"centred": 0.25, "regression": 0.08}[estimator]  # twice the seen errors


def test_raw_map_is_a_pedestal_and_a_shrunken_effect() -> None:
    """E = (v(0) + p Σ a) + (1 − p) A(l), where bilinear masks vary less than cells by Var M(l) / p (1 − p)."""
    score, x = scene()
    p = 0.4
    pedestal = score.bias + p * torch.einsum("thw,hw->t", score.weight, x.mean(0))[:, None, None].numpy()
    spread = ShiftedCells(CELLS, CELLS, SIZE).spread.numpy()
    expected = pedestal + (1 - p) * spread * truth(score, x)
    result = run(score, x, estimator="raw", p=p, n_masks=8000)
    assert not result.signed
    assert result.stderr is not None
    assert (np.abs(result.values - expected) < 4.5 * result.stderr).all()  # Gauss: 1,700 pixels, under 1 % to fail


@pytest.mark.parametrize("estimator", ["centred", "regression", "raw"])
def test_stderr_is_calibrated(estimator: str) -> None:
    score, x = scene()
    maps = [run(score, x, seed, estimator=estimator, n_masks=300) for seed in range(24)]
    values = np.stack([m.values for m in maps])
    claimed = np.sqrt(np.mean([np.square(m.stderr).mean() for m in maps if m.stderr is not None]))
    if estimator == "raw":
        seen = values.std(0, ddof=1)
    else:
        seen = np.sqrt(np.square(values - truth(score, x)).mean(0))
    assert 0.75 < claimed / np.sqrt(np.mean(seen**2)) < 1.5  # 24 seeds of maps with about 16 free cells


@pytest.mark.parametrize("estimator", ["centred", "regression", "raw"])
def test_what_helps_is_positive_and_where_it_is(estimator: str) -> None:
    weight = torch.zeros(1, *SIZE)
    weight[0, 4:8, 28:32] = 1.0  # top right
    for sign in (1, -1):
        result = run(LinearScore(sign * weight), torch.ones(3, *SIZE), estimator=estimator, n_masks=800)
        peak = np.unravel_index(np.argmax(sign * result.values[0]), SIZE)
        assert abs(peak[0] - 6) <= 6  # within a mask cell
        assert abs(peak[1] - 30) <= 9
        assert sign * result.values[0][peak] > 0


def test_a_constant_score_gives_a_zero_map() -> None:
    score = LinearScore(torch.zeros(1, *SIZE), bias=3.7)
    for estimator in ("centred", "regression"):
        result = run(score, torch.ones(3, *SIZE), estimator=estimator, n_masks=64, p=0.5)
        assert np.abs(result.values).max() == 0
        assert result.stderr is not None
        assert result.stderr.max() < 1e-6
        off_half = run(score, torch.ones(3, *SIZE), estimator=estimator, n_masks=64, p=0.3)
        assert np.abs(off_half.values).max() < 1e-5  # float32 mean of 3.7
    raw = run(score, torch.ones(3, *SIZE), estimator="raw", n_masks=4000)
    assert raw.values == pytest.approx(3.7, rel=0.15)  # 3.7 times the masks' mean over p, which is random per pixel


def test_tolerance_stops_early_and_says_so() -> None:
    score, x = scene()
    steps = list(
        build("rise", {"cells": CELLS, "n_masks": 4000, "tolerance": 0.05}).explain(score, x, torch.Generator())
    )
    assert steps[-1].done == steps[-1].total < 2000
    result = steps[-1].result
    assert result.stderr is not None
    assert np.quantile(result.stderr[0], 0.9) < 0.05 * np.ptp(result.values[0])
    assert all(step.total == 4000 for step in steps[:-1])


def test_an_odd_mask_is_not_drawn() -> None:
    score, x = scene()
    *_, last = build("rise", {"n_masks": 101}).explain(score, x, torch.Generator())
    assert (last.done, last.total) == (100, 100)
