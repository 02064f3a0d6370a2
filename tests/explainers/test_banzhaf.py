"""What two players say together: games whose interactions are known."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from explainers import interactions
from tests.oracles import Multilinear

A = torch.tensor([3.0, -2.0, 1.0, 0.0, 0.5, -1.0, 2.0])


def banzhaf(game: Multilinear, i: int) -> Tensor:
    """A product of a set of players interacts in i and j where both are in it, and the others are in half the time."""
    both = game.sets * game.sets[:, [i]]
    weight = game.c * 0.5 ** (game.sets.sum(1) - 2)
    found = (both * weight[:, None]).sum(0)
    found[i] = 0
    return found


def test_players_that_only_add_up_have_none() -> None:
    found = interactions(lambda z: z @ A, 7, 2)
    assert found.values.abs().max() < 1e-6  # scores are float32
    assert found.stderr.max() == 0


@pytest.mark.parametrize("d", [1, 2, 3, 6, 7])
def test_few_players_are_enumerated(d: int) -> None:
    game = Multilinear.random(d, 20, seed=d)
    for i in range(d):
        found = interactions(game, d, i)
        assert found.values.tolist() == pytest.approx(banzhaf(game, i).tolist(), abs=1e-5)
        assert found.stderr.tolist() == [0.0] * d


def test_the_definition_itself() -> None:
    game, d, i, j = Multilinear.random(5, 12, seed=3), 5, 1, 4
    mixed = []
    for members in itertools.product([0.0, 1.0], repeat=3):
        rows = torch.zeros(4, d)
        rows[:, [0, 2, 3]] = torch.tensor(members)
        rows[:, i], rows[:, j] = torch.tensor([1.0, 1, 0, 0]), torch.tensor([1.0, 0, 1, 0])
        v = game(rows)
        mixed.append(v[0] - v[1] - v[2] + v[3])
    assert interactions(game, d, i).values[j].item() == pytest.approx(torch.stack(mixed).mean().item(), abs=1e-5)


def test_many_players_in_pairs_exactly() -> None:
    """Of sets of two players a sample says everything, whichever rows it has."""
    d = 30
    W = torch.randn(d, d, generator=torch.Generator().manual_seed(0)).triu(1)
    found = interactions(lambda z: ((z @ W) * z).sum(1) + z.sum(1), d, 4)
    assert found.values.tolist() == pytest.approx((W + W.T)[4].tolist(), abs=1e-4)
    assert found.stderr.max() < 1e-4


def test_sets_of_three_cancel_and_of_four_are_in_the_error() -> None:
    """Slopes of what halves do not cancel: 0 within two errors as often as they say."""
    d = 24

    def value(z: Tensor) -> Tensor:
        return z[:, 0] * z[:, 1] * z[:, 2] * z[:, 3] + z[:, 0] * z[:, 5]

    truth = torch.zeros(d)
    truth[[1, 2, 3]], truth[5] = 0.25, 1.0
    inside = []
    for seed in range(20):
        found = interactions(value, d, 0, seed)
        inside.append((found.values - truth).abs()[1:] <= 2 * found.stderr[1:])
    assert 0.9 <= torch.stack(inside).double().mean() <= 0.995  # 95 % if errors were normal

    found = interactions(lambda z: z[:, 0] * z[:, 1] * z[:, 2] + z[:, 0] * z[:, 3], d, 0)
    assert found.values[3].item() == pytest.approx(1, abs=1e-5)
    assert found.values[1].item() == pytest.approx(0.5, abs=1e-5)


def test_asking_from_either_side_is_the_same() -> None:
    game = Multilinear.random(6, 15, seed=1)
    assert interactions(game, 6, 1).values[4].item() == pytest.approx(
        interactions(game, 6, 4).values[1].item(), abs=1e-5
    )


def test_a_player_that_is_none() -> None:
    with pytest.raises(ValueError, match=r"player must lie in \[0, 6\]; got 7"):
        interactions(lambda z: z.sum(1), 7, 7)
