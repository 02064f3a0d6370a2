"""A whole set explained: asked for, followed, cancelled and gone on with, read as a table, opened by the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from itertools import pairwise
from typing import Any, Literal, cast

from app import library
from app.export.table import spread
from app.failures import NotFoundError, RequestError
from app.jobs.fitting import refuse_impossible
from app.jobs.manifest import Member
from app.jobs.question import Question
from app.jobs.row import Row
from app.jobs.spec import JobSpec
from app.jobs.workshop import Workshop
from app.service import Service, found, minted, numbered
from app.sets import image_sets
from app.storage.batches import Batch, BatchItem
from app.storage.explanations import Explanation
from app.storage.runs import Run
from app.uploads import Asset
from explainers import registry

MOST = 5  # batches of one user that are not over
PAGE = 50  # rows
LATEST = 20  # pictures by which the pace is told
FEWEST = 4  # before it is
SIDE = 96  # pixels of a thumbnail

Order = Literal["set", "file", "label", "probability", "score", "seconds", "error"]


@dataclass(frozen=True)
class Plan:
    """How many pictures, and about how long they take where nothing else is computed."""

    pictures: int
    seconds: float


def plan(desk: Service, owner: str, image_set: str, question: Question) -> Plan:
    """What asking would cost, measured on the first picture; about one second."""
    model = _model(desk, owner, question)
    members = image_sets.manifest(desk, owner, image_set).members
    data = desk.store.image_sets.picture(members[0].sha256)
    each = desk.pool.ask(Workshop.estimate, model, data, question)
    return Plan(len(members), round(each * len(members) / desk.settings.job_slots, 1))


def ask(desk: Service, owner: str, image_set: str, question: Question) -> Batch:
    """The batch that has asked this of these pictures before, going on if it had stopped; a new one otherwise."""
    model = _model(desk, owner, question)
    manifest = image_sets.manifest(desk, owner, image_set)
    # a question that cannot be asked is refused now, and not by each picture
    first = desk.store.image_sets.picture(manifest.members[0].sha256)
    desk.pool.ask(Workshop.look, model, first, question)
    _refuse_more(desk, owner)
    name = image_sets.get(desk, owner, image_set).name
    params = registry.build(question.method, question.params, question.kind).as_dict()
    asked = asdict(question) | {"model": model, "params": params}
    batch = desk.store.batches.open(owner, image_set, name, manifest.sha256, asked, len(manifest.members))
    desk.pool.feed()
    return get(desk, owner, batch.id)


def listed(desk: Service, owner: str) -> list[dict[str, Any]]:
    """The newest first."""
    return [_facts(batch) for batch in desk.store.batches.of(owner)]


def get(desk: Service, owner: str, id: str) -> Batch:
    return found(desk.store.batches.get(owner, minted(id)), "batch")


def describe(desk: Service, batch: Batch) -> dict[str, Any]:
    """What is asked, and how far it has come. Addresses are relative to the API's root."""
    counted = desk.store.batches.tally(batch.id)
    left = batch.images - counted["done"] - counted["failed"]
    pace = _pace(desk.store.batches.latest(batch.id, LATEST)) if batch.state == "running" else None
    return _facts(batch) | {
        **counted,
        "left": left,
        "waits": any(_before(other, batch) for other in desk.store.batches.of(batch.owner)),
        "seconds_left": None if pace is None else round(pace * left, 1),
        "summary": f"batches/{batch.id}/summary.csv",
    }


def rows(desk: Service, owner: str, id: str, order: Order, down: bool, page: int) -> dict[str, Any]:
    """A page of the pictures that have been asked about; beyond the last it is the last. What is missing comes last."""
    batch = get(desk, owner, id)
    items = desk.store.batches.items(batch.id)
    key = ORDERS[order]
    there = sorted((item for item in items if key(item) is not None), key=key, reverse=down)
    ordered = there + [item for item in items if key(item) is None]
    pages = max(1, -(-len(ordered) // PAGE))
    page = min(max(1, page), pages)
    shown = ordered[(page - 1) * PAGE : page * PAGE]
    return {"rows": [_row(batch, item) for item in shown], "total": len(ordered), "page": page, "pages": pages}


def summary(desk: Service, owner: str, id: str) -> bytes:
    """What the command line writes: a row for each picture that is done or failed, in the order of the set."""
    items = desk.store.batches.items(get(desk, owner, id).id)
    head = [field.name for field in fields(Row)]
    return spread([head, *(astuple(item.row) for item in items if item.state != "asked")])


def cancel(desk: Service, owner: str, id: str) -> Batch:
    """What is done is kept."""
    for run in found(desk.store.batches.cancel(owner, minted(id)), "batch"):
        desk.pool.cancel(run)
    desk.pool.feed()  # another of theirs may have waited for this one
    return get(desk, owner, id)


def resume(desk: Service, owner: str, id: str) -> Batch:
    """Go on with the pictures that were not reached, and try those again that failed."""
    batch = get(desk, owner, id)
    desk.may_ask(owner, batch.question["model"])
    if batch.state != "running":
        _refuse_more(desk, owner)
    desk.store.batches.resume(owner, batch.id)
    desk.pool.feed()
    return get(desk, owner, id)


def delete(desk: Service, owner: str, id: str) -> None:
    """Explanations that were opened from it stay."""
    for run in found(desk.store.batches.delete(owner, minted(id)), "batch"):
        desk.pool.cancel(run)
    desk.pool.feed()


def thumbnail(desk: Service, owner: str, id: str, number: int) -> bytes:
    """A picture, small, as WebP: with its map over it where there is one."""
    batch = get(desk, owner, id)
    member = _member(desk, batch, number)
    item = desk.store.batches.item(batch.id, number)
    if item is not None and item.state == "done" and item.row.target is not None:
        try:
            return library.mapped(desk, _run(desk, item), item.row.target)
        except NotFoundError:  # its result has made room for others
            pass
    return image_sets.small(desk, member.sha256, SIDE)


def explain(desk: Service, owner: str, id: str, number: int) -> Explanation:
    """A picture of a batch as an explanation of one's own: the same run, so there is nothing to wait for."""
    batch = get(desk, owner, id)
    member = _member(desk, batch, number)
    item = found(desk.store.batches.item(batch.id, number), "explained picture")
    if item.run is None or item.row.target is None:
        raise RequestError(f"This picture was not explained: {item.row.error or 'try it again'}")
    run = _run(desk, item)
    desk.refuse_more(owner, run.key)
    asset = desk.store.assets.put(owner, Asset.of_png(desk.store.image_sets.picture(member.sha256)), member.name)
    input = found(desk.store.runs.blob(run.key, run.input), "picture")
    explanation, fresh = desk.store.explanations.open(owner, asset.id, run.spec, run.look, input, item.row.target)
    desk.begin(run.key, owner, run.spec.method, fresh)
    desk.look_at(owner, explanation.id, item.row.target)
    return desk.explanation(owner, explanation.id)


def _model(desk: Service, owner: str, question: Question) -> str:
    """Raises RequestError for what is known to be impossible."""
    model = question.model or desk.settings.usual_model("image")
    desk.may_ask(owner, model)
    refuse_impossible(question.method, desk.known_fits(model))
    return model


def _refuse_more(desk: Service, owner: str) -> None:
    going = sum(batch.state == "running" for batch in desk.store.batches.of(owner))
    if going >= MOST:
        raise RequestError(f"You have {MOST} batches that are not over, which is the limit; cancel one or wait for it.")


def _member(desk: Service, batch: Batch, number: int) -> Member:
    return numbered(desk.store.image_sets.manifest(batch.manifest).members, number, "batch")


def _run(desk: Service, item: BatchItem) -> Run[JobSpec]:
    assert item.run is not None, "only what has been asked has a run"
    run = desk.store.runs.get(item.run)
    assert isinstance(run.spec, JobSpec), "batches point to explanations"
    desk.used(run)
    return cast("Run[JobSpec]", run)


def _pace(times: Sequence[float]) -> float | None:
    """Seconds from one picture to the next, of late. The longest pause is not counted: it may be the user's."""
    if len(times) < FEWEST:
        return None
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    return sum(gaps[:-1]) / (len(gaps) - 1)


def _before(other: Batch, batch: Batch) -> bool:
    """Whether the other one is worked on first."""
    both = other.state == batch.state == "running"
    return both and (other.created, other.id) < (batch.created, batch.id)


def _facts(batch: Batch) -> dict[str, Any]:
    return {
        "id": batch.id,
        "set": {"id": batch.image_set, "name": batch.name, "images": batch.images},
        "question": batch.question,
        "state": batch.state,
        "created": batch.created,
    }


def _row(batch: Batch, item: BatchItem) -> dict[str, Any]:
    here = f"batches/{batch.id}/images/{item.number}/thumbnail?state={item.state}"
    told = {"number": item.number, "state": item.state, "probability": item.probability, "picture": here}
    return asdict(item.row) | told


ORDERS: Mapping[Order, Callable[[BatchItem], Any]] = {
    "set": lambda item: item.number,
    "file": lambda item: item.row.file.casefold(),
    "label": lambda item: item.row.label.casefold() or None,
    "probability": lambda item: item.probability,
    "score": lambda item: item.row.score,
    "seconds": lambda item: item.row.seconds,
    "error": lambda item: item.row.error.casefold() or None,
}
