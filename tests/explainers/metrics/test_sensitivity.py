from __future__ import annotations

import math

import pytest
import torch

from explainers.metrics.sensitivity import Sensitivity


def test_the_gradient_of_a_linear_model_never_moves(rng: torch.Generator) -> None:
    weight, x = torch.randn(2, 3, 5, 6, generator=rng)
    *_, last = Sensitivity(n=5).evaluate(lambda _: weight, x, rng)
    assert (last.result.median, last.result.high, last.result.largest, last.result.n) == (0, 0, 0, 5)


def test_gradient_times_input_moves_with_the_radius(rng: torch.Generator) -> None:
    weight, x = torch.randn(2, 3, 5, 6, generator=rng)
    moved = []
    for radius in (0.01, 0.02, 0.04):
        again = torch.Generator().manual_seed(3)
        *_, last = Sensitivity(n=5, radius=radius).evaluate(lambda y: weight * y, x, again)
        moved.append(last.result.largest)
    assert moved[1] == pytest.approx(2 * moved[0], rel=1e-3)  # float32 differences of numbers near one
    assert moved[2] == pytest.approx(4 * moved[0], rel=1e-3)


@pytest.mark.parametrize("unit", [1.0, 1000.0])
def test_a_maps_unit_does_not_matter(unit: float, rng: torch.Generator) -> None:
    """A map unit · (x + 1) about zero moves by at most the radius, in parts of its size."""
    *_, last = Sensitivity(n=20, radius=0.02).evaluate(lambda y: unit * (y + 1), torch.zeros(500), rng)
    assert last.result.largest <= 0.02
    assert last.result.median == pytest.approx(0.02 / 3**0.5, rel=0.1)  # rms of a uniform number, 3 σ of 500


def test_quantiles_of_a_fixed_number(rng: torch.Generator) -> None:
    x = torch.zeros(4)
    sizes = iter([1.0, *(1 + s / 10 for s in range(10))])
    steps = list(Sensitivity(n=10).evaluate(lambda _: torch.tensor([next(sizes)]), x, rng))
    assert [step.done for step in steps] == list(range(1, 11))
    last = steps[-1].result
    assert (last.median, last.high, last.largest) == pytest.approx((0.5, 0.9, 0.9), abs=1e-6)


def test_a_map_of_nothing(rng: torch.Generator) -> None:
    *_, still = Sensitivity(n=3).evaluate(lambda y: torch.zeros_like(y), torch.ones(4), rng)
    assert still.result.largest == 0
    *_, born = Sensitivity(n=3).evaluate(lambda y: y, torch.zeros(4), rng)
    assert born.result.largest == math.inf
