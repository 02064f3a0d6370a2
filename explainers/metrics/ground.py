"""What is measured of a model and an input before any map is looked at; every map of that class can share it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from explainers.designs import halved
from explainers.masking import Baseline, Cells, MaskedScore, ShiftedCells, on
from explainers.metrics.curves import Curve, RandomOrders
from explainers.metrics.players import in_batches
from explainers.metrics.reach import reachable
from explainers.scoring import ModelScore
from explainers.types import Classifier, Output, Precision, Progress

SIDE = 7  # cells along each side for curves and for comparing maps
STEPS = 7  # steps of a curve
ORDERS = 16  # random orders
HALVES = 8  # cells along each side of the soft masks that hide one half of the image
ROWS = 200  # masked copies, two of each pair
FORWARDS = ROWS + 2 + ORDERS * (STEPS - 1)


@dataclass(frozen=True, eq=False)
class Ground:
    """`lost` is what hiding one half of the image costs more than hiding the other, for every class, the claimed first.

    The halves are RISE's soft masks on a grid at a random shift, and each is scored with its complement: hard squares
    add edges of their own, and what f does in even order is in both and cancels. On photographs this makes an
    additive map's prediction about as good in 100 pairs as a fixed grid of squares in several hundred rows.
    """

    classes: tuple[int, ...]
    cells: Cells
    curves: MaskedScore
    orders: tuple[Curve, ...]
    halves: ShiftedCells
    z: Float[Tensor, "pairs d"]
    lost: Float[Tensor, "pairs t"]
    reach: Float[np.ndarray, " t"]

    def claimed(self, values: Float[Tensor, "h w"]) -> Float[Tensor, " pairs"]:
        """What a map says that `lost` is: Σ φ over what the first hides minus what the second hides, φ · (1 − 2 M)."""
        return torch.cat(
            [
                torch.einsum("bhw,hw->b", 1 - 2 * self.halves.lift(part)[:, 0].double(), values.double())
                for part in self.z.split(32)
            ]
        )


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
    halves = ShiftedCells(HALVES, HALVES, (h, w))
    z = halved(ROWS, halves.d - 2, 2, rng)
    for scores in in_batches(on(score, x, baseline, halves), z):
        if len(scores) < len(z):
            yield Progress(done + len(scores), FORWARDS, None)
    lost = scores[1::2] - scores[0::2]
    reach = reachable(_hidden(halves, z[0::2]), lost)
    yield Progress(FORWARDS, FORWARDS, Ground(score.classes, cells, curves, orders, halves, z[0::2], lost, reach))


def grid(x: Float[Tensor, "c h w"]) -> Cells:
    """The cells on which maps are ranked and compared."""
    return Cells(SIDE, SIDE, (x.shape[-2], x.shape[-1]))


def _hidden(players: ShiftedCells, z: Float[Tensor, "n d"]) -> Float[Tensor, "n q"]:
    """How much of each fixed cell the masks hide: what an additive map is additive over."""
    parts = (F.adaptive_avg_pool2d(1 - players.lift(part), HALVES).flatten(1) for part in z.split(32))
    return torch.cat(list(parts))
