from __future__ import annotations

import numpy as np
import pytest
import torch

from explainers.metrics import reach
from explainers.metrics.reach import reachable


def test_an_additive_score_is_reached_and_noise_is_not(rng: torch.Generator) -> None:
    X = torch.rand(200, 8, generator=rng)
    additive, noise = X @ torch.randn(8, 1, generator=rng), torch.randn(200, 1, generator=rng)
    found = reachable(X, torch.cat([additive, noise, additive + additive.std() * noise], 1))
    assert found[0] > 0.999
    assert abs(found[1]) < 0.21  # 3 σ of a correlation of 200
    assert found[2] == pytest.approx(0.5**0.5, abs=0.12)  # half of the variance; 3 σ


def test_left_out_in_closed_form(rng: torch.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Second derivation: fit without each row, predict it."""
    monkeypatch.setattr(reach, "RATIOS", np.array([0.3]))
    X, y = torch.rand(30, 5, generator=rng).double().numpy(), torch.randn(30, generator=rng).double().numpy()
    X, y = X - X.mean(0), y - y.mean()
    strength = 0.3 * (np.linalg.svd(X)[1] ** 2).mean()
    predicted = []
    for i in range(30):
        # the mean is fitted too, unpenalised, and the penalty stays as strong in sum
        A, b = np.delete(X, i, 0), np.delete(y, i)
        w = np.linalg.solve((A - A.mean(0)).T @ (A - A.mean(0)) + strength * np.eye(5), (A - A.mean(0)).T @ b)
        predicted.append((X[i] - A.mean(0)) @ w + b.mean())
    found = reachable(torch.from_numpy(X), torch.from_numpy(y)[:, None])
    assert found[0] == pytest.approx(np.corrcoef(predicted, y)[0, 1], abs=1e-9)


def test_a_constant_score_has_nothing_to_reach(rng: torch.Generator) -> None:
    assert reachable(torch.rand(50, 4, generator=rng), torch.ones(50, 1)).tolist() == [0]
