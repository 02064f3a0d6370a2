from __future__ import annotations

import numpy as np
import pytest
import torch

from explainers.metrics.infidelity import Infidelity, misfit
from tests.oracles import Game

D = 10


@pytest.mark.parametrize("unit", [1.0, -2.0, 0.001])
def test_zero_for_any_multiple_of_the_truth(unit: float, rng: torch.Generator) -> None:
    contribution = torch.randn(D, generator=rng)
    *_, last = Infidelity(n=200).evaluate(Game(lambda z: z @ contribution, D), unit * contribution, rng)
    assert last.result.value == pytest.approx(0, abs=1e-9)
    assert last.result.share == pytest.approx(0, abs=1e-9)
    assert last.result.scale == pytest.approx(1 / unit, rel=1e-5)


def test_a_map_of_nothing_leaves_everything(rng: torch.Generator) -> None:
    game = Game(lambda z: z.sum(1), D)
    *_, last = Infidelity(n=4000).evaluate(game, torch.zeros(D), rng)
    assert last.result.share == 1
    # E b² of a binomial count: D/4 + D²/4; the standard error is the result's own
    assert last.result.value == pytest.approx(D / 4 + D**2 / 4, abs=4 * last.result.stderr)


def test_scale_and_value_are_least_squares(rng: torch.Generator) -> None:
    """Second derivation: the residual of a regression through the origin."""
    a, b = torch.randn(2, 50, generator=rng, dtype=torch.float64)
    solution, residuals, *_ = np.linalg.lstsq(a[:, None].numpy(), b.numpy(), rcond=None)
    found = misfit(a, b)
    assert found.scale == pytest.approx(float(solution[0]), rel=1e-9)
    assert found.value * 50 == pytest.approx(float(residuals[0]), rel=1e-9)
    assert found.share == pytest.approx(1 - float(a @ b) ** 2 / float((a @ a) * (b @ b)), rel=1e-9)


def test_players_leave_one_by_one(rng: torch.Generator) -> None:
    seen: list[torch.Tensor] = []

    def watched(z: torch.Tensor) -> torch.Tensor:
        seen.append(z)
        return z.sum(1)

    *_, last = Infidelity(n=4000, share=0.3).evaluate(Game(watched, D), torch.ones(D), rng)
    z = torch.cat(seen)[1:]
    assert (last.done, last.total, last.result.n) == (4001, 4001, 4000)
    assert torch.allclose(z.mean(0), torch.tensor(0.7), atol=0.03)  # 4 σ
    assert torch.allclose(torch.corrcoef(z.T), torch.eye(D), atol=0.07)  # independent, not by patches
