"""An edited map judged as an explanation: does its order find what decides, compared with the machine's and chance?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from app.jobs.easel import Easel
from app.jobs.paint import plane, refuse_other_size
from explainers.metrics.curves import Curve, Deletion, Insertion, RandomOrders
from explainers.metrics.setting import PictureSetting
from explainers.scoring import ModelScore

ORDERS = 10
MIDDLE, STEPS = 128, 127  # the byte that adds nothing; those from it to the map's reach


@dataclass(frozen=True, kw_only=True)
class Rescored:
    """What was added to the map of `target`, (byte − 128) / 127 of its largest absolute value. Raises RequestError.

    Answers with the areas of the curves of the edited map and of the machine's, and of random orders on the same
    cells, which stand for both curves alike. Costs 220 forwards.
    """

    added: bytes
    size: tuple[int, int]
    target: int

    def __post_init__(self) -> None:
        refuse_other_size("The changes", self.added, self.size)

    def answer(self, easel: Easel) -> dict[str, Any]:
        spec = easel.run.spec
        machine = easel.machine(self.target)
        setting = PictureSetting.of(easel.x, spec.params)
        value = setting.curves(ModelScore(easel.model, (self.target,), spec.output, against=spec.against))

        def areas(values: Float[Tensor, "h w"]) -> dict[str, float]:
            phi = setting.pool(values)
            found: dict[str, float] = {}
            for name, metric in (("insertion", Insertion()), ("deletion", Deletion())):
                *_, last = metric.evaluate(value, phi, torch.Generator().manual_seed(spec.seed))
                found[name] = last.result.area
            return found

        *_, orders = RandomOrders(n=ORDERS).evaluate(value, torch.Generator().manual_seed(spec.seed))
        random: tuple[Curve, ...] = orders.result
        return {
            "edited": areas(edited(machine, self.added)),
            "machine": areas(machine),
            "random": [curve.area for curve in random],
            "output": spec.output,
            "cells": setting.d,
        }


def edited(machine: Float[Tensor, "h w"], added: bytes) -> Float[Tensor, "h w"]:
    """Nothing added is exactly the machine's."""
    change = (plane(added, (machine.shape[0], machine.shape[1])).float() - MIDDLE) / STEPS
    return machine + change * machine.abs().max()
