from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from explainers import Attributions, build
from explainers.designs import scrambled_sobol
from explainers.masking import Cells
from explainers.methods import hsic
from explainers.methods.hsic import dependence, width_of
from tests.oracles import GameScore

SIZE = (20, 31)
CELLS = Cells(3, 3, SIZE)
A = torch.tensor([3.0, -2.0, 1.0, 0.0, 0.5, -1.0, 2.0, 0.0, -3.0])


def run(game: Any, seed: int = 0, **params: object) -> Attributions:
    explainer = build("hsic", {"cells": 3, "baseline": "black", **params})
    score = GameScore(CELLS.cell, game)
    *_, last = explainer.explain(score, torch.ones(3, *SIZE), torch.Generator().manual_seed(seed))
    return last.result  # type: ignore[no-any-return]


def at_cells(values: Any) -> list[float]:
    return GameScore(CELLS.cell, lambda z: z).at_players(values)[0].tolist()


def sample(n: int = 256, d: int = 9) -> tuple[torch.Tensor, torch.Tensor]:
    z = (scrambled_sobol(n, d, torch.Generator().manual_seed(3)) < 0.5).double()
    return z, z @ A.double() + z[:, 0] * z[:, 3]


def test_by_the_trace() -> None:
    """tr(K H L H) / n² with every matrix written out, over its value for each side with itself."""
    z, f = sample()
    width = width_of(f)
    n = len(f)
    H = torch.eye(n, dtype=torch.float64) - 1 / n
    L = torch.exp(-((f[:, None] - f) ** 2) / (2 * width**2))

    def product(K: torch.Tensor, M: torch.Tensor) -> float:
        return float((K @ H @ M @ H).trace() / n**2)

    expected = []
    for column in z.mT:
        K = 0.5 - (column[:, None] - column) ** 2
        sign = float(torch.sign(((column - column.mean()) * (f - f.mean())).sum()))
        expected.append(sign * product(K, L) / (product(K, K) * product(L, L)) ** 0.5)
    assert dependence(z, f, width)[0].tolist() == pytest.approx(expected, abs=1e-9)


def test_in_blocks_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    z, f = sample()
    whole = dependence(z, f, width_of(f))
    monkeypatch.setattr(hsic, "BLOCK", 1000)
    for a, b in zip(dependence(z, f, width_of(f)), whole, strict=True):
        assert a.tolist() == pytest.approx(b.tolist(), abs=1e-12)


def test_a_wide_kernel_gives_squared_correlations() -> None:
    """The limit of a Gaussian kernel is linear, and there HSIC is a squared covariance."""
    z, f = sample()
    found, _ = dependence(z, f, 1e4 * f.std())
    r = torch.corrcoef(torch.cat([z, f[:, None]], 1).mT)[-1, :-1]
    assert found.tolist() == pytest.approx((r.sign() * r.square()).tolist(), abs=1e-6)


def test_order_and_sign_of_contributions() -> None:
    cells = np.array(at_cells(run(lambda z: z @ A, n=2048).values))
    assert (np.sign(cells) == np.sign(A.numpy()))[A.abs() >= 1].all()
    assert set(np.argsort(-np.abs(cells))[:2]) == {0, 8}
    assert np.abs(cells[[3, 7]]).max() < 0.01  # 1 / n without dependence, times some units
    assert np.abs(cells).sum() < 1


def test_one_region_alone_is_all_the_dependence_there_is() -> None:
    cells = at_cells(run(lambda z: 5 - 2 * z[:, 4], n=128).values)
    assert cells[4] == pytest.approx(-1, abs=1e-6)


def test_dependence_without_correlation_is_seen() -> None:
    """The other regions' swing doubles where z₀ is shown, its mean stays: no covariance, and yet dependence."""
    cells = np.abs(at_cells(run(lambda z: (1 + 3 * z[:, 0]) * ((z[:, 1:] - 0.5) @ A[1:]), n=2048).values))
    z = torch.tensor(np.indices((2,) * 9).reshape(9, -1).T, dtype=torch.float64)
    f = (1 + 3 * z[:, 0]) * ((z[:, 1:] - 0.5) @ A[1:].double())
    assert abs(torch.corrcoef(torch.stack([z[:, 0], f]))[0, 1]) < 1e-9
    assert cells[0] > 5 * cells[3]


def test_stderr_is_calibrated() -> None:
    """Of rows drawn independently, which the formula assumes."""
    rng = torch.Generator().manual_seed(1)
    found = []
    for _ in range(60):
        z = (torch.rand(200, 9, generator=rng) < 0.5).double()
        f = z @ A.double()
        found.append(dependence(z, f, width_of(f)))
    values, errors = (torch.stack(part)[:, [0, 1, 6, 8]] for part in zip(*found, strict=True))
    ratio = errors.square().mean().sqrt() / values.var(0).mean().sqrt()
    assert ratio.item() == pytest.approx(1, abs=0.25)  # 60 repeats of four columns; the width is itself estimated


def test_a_constant_score_gives_a_zero_map() -> None:
    result = run(lambda z: torch.full((len(z),), 3.5), n=64)
    assert np.abs(result.values).max() == 0


def test_scores_that_mostly_agree_still_have_a_width() -> None:
    """Three in four rows score zero up to rounding: the median distance is that of the rounding."""
    cells = at_cells(run(lambda z: z[:, 0] * z[:, 1] + 1e-6 * (z @ A), n=512).values)
    assert min(cells[:2]) > 10 * max(map(abs, cells[2:]))


def test_n_is_a_power_of_two() -> None:
    with pytest.raises(ValueError, match="n must be a power of two; got 100"):
        build("hsic", {"n": 100})
