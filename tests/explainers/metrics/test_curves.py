from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor

from explainers.masking import Cells, on
from explainers.metrics.curves import Curve, Deletion, Insertion, RandomOrders
from explainers.metrics.players import ordered
from explainers.types import Progress
from tests.oracles import Game, LinearScore

T = TypeVar("T")


def final(steps: Iterator[Progress[T]]) -> T:
    *_, last = steps
    return last.result


def additive(contribution: Tensor) -> Game:
    return Game(lambda z: z @ contribution, len(contribution))


def one_player(z: Tensor) -> Tensor:
    """The score is there as long as player 5 is."""
    return z[:, 5]


ONE = torch.eye(12)[5]


def test_area_of_a_linear_ramp() -> None:
    for n in (2, 5, 101):
        ramp = np.linspace(0, 1, n)
        assert Curve(ramp, ramp).area == pytest.approx(0.5, abs=1e-12)


def test_a_step_is_found_at_once_or_half_way(rng: torch.Generator) -> None:
    """The perfect map loses the score in the first of 12 steps: half a step of area. The worst in the last."""
    game = Game(one_player, 12)
    half = 1 / 24
    assert final(Deletion(steps=12).evaluate(game, ONE, rng)).area == pytest.approx(half, abs=1e-9)
    assert final(Deletion(steps=12).evaluate(game, -ONE, rng)).area == pytest.approx(1 - half, abs=1e-9)
    assert final(Insertion(steps=12).evaluate(game, ONE, rng)).area == pytest.approx(1 - half, abs=1e-9)
    assert final(Insertion(steps=12).evaluate(game, -ONE, rng)).area == pytest.approx(half, abs=1e-9)


def test_every_point_is_a_tail_sum(rng: torch.Generator) -> None:
    contribution = torch.randn(20, generator=rng)
    sorted_ = contribution.sort(descending=True).values
    deletion = final(Deletion(steps=20).evaluate(additive(contribution), contribution, rng))
    insertion = final(Insertion(steps=20).evaluate(additive(contribution), contribution, rng))
    tails = [float(sorted_[s:].sum()) for s in range(21)]
    assert deletion.fraction == pytest.approx(np.arange(21) / 20)
    assert deletion.score == pytest.approx(tails, abs=1e-5)  # float32 sums of 20
    assert insertion.score == pytest.approx([float(contribution.sum()) - tail for tail in tails], abs=1e-5)


def test_the_true_order_is_optimal(rng: torch.Generator) -> None:
    contribution = torch.randn(20, generator=rng)
    game = additive(contribution)
    random = [curve.area for curve in final(RandomOrders(n=200, steps=10).evaluate(game, rng))]
    assert final(Deletion(steps=10).evaluate(game, contribution, rng)).area < min(random)
    assert final(Insertion(steps=10).evaluate(game, contribution, rng)).area > max(random)


def test_random_orders_know_nothing(rng: torch.Generator) -> None:
    """E area = 1/2 for one player out of d; its position is uniform, so the spread is that of d equal steps."""
    areas = np.array([c.area for c in final(RandomOrders(n=500, steps=12).evaluate(Game(one_player, 12), rng))])
    spread = ((12**2 - 1) / 12) ** 0.5 / 12
    assert areas.mean() == pytest.approx(0.5, abs=4 * spread / 500**0.5)
    assert areas.std() == pytest.approx(spread, rel=0.1)


def test_random_orders_cost_their_ends_once(rng: torch.Generator) -> None:
    rows: list[int] = []

    def counted(z: Tensor) -> Tensor:
        rows.append(len(z))
        return z.mean(1)

    steps = list(RandomOrders(n=7, steps=5).evaluate(Game(counted, 20), rng))
    assert sum(rows) == 2 + 7 * 4
    assert [len(step.result) for step in steps] == sorted(len(step.result) for step in steps)
    assert (steps[-1].done, steps[-1].total, len(steps[-1].result)) == (30, 30, 7)
    for curve in steps[-1].result:
        assert curve.score == pytest.approx(1 - curve.fraction, abs=1e-6)  # the mean of the present falls evenly
    (only, *_) = final(RandomOrders(n=2, steps=1).evaluate(Game(one_player, 12), rng))
    assert only.score.tolist() == [1, 0]


def test_ties_fall_in_random_order() -> None:
    """A constant map says nothing; by index it would remove the first corner first, and be judged for it."""
    firsts = [int(ordered(torch.ones(4), torch.Generator().manual_seed(seed))[0]) for seed in range(400)]
    assert np.bincount(firsts, minlength=4) == pytest.approx([100] * 4, abs=35)  # 4 σ of a share of one in four
    values = torch.tensor([1.0, 3.0, 3.0, 2.0])
    orders = {tuple(ordered(values, torch.Generator().manual_seed(seed)).tolist()) for seed in range(30)}
    assert orders == {(1, 2, 3, 0), (2, 1, 3, 0)}


def test_cells_of_an_image(rng: torch.Generator) -> None:
    """Through the engine: pixels, baseline, cells; the brightest cell of an additive score goes first."""
    size = (20, 31)
    weight = torch.zeros(1, *size)
    weight[0, 8:11, 9:15] = 1
    cells, x = Cells(5, 6, size), torch.ones(3, *size)
    curve = final(Deletion(steps=30).evaluate(on(LinearScore(weight), x, "black", cells), cells.pool(weight[0]), rng))
    lost = -np.diff(curve.score)
    assert (np.diff(lost) <= 1e-5).all()  # what goes first costs most, and each later one no more
    assert curve.score[[0, -1]] == pytest.approx([18, 0])


def test_more_steps_than_players_are_refused(rng: torch.Generator) -> None:
    with pytest.raises(ValueError, match="steps must be at most the number of players, 12; got 13"):
        next(Deletion(steps=13).evaluate(Game(one_player, 12), ONE, rng))
