"""Paintings: unpainted is the picture itself, fills keep what they promise, controls have the same area and shape."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import Tensor

from explainers.painting import Fill, Painting, filled, spread

NEUTRAL = torch.tensor([0.5, 0.4, 0.3])
H, W = 36, 52


@pytest.fixture
def x(rng: torch.Generator) -> Tensor:
    return torch.rand(3, H, W, generator=rng)


def square() -> Tensor:
    amount = torch.zeros(H, W)
    amount[10:20, 30:44] = 1.0
    return amount


@pytest.mark.parametrize("fill", get_args(Fill))
def test_unpainted_is_the_picture_and_painted_is_the_fill(fill: Fill, x: Tensor) -> None:
    nothing, everything = Painting(torch.zeros(H, W)), Painting(torch.ones(H, W))
    assert torch.equal(nothing.on(x, fill, NEUTRAL), x)
    assert torch.equal(everything.on(x, fill, NEUTRAL), filled(fill, x, torch.zeros(H, W), NEUTRAL))
    # outside the area no pixel changes, whatever fills it
    painted = Painting(square()).on(x, fill, NEUTRAL)
    changed = (painted != x).any(0)
    assert not changed[square() == 0].any()
    assert changed[square() == 1].all()


def test_keeping_an_area_is_removing_all_others(x: Tensor) -> None:
    amount = square() * 0.7
    kept = Painting(amount, "keep").on(x, "mean", NEUTRAL)
    assert torch.equal(kept, Painting(1 - amount).on(x, "mean", NEUTRAL))


def test_half_a_stroke_is_half_the_way(x: Tensor) -> None:
    painted = Painting(0.5 * square()).on(x, "mean", NEUTRAL)
    inside = square().bool()
    assert torch.allclose(painted[:, inside], (x[:, inside] + NEUTRAL[:, None]) / 2)


def test_controls_have_the_same_area_and_shape() -> None:
    amount = square()
    amount[10:15, 30] = 0.5
    rows, columns = amount.sum(1).sort().values, amount.sum(0).sort().values
    found = list(Painting(amount, "keep").elsewhere(20, seed=3))
    assert len({tuple(other.amount.flatten().tolist()) for other in found}) == 20
    for other in found:
        assert other.mode == "keep"
        assert torch.equal(other.amount.sum(1).sort().values, rows)
        assert torch.equal(other.amount.sum(0).sort().values, columns)
    again = list(Painting(amount).elsewhere(20, seed=3))
    assert all(torch.equal(a.amount, b.amount) for a, b in zip(found, again, strict=True))


def test_inpainting_continues_what_is_there() -> None:
    flat = NEUTRAL[:, None, None]
    present = 1 - square()
    plain = torch.full((3, H, W), 0.8)
    assert torch.allclose(spread(plain, present, flat), plain, atol=1e-6)
    # a slope goes on as a slope, nearly: bilinear steps between halved resolutions
    slope = torch.linspace(0, 1, W).expand(3, H, W)
    inside = square().bool()
    assert (spread(slope, present, flat) - slope)[:, inside].abs().max() < 0.1
    assert torch.allclose(spread(plain, torch.zeros(H, W), flat), flat.expand(3, H, W), atol=1e-6)


def test_inpainting_does_not_look_at_what_is_gone(x: Tensor) -> None:
    other = torch.where(square().bool(), torch.rand(3, H, W), x)
    first, second = (spread(picture, 1 - square(), NEUTRAL[:, None, None]) for picture in (x, other))
    assert torch.allclose(first, second, atol=1e-6)


def test_noise_is_seeded(x: Tensor) -> None:
    present = torch.zeros(H, W)
    first, again, other = (filled("noise", x, present, NEUTRAL, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.min() >= 0
    assert first.max() <= 1
