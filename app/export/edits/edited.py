"""A revision with the map that it is an edit of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, UInt8

from app import painting
from app.access.owner import LOCAL_USER
from app.export.edits.answers import Answers, asked
from app.export.finding import Finding, Hand, of_class
from app.failures import RequestError
from app.jobs import rescore
from app.service import Service
from app.storage.revisions import Revision
from explainers.painting import Mode

WITHOUT: dict[Mode, str] = {"remove": "without that area", "keep": "with nothing but that area"}
STANDS = {"blur": "a blur", "mean": "the mean colour", "noise": "noise", "inpaint": "its surroundings"}


@dataclass(frozen=True, kw_only=True)
class Edited:
    """`machine` is of the class whose map was edited; `planes` what was painted, then what was added to the map.

    `ask` finds out what the model makes of it, some seconds of forwards: None where the model is not to be had.
    """

    machine: Finding
    revision: Revision
    parent: Revision | None
    planes: bytes
    ask: Callable[[], Answers | None]

    @cached_property
    def answers(self) -> Answers | None:
        return self.ask()

    @property
    def amount(self) -> UInt8[np.ndarray, "h w"]:
        """How much of the brush lies on each pixel."""
        return self._plane(0)

    @property
    def added(self) -> UInt8[np.ndarray, "h w"]:
        """128 adds nothing."""
        return self._plane(1)

    @property
    def values(self) -> Float[np.ndarray, "h w"]:
        """The edited map."""
        machine = torch.from_numpy(self.machine.attribution.values)
        values: Float[np.ndarray, "h w"] = rescore.edited(machine, self.added.tobytes()).numpy()
        return values

    @property
    def changed(self) -> float:
        """Share of the pixels whose value was changed."""
        return float((self.added != rescore.MIDDLE).mean())

    @cached_property
    def finding(self) -> Finding:
        """The edited map in the place of the machine's.

        Of that one's standard errors, completeness and judgement nothing holds of it.
        """
        machine = self.machine
        values = replace(machine.attribution, values=self.values, stderr=None, delta=None)
        hand = Hand(self.amount, machine.limits, self.said, self.provenance)
        return replace(machine, attribution=values, report=None, notes=(), hand=hand)

    @property
    def name(self) -> str:
        return f"revision {self.revision.number}"

    @property
    def said(self) -> str:
        """In a line, with what the hatching means."""
        told = [f"Edited by hand: {self.name}"]
        if self.revision.sketch.area:
            told.append(f"hatched is what was painted over, {self.area} of the picture")
        return ", ".join(told)

    @property
    def area(self) -> str:
        return f"{self.revision.sketch.area:.1%}" if self.revision.sketch.area >= 0.001 else "less than 0.1%"

    @property
    def origin(self) -> str:
        """What it was made from."""
        if self.parent is None:
            return "made from the machine\u2019s map"
        return f"made from revision {self.parent.number}, id {self.parent.id}"

    @property
    def by(self) -> str:
        """Whoever else did it has no name here, only an identifier."""
        return "by hand, by the local user" if self.revision.author == LOCAL_USER else "by hand"

    @property
    def provenance(self) -> tuple[str, ...]:
        return (
            f"Edited {self.by}: {self.name}, id {self.revision.id}, {self.origin}, of explanation "
            f"{self.revision.explanation}",
            f"The machine\u2019s map, which was edited: {self.machine.method} on {self.machine.model}",
        )

    def _plane(self, number: int) -> UInt8[np.ndarray, "h w"]:
        shape = self.machine.attribution.values.shape
        plane: UInt8[np.ndarray, "h w"] = np.frombuffer(self.planes, np.uint8).reshape(2, *shape)[number]
        return plane


def of_revision(desk: Service, owner: str, id: str, revision_id: str) -> Edited:
    """Raises RequestError, and NotFoundError for a revision of another explanation or of another's."""
    revision = painting.revision(desk, owner, id, revision_id)
    run = desk.run(desk.explanation(owner, id))
    if run.spec.kind != "image":
        raise RequestError("Edits of texts are not kept, so there is none to export.")
    planes = desk.store.revisions.planes(revision)
    return Edited(
        machine=of_class(desk, owner, id, revision.sketch.target),
        revision=revision,
        parent=None if revision.parent is None else desk.store.revisions.get(revision.parent),
        planes=planes,
        ask=lambda: asked(desk, owner, run, revision, planes),
    )
