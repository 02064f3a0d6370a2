"""What the model makes of an edit, by the questions that the page asks: the numbers are the page's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast, get_args

from app import painting
from app.failures import MENDABLE
from app.jobs.paint import PARTS
from app.jobs.rescore import MIDDLE
from app.jobs.spec import JobSpec
from app.service import Service
from app.storage.revisions import Revision
from app.storage.runs import Run
from explainers.painting import Fill, Mode


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Probabilities of the class: as the picture was, painted, and with the same area at other `places`."""

    mode: Mode
    before: float
    after: float
    low: float
    high: float
    places: int

    @property
    def more_than_chance(self) -> bool:
        return not self.low <= self.after <= self.high


@dataclass(frozen=True)
class Answers:
    """`tried` is empty where nothing was painted, `judged` None where the map was left as it was.

    `judged` is as `painting.score` tells it.
    """

    tried: tuple[Tried, ...]
    judged: dict[str, Any] | None


def asked(desk: Service, owner: str, run: Run[JobSpec], revision: Revision, planes: bytes) -> Answers | None:
    """None where the model has changed, or is gone. Costs at most 42 forwards, and 220 of an edited map."""
    amount, added = planes[: len(planes) // 2], planes[len(planes) // 2 :]
    target, fill = revision.sketch.target, cast("Fill", revision.sketch.fill)
    try:
        desk.may_ask(owner, run.spec.model)
        tried = tuple(_tried(desk, run, amount, mode, fill, target) for mode in get_args(Mode)) if any(amount) else ()
        unchanged = all(byte == MIDDLE for byte in added)
        return Answers(tried, None if unchanged else painting.score(desk, run, added, target))
    except MENDABLE:
        return None


def _tried(desk: Service, run: Run[JobSpec], amount: bytes, mode: Mode, fill: Fill, target: int) -> Tried:
    told = painting.paint(desk, run, amount, mode, fill)
    place = told["classes"].index(target)
    elsewhere = [
        row[place]
        for part in range(PARTS)
        for row in painting.control(desk, run, amount, mode, fill, part)["probabilities"]
    ]
    return Tried(
        mode=mode,
        before=told["before"][place],
        after=told["probabilities"][place],
        low=min(elsewhere),
        high=max(elsewhere),
        places=len(elsewhere),
    )
