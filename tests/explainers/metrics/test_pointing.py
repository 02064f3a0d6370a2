from __future__ import annotations

import numpy as np
import pytest

from explainers.metrics.pointing import boxes, energy_pointing, pointing_game

SIZE = (40, 60)


def one_pixel(row: int, column: int) -> np.ndarray:
    values = np.zeros(SIZE, np.float32)
    values[row, column] = 1
    return values


def test_a_box_is_x_then_y() -> None:
    region = boxes([(10, 5, 30, 15)], SIZE)
    assert region.sum() == 20 * 10
    assert region[5, 10]
    assert region[14, 29]
    assert not region[15, 29]
    assert boxes([(10, 5, 30, 15), (20, 5, 40, 15)], SIZE).sum() == 30 * 10


@pytest.mark.parametrize(
    ("row", "column", "hit"), [(10, 20, 1), (10, 44, 1), (10, 45, 0), (29, 20, 1), (30, 20, 0), (24, 42, 0)]
)
def test_hits_reach_fifteen_pixels(row: int, column: int, hit: int) -> None:
    """The box ends at row 14 and column 29; the corner is round: (10, 13) away is more than 15."""
    assert pointing_game(one_pixel(row, column), boxes([(10, 5, 30, 15)], SIZE)) == hit


def test_a_plateau_counts_by_its_share() -> None:
    region = boxes([(10, 5, 30, 15)], SIZE)
    assert pointing_game(np.zeros(SIZE, np.float32), region, tolerance=0) == pytest.approx(200 / 2400)
    halves = one_pixel(10, 20) + one_pixel(39, 59)
    assert pointing_game(halves, region) == 0.5


def test_energy() -> None:
    region = boxes([(10, 5, 30, 15)], SIZE)
    values = 3 * one_pixel(10, 20) + one_pixel(30, 50) - 9 * one_pixel(31, 50)
    assert energy_pointing(values, region) == 0.75  # what speaks against the class is no energy
    assert energy_pointing(-values * 0, region) == pytest.approx(200 / 2400)


def test_a_region_is_needed() -> None:
    with pytest.raises(ValueError, match="region must hold at least one pixel; got none"):
        pointing_game(one_pixel(0, 0), np.zeros(SIZE, bool))
