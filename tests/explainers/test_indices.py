from __future__ import annotations

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from explainers import SobolIndices, sobol_indices
from tests.oracles import GFunction, Ishigami

SEEDS = range(20)


@pytest.fixture(scope="module")
def ishigami() -> list[SobolIndices]:
    return [sobol_indices(Ishigami(), 3, 4096, seed) for seed in SEEDS]


def test_ishigami(ishigami: list[SobolIndices]) -> None:
    truth = torch.stack([Ishigami().first, Ishigami().total])
    assert torch.allclose(truth, torch.tensor([[0.3139, 0.4424, 0.0], [0.5576, 0.4424, 0.2437]]), atol=1e-4)  # Saltelli
    worst = torch.tensor([(torch.stack([s.first, s.total]) - truth).abs().max() for s in ishigami])
    assert worst.median() <= 0.01  # the promise of the design
    assert worst.max() <= 0.025


def test_stderr_covers_the_truth(ishigami: list[SobolIndices]) -> None:
    truth = torch.stack([Ishigami().first, Ishigami().total])
    covered = torch.stack([(torch.stack([s.first, s.total]) - truth).abs() <= 2 * s.stderr for s in ishigami])
    assert 0.85 <= covered.float().mean() <= 1
    # and it is no blank cheque: the errors it speaks of are small
    assert torch.stack([s.stderr for s in ishigami]).median() < 0.01


def test_linear() -> None:
    weight = torch.tensor([1.0, 2.0, -3.0, 0.0])
    first, total, stderr = sobol_indices(lambda z: z @ weight, 4, 1024)
    share = weight**2 / weight.square().sum()
    assert torch.allclose(total, share, atol=0.01)  # as promised for Ishigami at four times the points
    assert torch.allclose(first, share, atol=0.01)
    assert total[3] == 0
    assert stderr[3] < 1e-6


def test_product_of_uniforms() -> None:
    first, total, _ = sobol_indices(lambda z: z.prod(1), 2, 4096)
    assert torch.allclose(total, torch.full((2,), 4 / 7), atol=5e-3)
    assert torch.allclose(first, torch.full((2,), 3 / 7), atol=5e-3)


def test_g_function() -> None:
    g = GFunction(torch.tensor([0.0, 1.0, 4.5, 9.0, 99.0]))
    first, total, stderr = sobol_indices(g, 5, 8192)
    assert ((total - g.total).abs() <= 4 * stderr + 1e-3).all()
    assert ((first - g.first).abs() <= 4 * stderr + 1e-3).all()
    assert (first - g.first).abs().max() < 0.02
    assert first.sum() <= 1.02
    assert total.sum() >= 0.98


def test_scale_and_shift_change_nothing() -> None:
    plain, moved = (sobol_indices(f, 3, 256) for f in (Ishigami(), lambda z: 100 - 3 * Ishigami()(z)))
    for a, b in zip(plain, moved, strict=True):
        assert torch.allclose(a, b, atol=1e-4)  # float32 of scores near 100


def test_a_constant_has_no_variance_to_share() -> None:
    for height in (0.0, 3.7):
        for part in sobol_indices(lambda z, height=height: torch.full((len(z),), height), 3, 16):  # type: ignore[misc]
            assert torch.equal(part, torch.zeros(3))


def test_cost_and_queries() -> None:
    seen: list[Tensor] = []

    def value(z: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
        seen.append(z)
        return z.sum(1)

    sobol_indices(value, 5, 64)
    rows = torch.cat(seen)
    assert len(rows) == 64 * (5 + 2)
    assert rows.min() >= 0
    assert rows.max() <= 1


@pytest.mark.parametrize("n", [0, 8, 100, 4095])
def test_n_must_be_a_power_of_two(n: int) -> None:
    with pytest.raises(ValueError, match=f"n must be a power of two of at least 16; got {n}"):
        sobol_indices(lambda z: z.sum(1), 2, n)


def test_same_seed_same_numbers() -> None:
    a, b, other = (sobol_indices(Ishigami(), 3, 64, seed) for seed in (1, 1, 2))
    assert all(torch.equal(p, q) for p, q in zip(a, b, strict=True))
    assert not torch.equal(a.total, other.total)
