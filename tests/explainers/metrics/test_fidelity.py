from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr, spearmanr

from explainers.designs import fixed_size
from explainers.metrics.fidelity import MuFidelity, fidelity_of
from tests.oracles import Game

D = 16


def test_one_with_the_true_contributions(rng: torch.Generator) -> None:
    contribution = torch.randn(D, 3, generator=rng)
    game = Game(lambda z: z @ contribution, D)
    *_, last = MuFidelity(n=100).evaluate(game, contribution[:, 1] * 7, rng)
    assert last.result.pearson[1] == pytest.approx(1, abs=1e-6)
    assert last.result.spearman[1] == pytest.approx(1, abs=1e-4)  # float32 sums can swap two close sets
    assert abs(last.result.pearson[[0, 2]]).max() < 0.9
    *_, opposite = MuFidelity(n=100).evaluate(game, -contribution[:, 1], rng)
    assert opposite.result.pearson[1] == pytest.approx(-1, abs=1e-6)
    assert (last.done, last.total, last.result.n) == (101, 101, 100)


def test_the_same_as_scipy(rng: torch.Generator) -> None:
    """Second derivation, interval included, on a score with interactions."""
    phi, A = torch.randn(D, generator=rng), torch.randn(D, D, generator=rng)
    z = fixed_size(60, D, 4, rng)
    lost = ((1 - z) @ A * (1 - z)).sum(1, keepdim=True)
    found, claimed = fidelity_of((1 - z) @ phi, lost), ((1 - z) @ phi).numpy()
    expected = pearsonr(claimed, lost[:, 0].numpy())
    interval = expected.confidence_interval(0.95)
    assert found.pearson[0] == pytest.approx(expected.statistic, abs=1e-6)
    assert (found.low[0], found.high[0]) == pytest.approx((interval.low, interval.high), abs=1e-5)
    assert found.spearman[0] == pytest.approx(spearmanr(claimed, lost[:, 0].numpy()).statistic, abs=1e-6)


@pytest.mark.parametrize(("share", "size"), [(0.5, 8), (0.2, 3), (0.01, 1), (0.99, 15)])
def test_sets_have_one_size(share: float, size: int, rng: torch.Generator) -> None:
    seen: list[torch.Tensor] = []

    def watched(z: torch.Tensor) -> torch.Tensor:
        seen.append(z)
        return z.sum(1)

    *_, last = MuFidelity(n=4000, share=share).evaluate(Game(watched, D), torch.ones(D), rng)
    z = torch.cat(seen)[1:]
    assert last.result.n == len(z) == 4000
    assert torch.equal((1 - z).sum(1), torch.full((4000,), float(size)))
    expected = size / D
    error = 4 * (expected * (1 - expected) / 4000) ** 0.5  # 4 σ
    assert np.allclose((1 - z).mean(0), expected, atol=error)  # every player as often


def test_nothing_correlates_with_a_constant(rng: torch.Generator) -> None:
    game = Game(lambda z: torch.stack([z @ torch.arange(D).float(), torch.ones(len(z))], 1), D)
    *_, flat = MuFidelity(n=50).evaluate(game, torch.ones(D), rng)
    assert flat.result.pearson.tolist() == [0, 0]
    *_, other = MuFidelity(n=50).evaluate(game, torch.arange(D).float(), rng)
    assert other.result.pearson == pytest.approx([1, 0], abs=1e-6)
