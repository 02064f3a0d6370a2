"""Maps as colours, as a picture, and as a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.export import overlay
from app.views import colours, regions
from explainers.types import Attribution, Word


def attribution(values: np.ndarray, *, signed: bool = True) -> Attribution:
    return Attribution(values.astype(np.float32), 0, 1.0, "logit", signed)


def luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance of an sRGB colour (WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_zero_is_the_middle_of_a_signed_scale() -> None:
    for values in ([[-1.0, 0.0, 3.0]], [[-3.0, 0.0, 1.0]], [[0.0, 0.0, 2.0]]):
        painted = colours.paint(np.array(values, np.float32), signed=True)
        assert tuple(painted[0, 1]) == colours.DIVERGING[5]


def test_a_map_of_one_sign_shows_one_side() -> None:
    painted = colours.paint(np.linspace(0, 5, 100, dtype=np.float32)[None], signed=True)[0].astype(int)
    assert (painted[:, 0] >= painted[:, 2]).all()  # never more blue than red
    opposite = colours.paint(np.linspace(-5, 0, 100, dtype=np.float32)[None], signed=True)[0].astype(int)
    assert (opposite[:, 2] >= opposite[:, 0]).all()


def test_colours_do_not_depend_on_the_unit() -> None:
    values = np.random.default_rng(0).standard_normal((8, 9)).astype(np.float32)
    for signed in (True, False):
        # a power of two: scaling is exact
        assert np.array_equal(colours.paint(values, signed=signed), colours.paint(values * 64, signed=signed))


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 1e-30])
def test_a_constant_map_has_a_scale(signed: bool, value: float) -> None:
    flat = np.full((3, 4), value, np.float32)
    low, high = colours.limits(flat, signed=signed)
    assert low < high
    assert low <= value <= high
    assert colours.paint(flat, signed=signed).shape == (3, 4, 3)


def test_scales_rise_evenly_in_lightness() -> None:
    lightness = [luminance(stop) for stop in colours.SEQUENTIAL]
    assert lightness == sorted(lightness)
    cold, warm = colours.DIVERGING[:6], colours.DIVERGING[5:]
    assert [luminance(stop) for stop in cold] == sorted(luminance(stop) for stop in cold)
    assert [luminance(stop) for stop in warm] == sorted((luminance(stop) for stop in warm), reverse=True)


def test_the_ends_of_the_scale_are_its_last_colours() -> None:
    painted = colours.paint(np.array([[-2.0, 2.0]], np.float32), signed=True)
    assert [tuple(p) for p in painted[0]] == [colours.DIVERGING[0], colours.DIVERGING[-1]]


@pytest.mark.parametrize(("h", "w"), [(40, 56), (56, 40), (7, 7)])
@pytest.mark.parametrize("signed", [True, False])
def test_a_picture_keeps_the_shape_of_the_input(h: int, w: int, signed: bool) -> None:
    values = np.random.default_rng(0).standard_normal((h, w))
    drawn = overlay.laid(attribution(values, signed=signed), np.zeros((h, w, 3), np.uint8), 448)
    assert drawn.size == (round(w * 448 / max(h, w)), round(h * 448 / max(h, w)))


def test_where_nothing_is_said_the_input_shows_through() -> None:
    pixels = np.full((8, 8, 3), (10, 200, 90), np.uint8)
    drawn = np.asarray(overlay.laid(attribution(np.zeros((8, 8))), pixels))
    assert (drawn == 131).all()  # its luma, 0.299 · 10 + 0.587 · 200 + 0.114 · 90


def test_where_all_is_said_the_colour_covers_most() -> None:
    """At the end of the scale the map has 0.85 of each pixel."""
    drawn = np.asarray(overlay.laid(attribution(np.ones((4, 4))), np.full((4, 4, 3), 255, np.uint8)))
    wanted = 0.85 * np.array(colours.DIVERGING[-1]) + 0.15 * 255
    assert np.abs(drawn - wanted).max() <= 1.5  # whole numbers of alpha and of colour


def test_the_strongest_region_comes_first_and_in_its_place() -> None:
    values = np.zeros((70, 140))
    values[20:30, 100:120] = -3.0  # row 3, column 6 of cells 10 high and 20 wide
    values[60:70, 0:20] = 2.0
    first, second, *rest = regions.ranked(attribution(values))
    assert first == {"Rank": 1, "Row": 3, "Column": 6, "Mean value": -3.0, "Says": "against"}
    assert second == {"Rank": 2, "Row": 7, "Column": 1, "Mean value": 2.0, "Says": "for"}
    assert len(rest) == 8
    assert all(row["Mean value"] == 0.0 for row in rest)


def test_a_table_of_a_map_smaller_than_its_grid() -> None:
    assert len(regions.ranked(attribution(np.ones((7, 7))))) == regions.ROWS


def test_words_are_ranked_by_strength_with_their_errors() -> None:
    written = [Word("a", 0, 1), Word("good", 2, 6), Word("film", 7, 11)]
    stderr = np.array([0.5, 0.25, 0.125], np.float32)
    rows = regions.words(replace(attribution(np.array([1.0, -4.0, 2.0])), words=tuple(written), stderr=stderr))
    assert [(row["Rank"], row["Word"], row["Place"], row["Value"]) for row in rows] == [
        (1, "good", 2, -4.0),
        (2, "film", 3, 2.0),
        (3, "a", 1, 1.0),
    ]
    assert [row["Says"] for row in rows] == ["against", "for", "for"]
    assert [row["Standard error"] for row in rows] == [0.25, 0.125, 0.5]
    assert "Standard error" not in regions.words(replace(attribution(np.ones(3)), words=tuple(written)))[0]
