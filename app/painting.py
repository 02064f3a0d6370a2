"""Painting on an explained picture: what the model answers then, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, cast, get_args

from app.description import unedited
from app.failures import MENDABLE, RequestError
from app.jobs.cells import Cells
from app.jobs.paint import AT_ONCE, PLACES, Divided, Elsewhere, Filled, Painted
from app.jobs.rescore import Rescored
from app.jobs.spec import JobSpec
from app.jobs.workshop import Workshop
from app.service import Service, found, minted
from app.storage.names import LONGEST, displayed
from app.storage.revisions import Revision, Sketch
from app.storage.runs import Run
from explainers.painting import Fill, Mode

MOST = 200  # revisions of one explanation


def canvas(desk: Service, owner: str, id: str) -> Run[JobSpec]:
    """The finished explanation of a picture that is painted on. Raises RequestError for any other."""
    run = desk.run(desk.explanation(owner, id))
    if run.spec.kind != "image":
        raise RequestError("Pictures are painted on; this explanation is about a text.")
    if run.state != "done":
        raise RequestError(f"An explanation is painted on when it is done; this one is {run.state}.")
    desk.may_ask(owner, run.spec.model)
    return run


def size(run: Run[JobSpec]) -> tuple[int, int]:
    """Of the model's input: what the brush is laid on."""
    h, w = run.look["card"]["size"]
    return h, w


def paint(desk: Service, run: Run[JobSpec], amount: bytes, mode: Mode, fill: Fill) -> dict[str, Any]:
    """The classes of the painted picture beside those of the picture as it was."""
    rows = desk.pool.ask(Workshop.stroke, run.key, Painted(amount=amount, size=size(run), mode=mode, fill=fill))
    return {**unedited(run.look), "probabilities": rows[0]}


def control(desk: Service, run: Run[JobSpec], amount: bytes, mode: Mode, fill: Fill, part: int) -> dict[str, Any]:
    """The same classes with the same area at some of the other places."""
    asked = Elsewhere(amount=amount, size=size(run), mode=mode, fill=fill, part=part)
    rows = desk.pool.ask(Workshop.control, run.key, asked)
    return {"classes": unedited(run.look)["classes"], "done": (part + 1) * AT_ONCE, "of": PLACES, "probabilities": rows}


def fills(desk: Service, run: Run[JobSpec], amount: bytes, mode: Mode) -> dict[str, Any]:
    """The same classes under every fill."""
    rows = desk.pool.ask(Workshop.control, run.key, Filled(amount=amount, size=size(run), mode=mode))
    return {"classes": unedited(run.look)["classes"], "fills": get_args(Fill), "probabilities": rows}


def score(desk: Service, run: Run[JobSpec], added: bytes, target: int) -> dict[str, Any]:
    """The edited map judged as an explanation, beside the machine's and random orders."""
    return desk.pool.ask(Workshop.control, run.key, Rescored(added=added, size=size(run), target=target))


def regions(desk: Service, run: Run[JobSpec]) -> bytes:
    return desk.pool.ask(Workshop.control, run.key, Divided())


def cells(desk: Service, run: Run[JobSpec], off: Iterable[int]) -> dict[str, Any]:
    """The classes with cells of the concept layer off, beside those with all of them on."""
    return {**unedited(run.look), **desk.pool.ask(Workshop.stroke, run.key, Cells(off=frozenset(off)))}


def revisions(desk: Service, owner: str, id: str) -> list[dict[str, Any]]:
    """The newest first."""
    return [told(each) for each in desk.store.revisions.of(desk.explanation(owner, id).id)]


def sketch(amount: bytes, target: int, mode: Mode, fill: Fill, note: str) -> Sketch:
    """What is told of a revision without its planes. Raises RequestError."""
    if len(note) > LONGEST:
        raise RequestError(f"note must have at most {LONGEST} characters; got {len(note)}")
    area = sum(amount) / (255 * max(1, len(amount)))
    return Sketch(target=target, mode=mode, fill=fill, area=area, note=displayed(note).strip())


def keep(
    desk: Service, owner: str, id: str, planes: bytes, sketch: Sketch, parent: str | None, *, branch: bool
) -> dict[str, Any]:
    """One more revision. Raises ConflictError when `parent` is not the newest and no branch is asked for."""
    run = canvas(desk, owner, id)
    h, w = size(run)
    if len(planes) != 2 * h * w:
        raise RequestError(
            f"A revision must have 2 \u00d7 {h} \u00d7 {w} = {2 * h * w:,} bytes, what is painted and then what is "
            f"added to the map; got {len(planes):,}."
        )
    if sketch.target not in run.spec.classes:
        raise RequestError(f"target must be one of the classes that were read; got {str(sketch.target)[:20]}")
    if len(desk.store.revisions.of(id)) >= MOST:
        raise RequestError(f"This explanation has {MOST} revisions, which is the limit.")
    above = None if parent is None else revision(desk, owner, id, parent).id
    return told(desk.store.revisions.put(id, owner, planes, sketch, above, branch=branch))


def answered(desk: Service, run: Run[JobSpec], revision: Revision) -> list[float] | None:
    """What the model answers to the painted picture, in the order of `unedited`; None where it is not to be had."""
    h, w = size(run)
    amount = desk.store.revisions.planes(revision)[: h * w]
    mode, fill = cast("Mode", revision.sketch.mode), cast("Fill", revision.sketch.fill)
    asked = Painted(amount=amount, size=(h, w), mode=mode, fill=fill)
    try:
        (row,) = desk.pool.ask(Workshop.stroke, run.key, asked)
    except MENDABLE:  # the model has changed, or is gone
        return None
    return row


def revision(desk: Service, owner: str, id: str, revision: str) -> Revision:
    kept = desk.store.revisions.get(minted(revision))
    return found(kept if kept and kept.explanation == desk.explanation(owner, id).id else None, "revision")


def planes(desk: Service, owner: str, id: str, revision_id: str) -> bytes:
    return desk.store.revisions.planes(revision(desk, owner, id, revision_id))


def told(revision: Revision) -> dict[str, Any]:
    """As the API has it."""
    values = asdict(revision)
    del values["explanation"], values["sha256"]
    sketch = values.pop("sketch")
    return {**values, **sketch}
