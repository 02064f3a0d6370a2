"""Painting: on a network that is linear in its pixels every answer has a closed form."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pytest
import torch
from safetensors.numpy import load
from torch import Tensor, nn

import models
from app.jobs.cells import SETS, Cells
from app.jobs.easel import Brushwork, T
from app.jobs.look import named
from app.jobs.paint import AT_ONCE, PARTS, PLACES, Divided, Elsewhere, Filled, Painted
from app.jobs.question import Question
from app.jobs.rescore import Rescored
from app.jobs.shelf import Shelf
from app.jobs.workshop import Workshop
from app.service import Service
from app.uploads import image
from explainers.painting import Fill, Painting, filled
from tests.app.conftest import picture
from tests.app.inline import InlinePool
from tests.oracles import Linear

SIZE = (40, 56)
QUICK: dict[str, Any] = {"method": "occlusion", "params": {"window": 8, "stride": 8}}


class Additive(nn.Module):
    """The first logit is linear in the pixels, the second is zero: their odds are a sum over pixels."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.linear = Linear(torch.stack([weight, torch.zeros_like(weight)]))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.linear(x)
        return logits


class Pooled(nn.Module):
    """The logits are the mean over cells of 8 pixels of their mean colours."""

    def __init__(self) -> None:
        super().__init__()
        self.places = nn.AvgPool2d(8)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.places(x).mean((2, 3))
        return logits


class Studio:
    """One explained picture, and answers to what is painted on it."""

    def __init__(self, desk: Service, shelf: Shelf, module: nn.Module, labels: tuple[str, ...]) -> None:
        self.model = models.wrap(module.eval(), SIZE, (0.5, 0.4, 0.3), (1.0, 1.0, 1.0), labels, name="studio")
        shelf._loaded["studio"] = self.model
        assert isinstance(desk.pool, InlinePool)
        desk.pool.checking = True  # which methods suit it is nobody's question here
        asset = desk.upload("ann", picture(3, (SIZE[1], SIZE[0])), "noise")
        explanation = desk.ask("ann", asset.id, Question(model="studio", **QUICK))
        self.run, self.pool = desk.run(explanation), desk.pool
        prepared = self.model.prepare(image(desk.store.assets.data(asset)))
        assert isinstance(prepared, Tensor)
        self.x = prepared

    def ask(self, asked: Brushwork[T]) -> T:
        return self.pool.ask(Workshop.control, self.run.key, asked)

    def odds(self, asked: Brushwork[list[list[float]]]) -> list[float]:
        """The first logit less the second, of each row."""
        first, second = (named(self.run.look).index(k) for k in (0, 1))
        return [math.log(row[first] / row[second]) for row in self.ask(asked)]


@pytest.fixture
def weight() -> Tensor:
    return torch.randn(SIZE, generator=torch.Generator().manual_seed(0)) / 100


@pytest.fixture
def studio(desk: Service, shelf: Shelf, weight: Tensor) -> Studio:
    return Studio(desk, shelf, Additive(weight), ("seen", "nothing"))


def brush(*areas: tuple[slice, slice], level: int = 255) -> bytes:
    amount = np.zeros(SIZE, np.uint8)
    for area in areas:
        amount[area] = level
    return amount.tobytes()


AREA = (slice(8, 20), slice(30, 46))
EVERYTHING = (slice(None), slice(None))


def test_unpainted_is_the_unedited_answer_to_the_bit(studio: Studio) -> None:
    look = studio.run.look
    for mode, amount in (("remove", brush()), ("keep", brush(EVERYTHING))):
        asked = Painted(amount=amount, size=SIZE, mode=mode)  # type: ignore[arg-type]
        assert studio.ask(asked) == [look["probabilities"]]


@pytest.mark.parametrize("fill", get_args(Fill))
@pytest.mark.parametrize("level", [255, 51])
def test_an_area_that_goes_takes_exactly_its_part(studio: Studio, weight: Tensor, fill: Fill, level: int) -> None:
    (before,) = studio.odds(Painted(amount=brush(), size=SIZE))
    (after,) = studio.odds(Painted(amount=brush(AREA, level=level), size=SIZE, fill=fill))
    amount = torch.zeros(SIZE)
    amount[AREA] = level / 255
    instead = filled(fill, studio.x, 1 - amount, torch.tensor([0.5, 0.4, 0.3]), studio.run.spec.seed)
    part = (weight * amount * (studio.x - instead).mean(0)).sum().item()
    assert before - after == pytest.approx(part, abs=1e-5)  # float32 probabilities and their logarithm


def test_what_goes_and_what_stays_are_the_whole(studio: Studio) -> None:
    """Of a linear network: f(without) + f(only) = f(all) + f(none), for a fill that does not look at the picture."""
    without, only, everything, nothing = (
        studio.odds(Painted(amount=amount, size=SIZE, mode=mode, fill="mean"))[0]  # type: ignore[arg-type]
        for amount, mode in (
            (brush(AREA), "remove"), (brush(AREA), "keep"), (brush(), "remove"), (brush(), "keep")
        )
    )  # fmt: skip
    assert without + only == pytest.approx(everything + nothing, abs=1e-5)


def test_controls_are_the_same_area_elsewhere(studio: Studio) -> None:
    amount = brush(AREA)
    found = [
        row for part in range(PARTS) for row in studio.odds(Elsewhere(amount=amount, size=SIZE, fill="mean", part=part))
    ]
    assert len(found) == PLACES == PARTS * AT_ONCE
    painted = torch.zeros(SIZE)
    painted[AREA] = 1
    neutral = torch.tensor([0.5, 0.4, 0.3])
    rows = [place.on(studio.x, "mean", neutral) for place in Painting(painted).elsewhere(PLACES, studio.run.spec.seed)]
    with torch.inference_mode():
        logits = studio.model.module(torch.stack(rows))
    assert found == pytest.approx((logits[:, 0] - logits[:, 1]).tolist(), abs=1e-5)


def test_each_fill_is_as_when_chosen(studio: Studio) -> None:
    amount = brush(AREA)
    together = studio.odds(Filled(amount=amount, size=SIZE))
    alone = [studio.odds(Painted(amount=amount, size=SIZE, fill=fill))[0] for fill in get_args(Fill)]
    assert together == pytest.approx(alone, abs=1e-5)


def test_regions_number_every_pixel(studio: Studio) -> None:
    numbers = np.frombuffer(studio.ask(Divided()), "<u2")
    assert len(numbers) == SIZE[0] * SIZE[1]
    assert set(numbers) == set(range(numbers.max() + 1))


def test_an_unedited_map_is_judged_as_the_machines(studio: Studio) -> None:
    told = studio.ask(Rescored(added=bytes([128]) * (SIZE[0] * SIZE[1]), size=SIZE, target=0))
    assert told["edited"] == told["machine"]
    assert len(told["random"]) == 10
    # additive: the machine's own order is the best there is, and its reverse the worst
    assert told["machine"]["deletion"] < min(told["random"])
    assert told["machine"]["insertion"] > max(told["random"])


def test_a_map_turned_upside_down_is_judged_the_other_way_round(studio: Studio) -> None:
    """Of an additive score, deleting from the lowest up has the area of inserting from the highest down."""
    run = studio.run
    assert run.result is not None
    part = studio.pool.store.runs.blob(run.key, run.result["blobs"]["0"])
    assert part is not None
    values = load(part)["values"]
    reach = np.abs(values).max()
    added = np.clip(128 - np.round(127 * 2 * values / reach), 1, 255).astype(np.uint8)
    told = studio.ask(Rescored(added=added.tobytes(), size=SIZE, target=0))
    assert told["edited"]["deletion"] > max(told["random"])
    assert told["edited"]["insertion"] < min(told["random"])


def test_cells_all_on_is_the_unedited_answer_and_off_pools_from_the_rest(desk: Service, shelf: Shelf) -> None:
    studio = Studio(desk, shelf, Pooled(), ("red", "green", "blue"))
    whole = studio.ask(Cells(off=frozenset()))
    assert whole["probabilities"] == whole["before"]
    # by the way of the cut network: float32 rounding
    assert whole["before"] == pytest.approx(studio.run.look["probabilities"], rel=1e-5)
    assert (whole["rows"], whole["columns"], whole["band"]["sets"]) == (5, 7, 0)
    off = {3, 4, 20}
    told = studio.ask(Cells(off=frozenset(off)))
    cells = nn.functional.avg_pool2d(studio.x - torch.tensor([0.5, 0.4, 0.3])[:, None, None], 8).flatten(1)
    on = [k for k in range(35) if k not in off]
    expected = cells[:, on].mean(1).softmax(0)
    assert told["probabilities"] == pytest.approx(expected[list(named(studio.run.look))].tolist(), rel=1e-5)
    assert told["band"]["sets"] == SETS
    assert all(low <= high for low, high in zip(told["band"]["low"], told["band"]["high"], strict=True))
