"""The pictures are what they say: the same from the same fields, marked where asked and nowhere else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from models.shapes import KINDS, MARK, SIDE, Shape, covered, mark, shapes


def test_equal_fields_are_equal_pixels() -> None:
    assert np.array_equal(Shape("circle", 7).pixels, Shape("circle", 7).pixels)
    assert not np.array_equal(Shape("circle", 7).pixels, Shape("circle", 8).pixels)
    assert shapes(30, (0.5, 0.5, 0.5), 3) == shapes(30, (0.5, 0.5, 0.5), 3) != shapes(30, (0.5, 0.5, 0.5), 4)


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("kind", KINDS)
def test_the_mark_is_in_its_corner_and_changes_nothing_else(kind: str, number: int) -> None:
    plain = Shape(kind, number)  # type: ignore[arg-type]
    marked = replace(plain, marked=True)
    left, top, right, bottom = marked.corner
    assert np.array_equal(marked.pixels[top:bottom, left:right], (mark() * 255).astype(np.uint8))
    changed = (marked.pixels != plain.pixels).any(2)
    assert changed[top:bottom, left:right].mean() > 0.9
    changed[top:bottom, left:right] = False
    assert not changed.any()
    assert {left, top} <= {2, SIDE - MARK - 2}


def test_every_corner_has_its_turn() -> None:
    corners = Counter(Shape("square", number).corner[:2] for number in range(200))
    assert len(corners) == 4
    assert min(corners.values()) > 25  # 50 each but for chance, 6 is a standard deviation


def test_shares_of_marked_pictures_are_those_asked_for() -> None:
    drawn = shapes(3000, (0.0, 0.9, 1.0), 5)
    assert Counter(shape.kind for shape in drawn) == dict.fromkeys(KINDS, 1000)
    share = {kind: np.mean([shape.marked for shape in drawn if shape.kind == kind]) for kind in KINDS}
    assert share["circle"] == 0
    assert share["triangle"] == 1
    assert share["square"] == pytest.approx(0.9, abs=0.04)  # four standard deviations
    assert len({shape.number for shape in drawn}) == 3000


def test_all_kinds_cover_the_same_area_and_lie_inside() -> None:
    for number in range(20):
        covers = [covered(kind, np.random.default_rng(number)) for kind in KINDS]
        circle, square, triangle = (cover.sum() for cover in covers)
        assert square == pytest.approx(circle, rel=0.01)
        assert triangle == pytest.approx(circle, rel=0.02)
        for cover in covers:
            assert (cover[0].sum(), cover[-1].sum(), cover[:, 0].sum(), cover[:, -1].sum()) == (0, 0, 0, 0)
