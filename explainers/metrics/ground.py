"""What is measured of a model and an input before any map is looked at; every map of that class can share it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.designs import bernoulli, halved
from explainers.masking import Baseline, Cells, MaskedScore, ShiftedCells, on
from explainers.metrics.curves import Curve, RandomOrders
from explainers.metrics.players import in_batches
from explainers.metrics.removal import Removal
from explainers.scoring import ModelScore
from explainers.types import Classifier, Output, Precision, Progress

SIDE = 7  # cells along each side for curves and for comparing maps
STEPS = 7  # steps of a curve
ORDERS = 16  # random orders
MASKS = 8  # cells along each side of the soft masks
HALVES = 144  # masked copies that hide a half, two of each pair
SEVENTHS = 100  # and that hide a seventh
FORWARDS = HALVES + SEVENTHS + 1 + 2 + ORDERS * (STEPS - 1)


@dataclass(frozen=True, eq=False)
class Ground:
    """What removing regions costs, the claimed class first, as curves and as sets of rows.

    One set hides half of the picture, each mask against its complement: hard squares add edges of their own, and what f
    does in even order is in both and cancels. The other hides a seventh: what matters beside all the rest is not what
    matters when half is missing, and a map may be about either.
    """

    classes: tuple[int, ...]
    cells: Cells
    curves: MaskedScore
    orders: tuple[Curve, ...]
    removals: tuple[Removal, ...]


def survey(
    model: Classifier,
    x: Float[Tensor, "c h w"],
    target: int,
    output: Output,
    against: int | None,
    baseline: Baseline,
    precision: Precision,
    seed: int,
) -> Iterator[Progress[Ground | None]]:
    """The ground comes with the last row. Curves are float32, since their areas are shown; halves as `precision`."""
    rng = torch.Generator().manual_seed(seed)
    h, w = x.shape[-2:]
    cells = grid(x)
    curves = on(ModelScore(model, (target,), output, against=against), x, baseline, cells)
    done = 0
    for step in RandomOrders(n=ORDERS, steps=STEPS).evaluate(curves, rng):
        orders, done = step.result, step.done
        yield Progress(done, FORWARDS, None)
    others = (k for k in range(len(model.labels)) if k not in (target, against))
    score = ModelScore(model, (target, *others), output, precision, against=against)
    masks = ShiftedCells(MASKS, MASKS, (h, w))
    z = torch.cat([halved(HALVES, masks.d - 2, 2, rng), bernoulli(SEVENTHS, masks.d - 2, 2, 1 - 1 / 7, rng)])
    whole = score(score.place(x)[None])
    done += 1
    for scores in in_batches(on(score, x, baseline, masks), z):
        if len(scores) < len(z):
            yield Progress(done + len(scores), FORWARDS, None)
    halves, sevenths = scores.split([HALVES, SEVENTHS])
    removals = (
        Removal(masks, z[0:HALVES:2], 2, halves[1::2] - halves[0::2]),
        Removal(masks, z[HALVES:], 1, whole - sevenths),
    )
    yield Progress(FORWARDS, FORWARDS, Ground(score.classes, cells, curves, orders, removals))


def grid(x: Float[Tensor, "c h w"]) -> Cells:
    """The cells on which maps are ranked and compared."""
    return Cells(SIDE, SIDE, (x.shape[-2], x.shape[-1]))
