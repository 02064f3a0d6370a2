"""The four methods that give Shapley or Owen values of regions, on games whose values are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from explainers import Attributions, InputError, build, stream_classes
from explainers.hierarchy import halved, merged, tree
from explainers.masking import Cells
from explainers.methods.partition_shap import Owen, splits
from explainers.players import Segments, divided, superpixels
from tests.oracles import GameScore, LinearScore, Multilinear, shapley, small_classifier

SIZE = (20, 31)
CELLS = 3
EXACT: dict[str, dict[str, object]] = {
    "exact_shapley": {},
    "kernel_shap": {"n": 512},
    "permutation_shap": {"pairs": 60},
    "partition_shap": {"n": 512},
}
A = torch.tensor([3.0, -2.0, 1.0, 0.0, 0.5, -1.0, 2.0, 0.0, -3.0])


def played(game: Any) -> GameScore:
    return GameScore(Cells(CELLS, CELLS, SIZE).cell, game)


def run(name: str, game: Any, seed: int = 0, **params: object) -> Attributions:
    explainer = build(name, {"cells": CELLS, "baseline": "black", **EXACT[name], **params})
    *_, last = explainer.explain(played(game), torch.ones(3, *SIZE), torch.Generator().manual_seed(seed))
    return last.result  # type: ignore[no-any-return]


def shares(name: str, game: Any, seed: int = 0, **params: object) -> list[float]:
    return played(game).at_players(run(name, game, seed, **params).values)[0].tolist()


@pytest.mark.parametrize("name", EXACT)
def test_additive_contributions(name: str) -> None:
    assert shares(name, lambda z: z @ A + 7) == pytest.approx(A.tolist(), abs=1e-5)  # float32 scores of about 10


@pytest.mark.parametrize("name", EXACT)
def test_shares_add_up(name: str) -> None:
    game = Multilinear.random(9, 30, seed=4)
    result = run(name, game)
    assert result.deltas is not None
    assert abs(result.deltas[0]) < 1e-6 * abs(float(game(torch.ones(1, 9)))) + 1e-6
    assert result.meta["regions"] == 9
    assert result.signed


@pytest.mark.parametrize("name", ["exact_shapley", "kernel_shap"])
def test_all_sets_give_the_values_of_the_textbook(name: str) -> None:
    game = Multilinear.random(9, 30, seed=4)
    assert shapley(game, 9).tolist() == pytest.approx(game.values.tolist(), abs=1e-5)
    assert shares(name, game) == pytest.approx(game.values.tolist(), abs=1e-5)  # the design's promise


def test_orders_give_the_same_within_their_error() -> None:
    game = Multilinear.random(9, 30, seed=4)
    result = run("permutation_shap", game, pairs=200)
    values, stderr = (played(game).at_players(part)[0] for part in (result.values, result.stderr))
    assert ((values - game.values).abs() <= 4 * stderr + 1e-5).all()  # 4 σ for nine values
    assert stderr.max() < 0.1 * values.abs().max()


def test_one_pair_of_orders_is_exact_for_interactions_of_two() -> None:
    Q = torch.randn(9, 9, generator=torch.Generator().manual_seed(2))
    Q = (Q + Q.T).fill_diagonal_(0)
    result = run("permutation_shap", lambda z: z @ A + (z @ Q * z).sum(1) / 2, pairs=2)
    expected = A + Q.sum(1) / 2
    assert played(None).at_players(result.values)[0].tolist() == pytest.approx(expected.tolist(), abs=1e-5)
    assert result.stderr is not None
    assert result.stderr.max() < 1e-5


@pytest.mark.parametrize(("name", "params"), [("kernel_shap", {"n": 60}), ("permutation_shap", {"pairs": 4})])
def test_stderr_is_calibrated(name: str, params: dict[str, object]) -> None:
    game = Multilinear.random(9, 30, seed=4)
    maps = [run(name, game, seed, **params) for seed in range(40)]
    misses = torch.stack([played(game).at_players(m.values)[0] - game.values for m in maps])
    errors = torch.stack([played(game).at_players(m.stderr)[0] for m in maps])
    assert 0.7 < (errors.square().mean() / misses.square().mean()).sqrt() < 1.5  # 40 seeds; 3 degrees of freedom each


def test_tolerance_stops_early_and_says_so() -> None:
    weight = torch.randn(64, generator=torch.Generator().manual_seed(4))
    score = GameScore(Cells(8, 8, (24, 24)).cell, lambda z: (z @ weight / 4).tanh())
    for name, params in (("kernel_shap", {"n": 8192}), ("permutation_shap", {"pairs": 64})):
        explainer = build(name, {"baseline": "black", "tolerance": 0.05, **params})
        *_, last = explainer.explain(score, torch.ones(3, 24, 24), torch.Generator())
        assert last.done == last.total < 8000
        assert np.quantile(last.result.stderr[0], 0.9) < 0.05 * np.ptp(last.result.values[0])


def test_previews_add_up_too() -> None:
    game = Multilinear.random(9, 30, seed=4)
    gap = float(game(torch.ones(1, 9)) - game(torch.zeros(1, 9)))
    for name in ("kernel_shap", "permutation_shap", "partition_shap"):
        explainer = build(name, {"cells": CELLS, "baseline": "black", **EXACT[name]})
        for step in explainer.explain(played(game), torch.ones(3, *SIZE), torch.Generator()):
            assert sum(played(game).at_players(step.result.values)[0].tolist()) == pytest.approx(gap, abs=1e-4)


def test_every_region_is_determined_however_few_forwards_are_asked_for() -> None:
    """Nine regions need twenty forwards: those alone determine an additive game."""
    assert shares("kernel_shap", lambda z: z @ A + 7, n=6) == pytest.approx(A.tolist(), abs=1e-5)


def test_too_many_regions_are_refused(rng: torch.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explainers.board.divided", lambda *_: Cells(4, 4, SIZE))
    steps = build("exact_shapley").explain(LinearScore(torch.ones(1, *SIZE)), torch.ones(3, *SIZE), rng)
    with pytest.raises(InputError, match="scored of at most 12 regions; this picture has 16"):
        next(iter(steps))


# Owen values


def owen(game: Any, root: Any, n: int) -> Owen:
    d = len(root.players)
    ends = game(torch.tensor([[0.0], [1.0]]).repeat(1, d)).double()[:, None]
    values = Owen(root, ends)
    while values.unsplit and values.rows < n:
        values.split(lambda z: game(z)[:, None], (n - values.rows) // 2)
    return values


def by_hand(game: Any, root: Any, context: Tensor, weight: float, phi: Tensor) -> Tensor:
    """Owen values from their definition: either part may enter first, within every context of the group."""
    if not root.parts:
        with_it = context.clone()
        with_it[list(root.players)] = 1
        phi[root.players[0]] += weight * (game(with_it[None]) - game(context[None])).double().item()
        return phi
    for part, other in (root.parts, root.parts[::-1]):
        for sibling in (0.0, 1.0):
            inner = context.clone()
            inner[list(other.players)] = sibling
            by_hand(game, part, inner, weight / 2, phi)
    return phi


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (2, 5), (1, 7)])
def test_owen_values_by_their_definition(shape: tuple[int, int]) -> None:
    d = shape[0] * shape[1]
    root, game = halved(torch.arange(d).view(shape)), Multilinear.random(d, 30, seed=d)
    expected = by_hand(game, root, torch.zeros(d), 1.0, torch.zeros(d, dtype=torch.float64))
    found = owen(game, root, 1 << 16)
    assert found.values[:, 0].tolist() == pytest.approx(expected.tolist(), abs=1e-5)  # float32 scores
    assert found.rows == 2 + 2 * splits(root)
    assert found.unsplit == 0


def test_owen_is_shapley_for_a_symmetric_game_on_a_balanced_tree() -> None:
    root = halved(torch.arange(16).view(4, 4))
    found = owen(lambda z: z.mean(1) ** 3, root, 1 << 16)
    assert found.values[:, 0].tolist() == pytest.approx([1 / 16] * 16, abs=1e-6)


def test_owen_differs_where_the_tree_cuts_a_coalition() -> None:
    """Three must meet, two of them in one half: (½ · ½, ½ · ½, ½), where Shapley gives thirds."""
    root = halved(torch.arange(4).view(2, 2))
    found = owen(lambda z: z[:, 0] * z[:, 1] * z[:, 2], root, 1 << 16)
    assert found.values[:, 0].tolist() == pytest.approx([0.25, 0.25, 0.5, 0.0], abs=1e-6)


@pytest.mark.parametrize("n", [4, 16, 60, 400])
def test_owen_shares_add_up_at_any_budget(n: int) -> None:
    game = Multilinear.random(64, 100, seed=4)
    found = owen(game, halved(torch.arange(64).view(8, 8)), n)
    gap = (game(torch.ones(1, 64)) - game(torch.zeros(1, 64))).item()
    assert found.values.sum().item() == pytest.approx(gap, abs=1e-6)
    assert found.rows <= n


def test_refinement_goes_where_the_score_changes() -> None:
    """One bright cell of 256 is found with 16 splits along its branch, in the contexts that matter."""
    found = owen(lambda z: z[:, 77], halved(torch.arange(256).view(16, 16)), 400)
    assert found.values[77, 0].item() == pytest.approx(1, abs=0.5)
    assert found.values[:, 0].argmax() == 77


# Players


def test_a_grid_is_halved_along_its_longer_side() -> None:
    root = halved(torch.arange(6).view(2, 3))
    assert [part.players for part in root.parts] == [(0, 1, 3, 4), (2, 5)]
    assert sorted(root.players) == list(range(6))


def test_superpixels_follow_edges_and_merge_alike() -> None:
    """Two halves of different colour: no superpixel crosses the edge, and the last merge is the two halves."""
    x = torch.zeros(3, 40, 60)
    x[0, :, :25], x[2, :, 25:] = 0.9, 0.9
    found = superpixels(x, 12)
    left, right = found.cell[:, :24].unique().tolist(), found.cell[:, 26:].unique().tolist()
    assert not set(left) & set(right)
    assert 6 <= found.d <= 18
    assert {frozenset(part.players) for part in tree(found, x).parts} == {frozenset(left), frozenset(right)}


def test_superpixels_of_noise_do_not_vanish(rng: torch.Generator) -> None:
    assert superpixels(torch.rand(3, 40, 56, generator=rng), 9).d >= 5


def test_an_undivided_picture_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skimage.segmentation.slic", lambda *_, **__: np.zeros(SIZE, int))
    with pytest.raises(InputError, match="this picture does not divide into superpixels; choose the grid"):
        divided(torch.ones(3, *SIZE), "superpixels", 3)


@pytest.mark.parametrize("name", EXACT)
def test_shares_add_up_in_any_precision(name: str) -> None:
    """To the float32 difference, though the rows are rounded: bf16 moves a logit of this net by a few thousandths."""
    model, x = small_classifier(SIZE), torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(1))
    *_, last = stream_classes(name, model, x, precision="bfloat16", params={"cells": CELLS, **EXACT[name]})
    assert max(map(abs, last.result.deltas or (1,))) < 1e-6


def test_one_region_is_a_tree_of_one() -> None:
    assert merged(torch.zeros(1, 5, dtype=torch.float64)).players == (0,)


def test_segments_lift_to_their_pixels() -> None:
    cell = torch.tensor([[0, 0, 1], [2, 1, 1]])
    mask = Segments(cell).lift(torch.tensor([[5.0, 6.0, 7.0]]))
    assert mask[0, 0].tolist() == [[5, 5, 6], [7, 6, 6]]


def test_missing_scikit_image_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "skimage.segmentation", None)
    with pytest.raises(InputError, match="superpixels need scikit-image, which is not installed; choose the grid"):
        divided(torch.ones(3, *SIZE), "superpixels", 3)
