"""What is measured of a model and an input before any map is looked at; every map of that class can share it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from explainers.designs import bernoulli, halved
from explainers.metrics.curves import Curve, RandomOrders
from explainers.metrics.players import PlayedScore, in_batches
from explainers.metrics.removal import Removal
from explainers.metrics.setting import Setting
from explainers.scoring import ModelScore, grid_of
from explainers.types import Classifier, Output, Precision, Progress

STEPS = 7  # steps of a curve, at most
ORDERS = 16  # random orders
HALVES = 144  # hidden copies that lack a half, two of each pair
SEVENTHS = 100  # and that lack a seventh


@dataclass(frozen=True, eq=False)
class Ground:
    """What removing parts costs, the claimed class first, as curves and as sets of rows.

    One set hides half of the input, each row against its complement: what f does in even order is in both and cancels.
    The other hides a seventh: what matters beside all the rest is not what matters when half is missing, and a map may
    be about either.
    """

    classes: tuple[int, ...]
    curves: PlayedScore
    orders: tuple[Curve, ...]
    removals: tuple[Removal, ...]


def steps(place: Setting) -> int:
    """Of a curve: no more than there are parts."""
    return min(STEPS, place.d)


def forwards(place: Setting) -> int:
    """What a survey costs: 343 for a picture."""
    return HALVES + SEVENTHS + 1 + 2 + ORDERS * (steps(place) - 1)


def survey(
    model: Classifier,
    place: Setting,
    target: int,
    output: Output,
    against: int | None,
    precision: Precision,
    seed: int,
) -> Iterator[Progress[Ground | None]]:
    """The ground comes with the last row. Curves are float32, since their areas are shown; halves as `precision`."""
    rng, total = torch.Generator().manual_seed(seed), forwards(place)
    curves = place.curves(ModelScore(model, (target,), output, against=against))
    done = 0
    for step in RandomOrders(n=ORDERS, steps=steps(place)).evaluate(curves, rng):
        orders, done = step.result, step.done
        yield Progress(done, total, None)
    others = (k for k in range(len(model.labels)) if k not in (target, against))
    score = ModelScore(model, (target, *others), output, precision, against=against)
    d = place.masks - place.shifts
    z = torch.cat([halved(HALVES, d, place.shifts, rng), bernoulli(SEVENTHS, d, place.shifts, 1 - 1 / 7, rng)])
    whole = score(score.place(grid_of(place.x))[None]).cpu()
    done += 1
    for scores in in_batches(place.hiding(score), z):
        if len(scores) < len(z):
            yield Progress(done + len(scores), total, None)
    halves, sevenths = scores.split([HALVES, SEVENTHS])
    removals = (
        Removal(place, z[0:HALVES:2], 2, halves[1::2] - halves[0::2]),
        Removal(place, z[HALVES:], 1, whole - sevenths),
    )
    yield Progress(total, total, Ground(score.classes, curves, orders, removals))
