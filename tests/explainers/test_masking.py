from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from explainers.designs import bernoulli, fixed_size, halved, latin_hypercube, mirrored, ranked, scrambled_sobol
from explainers.masking import Cells, MaskedScore, ShiftedCells, Windows, absent, batches, blur, on
from tests.oracles import LinearScore

SIZE = (20, 31)  # not square, and no grid below divides it


def test_presence_keeps_and_absence_replaces(rng: torch.Generator) -> None:
    x = torch.rand(3, *SIZE, generator=rng)
    score = LinearScore(torch.ones(1, *SIZE))
    value = MaskedScore(score, x, torch.full_like(x, 0.25), Cells(3, 4, SIZE))
    z = torch.stack([torch.ones(12), torch.zeros(12)])
    full, empty = value(z)[:, 0]
    assert torch.isclose(full, x.mean(0).sum())  # polarity: 1 is seen
    assert torch.isclose(empty, torch.tensor(0.25 * SIZE[0] * SIZE[1]))


def test_cells_tile_the_image() -> None:
    cells = Cells(3, 4, SIZE)
    masks = cells.lift(torch.eye(12))[:, 0]
    assert torch.equal(masks.sum(0), torch.ones(SIZE))
    # the first cell is top left, the second to its right: rows before columns, height before width
    assert masks[0, 0, 0] == 1
    assert masks[1, 0, 8] == 1
    assert masks[4, 7, 0] == 1
    assert torch.equal(masks, F.interpolate(torch.eye(12).view(12, 1, 3, 4), SIZE, mode="nearest")[:, 0])


def test_shifted_cells_are_the_published_masks(rng: torch.Generator) -> None:
    """Second derivation: enlarge the whole grid by one cell more than the image and crop, as RISE's code does."""
    rows, cols = 3, 4
    players = ShiftedCells(rows, cols, SIZE)
    z = bernoulli(16, rows * cols, 2, 0.5, rng)
    cell = -(-SIZE[0] // rows), -(-SIZE[1] // cols)
    large = F.interpolate(
        z[:, :-2].view(-1, 1, rows, cols), ((rows + 1) * cell[0], (cols + 1) * cell[1]), mode="bilinear"
    )
    for mask, whole, (down, across) in zip(players.lift(z), large, z[:, -2:], strict=True):
        top, left = int(down * cell[0]), int(across * cell[1])
        assert torch.allclose(mask, whole[:, top : top + SIZE[0], left : left + SIZE[1]], atol=1e-6)  # float32 weights


def test_variance_of_shifted_cells(rng: torch.Generator) -> None:
    players = ShiftedCells(3, 4, SIZE)
    masks = players.lift(bernoulli(20000, 12, 2, 0.3, rng))[:, 0]
    assert torch.allclose(masks.mean(0), torch.tensor(0.3), atol=0.02)  # 4 σ of a mean of 20,000
    assert torch.allclose(masks.var(0), 0.3 * 0.7 * players.spread, rtol=0.06)


@pytest.mark.parametrize(("window", "stride"), [(5, 5), (6, 4), (7, 3), (19, 1)])
def test_windows_cover_every_pixel(window: int, stride: int) -> None:
    windows = Windows(window, stride, SIZE)
    masks = windows.cover(torch.eye(windows.d))
    assert torch.equal(masks.sum((1, 2)), torch.full((windows.d,), float(window**2)))
    assert masks.sum(0).min() >= 1
    assert torch.equal(windows.lift(1 - torch.eye(windows.d))[:, 0], 1 - masks)


def test_batches_grow_and_follow_the_score() -> None:
    score = LinearScore(torch.ones(1, 2, 2), batch_size=32)
    sizes = []
    for part in batches(120, score, first=8):
        sizes.append(part.stop - part.start)
        if len(sizes) == 3:
            score.batch_size = 10  # as after an out-of-memory
    assert sizes == [8, 16, 32, 10, 10, 10, 10, 10, 10, 4]
    score.batch_size = 7
    assert [part.stop - part.start for part in batches(20, score, multiple=2)] == [6, 6, 6, 2]


def test_one_batch_of_masks_at_a_time() -> None:
    seen = []

    class Counting(LinearScore):
        def __call__(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(len(x))
            return super().__call__(x)

    score = Counting(torch.ones(1, *SIZE), batch_size=16)
    on(score, torch.rand(3, *SIZE), "mean", Cells(2, 2, SIZE))(torch.rand(100, 4))
    assert max(seen) == 16
    assert sum(seen) == 100


def test_baselines(rng: torch.Generator) -> None:
    x = torch.rand(3, *SIZE, generator=rng)
    neutral = torch.tensor([0.5, 0.4, 0.3])
    assert torch.equal(absent("mean", x, neutral)[:, 0, 0], neutral)
    assert absent("black", x, neutral).abs().max() == 0
    blurred = absent("blur", x, neutral)
    assert blurred.shape == x.shape
    assert blurred.std() < 0.3 * x.std()
    flat = torch.full((3, *SIZE), 0.7)
    assert torch.allclose(blur(flat, 3.0), flat)  # borders included: the kernel sums to one there too
    impulse = torch.zeros(1, 41, 41)
    impulse[0, 20, 20] = 1
    spread = blur(impulse, 3.0)[0]
    assert torch.allclose(spread, spread.T)
    down = torch.arange(41.0) - 20
    assert (spread.sum(1) * down**2).sum().sqrt().item() == pytest.approx(3.0, rel=0.03)  # cut at three sigma


def test_designs(rng: torch.Generator) -> None:
    z = mirrored(4000, 9, 2, rng)
    assert torch.equal(z[0::2, :9] + z[1::2, :9], torch.ones(2000, 9))
    assert torch.equal(z[0::2, 9:], z[1::2, 9:])
    assert bernoulli(20000, 9, 2, 0.2, rng)[:, :9].mean().item() == pytest.approx(0.2, abs=0.004)  # 4 σ
    cube = latin_hypercube(32, 5, rng)
    assert torch.equal((cube * 32).long().sort(0).values, torch.arange(32)[:, None].expand(-1, 5))
    assert (
        scrambled_sobol(64, 128, rng).mean(0).sub(0.5).abs().max() < 0.02
    )  # plain Sobol points are as even; Halton's are not
    with pytest.raises(ValueError, match="n must be a power of two; got 48"):
        scrambled_sobol(48, 2, rng)


def test_ranked_rows_remove_in_order() -> None:
    rows = ranked(torch.tensor([2, 0, 3, 1]), torch.tensor([0, 1, 3, 4]))
    assert rows.tolist() == [[1, 1, 1, 1], [1, 1, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_halves_are_complements_of_one_size(rng: torch.Generator) -> None:
    z = halved(4000, 10, 2, rng)
    assert torch.equal(z[0::2, :10] + z[1::2, :10], torch.ones(2000, 10))
    assert torch.equal(z[0::2, 10:], z[1::2, 10:])
    assert torch.equal(z[:, :10].sum(1), torch.full((4000,), 5.0))
    assert torch.allclose(z[0::2, :10].mean(0), torch.tensor(0.5), atol=0.045)  # 4 σ
    assert torch.equal((1 - fixed_size(50, 10, 3, rng)).sum(1), torch.full((50,), 3.0))


def test_pooling_is_the_mean_of_each_cell(rng: torch.Generator) -> None:
    cells, values = Cells(3, 4, SIZE), torch.rand(SIZE, generator=rng)
    masks = cells.lift(torch.eye(12))[:, 0]
    expected = (masks * values).sum((1, 2)) / masks.sum((1, 2))
    assert torch.allclose(cells.pool(values), expected, atol=1e-6)
    assert torch.equal(cells.pool(cells.lift(torch.arange(12.0)[None])[0, 0]), torch.arange(12.0))
