"""Where the lines lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explainers.metrics import checks
from explainers.metrics.completeness import Completeness
from explainers.metrics.curves import Curve
from explainers.metrics.fidelity import Fidelity

LABELS = tuple(f"class {k}" for k in range(101))


def fidelity(
    own: float,
    others: list[float],
    reach: float = 0.8,
    elsewhere: float | None = None,
    bar: checks.Bar = checks.USUAL,
) -> str:
    """One class that claims the map among 101, the others nothing to it but those given; the same in both sets."""
    told = []
    for claimed in (own, own if elsewhere is None else elsewhere):
        pearson = np.zeros(101)
        pearson[0], pearson[1 : 1 + len(others)] = claimed, others
        told.append((Fidelity(pearson, pearson, pearson - 0.2, pearson + 0.2, 100), np.full(101, reach)))
    return checks.judge_fidelity(told, LABELS, "region", "picture", bar).status


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        (0.7, [], "passed"),
        (0.7, [0.75, 0.75], "passed"),  # two close relatives in a hundred
        (0.7, [0.75, 0.75, 0.75], "doubtful"),  # it is about its class, and about others as well
        (0.5, [0.75, 0.75, 0.75], "failed"),  # less than seven tenths of what can be reached
        (0.3, [], "doubtful"),  # less than half of it
        (0.1, [0.25] * 50, "doubtful"),  # it says nothing, of the others no more than by chance
        (0.1, [0.6] * 3, "failed"),
        (-0.1, [], "doubtful"),
        (-0.3, [], "failed"),
    ],
)
def test_fidelity(own: float, others: list[float], expected: str) -> None:
    assert fidelity(own, others) == expected


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        (0.7, [], "passed"),
        (0.7, [0.75], "passed"),  # one close relative in a hundred
        (0.7, [0.75, 0.75], "failed"),  # less than nine tenths of what can be reached
        (0.73, [0.75, 0.75], "doubtful"),
        (0.5, [], "passed"),  # of no other class more: it is a weak map, and of its own class
        (0.3, [], "doubtful"),
    ],
)
def test_who_promises_more_is_held_to_it(own: float, others: list[float], expected: str) -> None:
    assert fidelity(own, others, bar=checks.FITTED) == expected


def test_a_map_may_be_about_small_removals_or_about_large_ones() -> None:
    assert fidelity(0.8, [], elsewhere=0.1) == "passed"
    assert fidelity(-0.3, [], elsewhere=0.8) == "passed"
    assert fidelity(-0.3, [], elsewhere=0.1) == "failed"
    assert fidelity(0.1, [0.6] * 3, elsewhere=0.7) == "passed"


def test_what_no_map_can_say_is_not_held_against_one() -> None:
    assert fidelity(0.1, [0.9] * 50, reach=0.1) == "doubtful"


def test_a_quiet_class_is_compared_with_what_it_could_reach() -> None:
    pearson = np.array([0.4, 0.6, 0.1])
    found = Fidelity(pearson, pearson, pearson - 0.1, pearson + 0.1, 100)
    quiet, loud = np.array([0.5, 0.9, 0.5]), np.array([0.9, 0.6, 0.5])
    assert checks.judge_fidelity([(found, quiet)], LABELS[:3], "region", "picture").status == "passed"
    assert checks.judge_fidelity([(found, loud)], LABELS[:3], "region", "picture").status == "failed"


def test_curves_against_random_orders() -> None:
    fraction = np.array([0.0, 1.0])
    orders = [Curve(fraction, np.array([k, k], float)) for k in range(10)]
    flat = [Curve(fraction, np.array([area, area])) for area in (-1.0, 0.5, 4.5, 8.5, 10.0)]
    assert [checks.judge_insertion(curve, orders, "region").status for curve in flat] == ["doubtful"] * 3 + [
        "passed"
    ] * 2
    assert [checks.judge_deletion(curve, orders, "region").status for curve in flat] == ["passed"] * 2 + [
        "doubtful"
    ] * 3
    assert checks.judge_deletion(flat[2], orders, "region").control == 4.5


def test_completeness() -> None:
    for relative, status in ((0.001, "passed"), (0.05, "doubtful"), (0.2, "failed"), (None, "not possible")):
        assert checks.judge_completeness(Completeness(0.1, 2.0, relative)).status == status


def test_noise_against_the_maps_own_spread() -> None:
    values = np.array([[-1.0, 1.0]], np.float32)
    for error, status in ((0.3, "passed"), (0.7, "doubtful"), (1.2, "failed")):
        assert checks.judge_noise(values, np.full_like(values, error)).status == status
    assert checks.judge_noise(np.ones_like(values), values**2).status == "failed"  # a flat map is all noise


def test_maps_are_alike_or_not(rng: torch.Generator) -> None:
    a, noise = torch.randn(2, 400, generator=rng)
    near, far = a + 0.7 * noise, a + 3 * noise
    assert [checks.judge_repetition(a, b).status for b in (a, near, far, noise)] == [
        "passed",
        "passed",
        "doubtful",
        "failed",
    ]
    assert [checks.judge_stability(a, b, 0.9, "Slight noise leaves").status for b in (a, near, far, noise)] == [
        "passed",
        "passed",
        "doubtful",
        "failed",
    ]


def test_a_map_must_go_with_the_weights(rng: torch.Generator) -> None:
    a, noise = torch.randn(2, 400, generator=rng)
    found = [checks.judge_randomisation(a, b, 0.9).status for b in (a, a + 0.5 * noise, a + noise, noise, -a)]
    assert found == ["failed", "doubtful", "passed", "passed", "passed"]
