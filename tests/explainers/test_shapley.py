from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from explainers import shapley_values
from explainers.shapley import drawn, every, fewest
from tests.oracles import Multilinear, shapley

A = torch.tensor([3.0, -2.0, 1.0, 0.0, 0.5, -1.0, 2.0])

GAMES: dict[str, tuple[Callable[[Tensor], Tensor], Tensor]] = {
    "additive": (lambda z: z @ A, A),
    "product": (lambda z: z.prod(1), torch.full((7,), 1 / 7)),
    "pair": (lambda z: z[:, 1] * z[:, 4], torch.tensor([0, 0.5, 0, 0, 0.5, 0, 0])),
    "max": (
        # the larger counts where it is present, the smaller where the larger is not: x₁ − x₂ / 2 and x₂ / 2
        lambda z: torch.maximum(3 * z[:, 0], 2 * z[:, 5]),
        torch.tensor([2.0, 0, 0, 0, 0, 1.0, 0]),
    ),
}


@pytest.mark.parametrize("game", GAMES)
def test_closed_forms_at_full_budget(game: str) -> None:
    value, expected = GAMES[game]
    found = shapley_values(value, 7, 2**7)
    assert found.values.tolist() == pytest.approx(expected.tolist(), abs=1e-6)  # scores are float32
    assert found.stderr.max() == 0
    assert abs(found.delta) < 1e-12


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 6, 9, 10])
def test_full_budget_is_enumeration(d: int) -> None:
    game = Multilinear.random(d, 20, seed=d)
    found = shapley_values(game, d, 2**d)
    assert found.values.tolist() == pytest.approx(game.values.tolist(), abs=1e-5)  # the design's promise
    if d <= 6:
        assert shapley(game, d).tolist() == pytest.approx(game.values.tolist(), abs=1e-5)


@pytest.mark.parametrize("n", [16, 23, 40, 100])
def test_an_additive_game_is_exact_at_any_budget(n: int) -> None:
    found = shapley_values(lambda z: z @ A + 4, 7, n, seed=3)
    assert found.values.tolist() == pytest.approx(A.tolist(), abs=1e-5)  # float32 scores of up to 10
    assert found.stderr.max() < 1e-4


@pytest.mark.parametrize("n", [62, 90, 300, 3000])
def test_shares_add_up_at_any_budget(n: int) -> None:
    game = Multilinear.random(30, 60, seed=1)
    found = shapley_values(game, 30, n)
    gap = game(torch.ones(1, 30)) - game(torch.zeros(1, 30))
    assert abs(found.delta) < 1e-6
    assert found.values.sum().item() == pytest.approx(gap.item(), abs=1e-5)  # 30 values rounded to float32


def test_pairs_are_exact_from_the_fewest_rows() -> None:
    """What the players do in twos is even about one half, and cancels within a row and its complement."""
    Q = torch.randn(30, 30, generator=torch.Generator().manual_seed(2))
    Q = (Q + Q.T).fill_diagonal_(0)
    found = shapley_values(lambda z: (z @ Q * z).sum(1) / 2, 30, 62)
    assert found.values.tolist() == pytest.approx((Q.sum(1) / 2).tolist(), abs=1e-4)  # float32 scores of some tens


def test_dummies_and_twins_of_a_sampled_game() -> None:
    """A player that changes nothing gets nothing, players that can be exchanged get the same: within the error."""
    found = shapley_values(lambda z: (z[:, :4].sum(1) >= 2).float() * 3, 20, 600)
    assert (found.values[4:].abs() <= 4 * found.stderr[4:]).all()  # 4 σ: 16 values
    assert (found.values[:4] - 0.75).abs().max() <= 4 * found.stderr[:4].max()


@pytest.mark.parametrize("n", [62, 100, 256, 1024])
def test_stderr_is_calibrated(n: int) -> None:
    game = Multilinear.random(30, 60, seed=1)
    runs = [shapley_values(game, 30, n, seed) for seed in range(24)]
    misses = torch.stack([run.values - game.values for run in runs])
    errors = torch.stack([run.stderr for run in runs])
    covered = (misses.abs() <= 2 * errors).double().mean().item()
    # Gauss has 0.954; below a few hundred rows all pairs count as drawn, which errs on the safe side
    assert 0.92 < covered <= (0.99 if n >= 256 else 1.0)


def test_the_error_falls_as_the_root_of_the_rows() -> None:
    game = Multilinear.random(30, 60, seed=1)
    coarse, fine = (
        torch.stack([shapley_values(game, 30, n, seed).values - game.values for seed in range(12)])
        .square()
        .mean()
        .sqrt()
        for n in (1000, 4000)
    )
    assert fine / coarse == pytest.approx(0.5, abs=0.1)  # four times the rows, 12 seeds


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="n must be at least 62 for 30 players; got 61"):
        shapley_values(lambda z: z.sum(1), 30, 61)
    with pytest.raises(ValueError, match="d must be at least 1; got 0"):
        shapley_values(lambda z: z.sum(1), 0, 61)


@pytest.mark.parametrize(("d", "n"), [(5, 32), (6, 64), (12, 400), (12, 4096), (30, 62), (30, 1000), (2, 4), (1, 2)])
def test_the_design_keeps_to_its_budget_and_scores_no_set_twice_when_whole(
    d: int, n: int, rng: torch.Generator
) -> None:
    design = drawn(d, n, rng)
    rows = design.rows(slice(0, n))
    assert 2 + len(rows) <= max(n, fewest(d))
    assert torch.equal(rows[0::2], 1 - rows[1::2])
    assert ((rows.sum(1) > 0) & (rows.sum(1) < d)).all()
    whole = design.rows(slice(0, 2 * design.certain))
    assert len(whole.unique(dim=0)) == len(whole)
    if n == 2**d:
        assert len(whole) == n - 2


def test_drawn_sizes_follow_the_kernel(rng: torch.Generator) -> None:
    design = drawn(40, 4000, rng)
    size = design.z[design.certain :].sum(1).long()
    kernel = torch.tensor([1 / (k * (40 - k)) * (0.5 if k == 20 else 1) for k in range(1, 21)])
    left = kernel.clone()
    left[: int(size.min()) - 1] = 0
    seen = torch.bincount(size, minlength=21)[1:].float()
    assert (seen / seen.sum()).tolist() == pytest.approx((left / left.sum()).tolist(), abs=1e-3)  # strata: one in 2,000
    assert design.weight.sum().item() == pytest.approx(kernel.sum().item(), rel=1e-5)


def test_every_set_of_a_size_once() -> None:
    assert every(5, 2).sum(1).tolist() == [2] * 10
    middle = every(6, 3)
    assert len(torch.cat([middle, 1 - middle]).unique(dim=0)) == 20


def test_same_seed_same_values() -> None:
    game = Multilinear.random(30, 60, seed=1)
    a, b, c = (shapley_values(game, 30, 200, seed).values for seed in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
