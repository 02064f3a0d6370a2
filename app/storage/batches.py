"""Users' batches: a set of pictures under one question, and what is known of each picture so far."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, Literal, get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.jobs.manifest import Manifest, Member
from app.jobs.row import Row
from app.jobs.spec import UNFINISHED, JobSpec
from app.storage import blobs, image_sets, runs
from app.storage.database import Database
from app.storage.tables import BatchItemRow, BatchRow, ExplanationRow, RunRow

BatchState = Literal["running", "done", "cancelled"]
ItemState = Literal["asked", "done", "failed"]

FEW = 20  # pictures given up at a time: others write in between


@dataclass(frozen=True)
class Batch:
    """What a link points to. `name` is its set's, `question` what is asked of each of its pictures."""

    id: str
    owner: str
    image_set: str
    name: str
    manifest: str
    question: dict[str, Any]
    images: int
    state: BatchState
    created: float


@dataclass(frozen=True)
class BatchItem:
    """A picture that has been asked about. Its class and probability are known before its map is."""

    number: int
    run: str | None
    state: ItemState
    row: Row
    probability: float | None
    finished: float | None


@dataclass(frozen=True)
class Wanted:
    """A picture that is next, and what is asked of it."""

    sha256: str
    file: str
    question: dict[str, Any]


@dataclass(frozen=True)
class Batches:
    database: Database

    def open(
        self, owner: str, image_set: str, name: str, manifest: str, question: Mapping[str, Any], images: int
    ) -> Batch:
        """One for each user, set and question, which goes on if it had stopped."""
        with self.database.write() as session:
            query = select(BatchRow).where(
                BatchRow.owner == owner, BatchRow.image_set == image_set, BatchRow.manifest == manifest
            )
            row = next((row for row in session.scalars(query) if row.question == dict(question)), None)
            if row is None:
                row = BatchRow(
                    id=uuid.uuid4().hex,
                    owner=owner,
                    image_set=image_set,
                    name=name,
                    manifest=manifest,
                    question=dict(question),
                    images=images,
                    state="running",
                    created=time.time(),
                )
                session.add(row)
            else:
                _resume(session, row)
        return _batch(row)

    def get(self, owner: str, id: str) -> Batch | None:
        """None for an unknown id and for somebody else's: the two must look alike."""
        with self.database.read() as session:
            row = session.get(BatchRow, id)
            return _batch(row) if row and row.owner == owner else None

    def of(self, owner: str) -> list[Batch]:
        """The newest first."""
        query = select(BatchRow).where(BatchRow.owner == owner).order_by(BatchRow.created.desc(), BatchRow.id)
        with self.database.read() as session:
            return [_batch(row) for row in session.scalars(query)]

    def items(self, id: str) -> list[BatchItem]:
        """In the order of the set."""
        query = select(BatchItemRow).where(BatchItemRow.batch == id).order_by(BatchItemRow.number)
        with self.database.read() as session:
            return [_item(row) for row in session.scalars(query)]

    def tally(self, id: str) -> dict[str, int]:
        """How many pictures are in each state; of most nothing is known yet."""
        query = select(BatchItemRow.state, func.count()).where(BatchItemRow.batch == id).group_by(BatchItemRow.state)
        with self.database.read() as session:
            found: dict[str, int] = {}
            found.update((state, count) for state, count in session.execute(query))
        return {state: found.get(state, 0) for state in get_args(ItemState)}

    def latest(self, id: str, most: int) -> list[float]:
        """When pictures were finished, of late, the last one last."""
        query = select(BatchItemRow.finished).where(BatchItemRow.batch == id, BatchItemRow.finished.is_not(None))
        with self.database.read() as session:
            newest = session.scalars(query.order_by(BatchItemRow.finished.desc()).limit(most))
            return sorted(time for time in newest if time is not None)

    def item(self, id: str, number: int) -> BatchItem | None:
        with self.database.read() as session:
            row = session.get(BatchItemRow, (id, number))
            return _item(row) if row else None

    def next(self, ahead: int, looked_at: Set[tuple[str, int]]) -> list[tuple[str, str, int]]:
        """(owner, batch, number) of pictures to begin with, so that `ahead` of a batch are under way.

        `looked_at` are under way without the database knowing. Of an owner's batches the oldest is fed; others wait.
        """
        found: list[tuple[str, str, int]] = []
        fed: set[str] = set()
        query = select(BatchRow).where(BatchRow.state == "running").order_by(BatchRow.created, BatchRow.id)
        with self.database.read() as session:
            for batch in session.scalars(query):
                if batch.owner in fed:
                    continue
                fed.add(batch.owner)
                looked = {number for id, number in looked_at if id == batch.id}
                asked = select(func.count()).where(
                    BatchItemRow.batch == batch.id,
                    BatchItemRow.state == "asked",
                    BatchItemRow.number.not_in(looked),
                )
                room = ahead - len(looked) - (session.scalar(asked) or 0)
                if room > 0:
                    known = looked | set(session.scalars(select(BatchItemRow.number).filter_by(batch=batch.id)))
                    missing = (number for number in range(batch.images) if number not in known)
                    found += [(batch.owner, batch.id, number) for number in islice(missing, room)]
        return found

    def picture(self, id: str, number: int) -> Wanted | None:
        """None once nobody wants it any more, or it has been asked about."""
        with self.database.read() as session:
            batch = session.get(BatchRow, id)
            if batch is None or batch.state != "running" or session.get(BatchItemRow, (id, number)) is not None:
                return None
            member = Manifest.read(blobs.get(session, batch.manifest)).members[number]
            return Wanted(member.sha256, filed(member), batch.question)

    def enter(
        self, id: str, number: int, file: str, spec: JobSpec, look: dict[str, Any], input: bytes, target: int
    ) -> str | None:
        """Join or open the run of a picture; its key where it has yet to be computed."""
        with self.database.write() as session:
            batch = session.get(BatchRow, id)
            if batch is None or batch.state != "running" or session.get(BatchItemRow, (id, number)) is not None:
                return None
            runs.enter(session, spec, look, blobs.put(session, input), batch.owner)
            place = list(look["classes"]).index(target)
            row = Row(file=file, key=spec.key, label=look["labels"][place], target=target, output=spec.output)
            item = BatchItemRow(
                batch=id,
                number=number,
                run=spec.key,
                state="asked",
                told=asdict(row),
                probability=look["probabilities"][place],
            )
            session.add(item)
            session.flush()
            _settle(session, item)
            _end(session, id)
            return spec.key if item.state == "asked" else None

    def fail(self, id: str, number: int, file: str, sentence: str) -> None:
        """A picture of which nothing can be asked."""
        with self.database.write() as session:
            batch = session.get(BatchRow, id)
            if batch is None or batch.state != "running" or session.get(BatchItemRow, (id, number)) is not None:
                return
            told = asdict(Row(file=file, error=sentence[:500]))
            session.add(BatchItemRow(batch=id, number=number, state="failed", told=told, finished=time.time()))
            _end(session, id)

    def settle(self) -> None:
        """Pictures whose runs have ended, however that came about, are told how."""
        query = (
            select(BatchItemRow.batch, BatchItemRow.number)
            .join(RunRow, RunRow.key == BatchItemRow.run)
            .where(BatchItemRow.state == "asked", RunRow.state.not_in(UNFINISHED))
        )
        with self.database.read() as session:
            ended = [(id, number) for id, number in session.execute(query)]
        for id, number in ended:
            with self.database.write() as session:
                item = session.get(BatchItemRow, (id, number))
                if item is not None:
                    _settle(session, item)
                    _end(session, id)

    def alone(self, key: str) -> bool:
        """Whether a run is asked for by batches only: then it can wait."""
        asked = select(BatchItemRow.run).where(BatchItemRow.run == key, BatchItemRow.state == "asked").exists()
        explained = select(ExplanationRow.id).where(ExplanationRow.run == key).exists()
        with self.database.read() as session:
            return bool(session.scalar(select(asked & ~explained)))

    def resume(self, owner: str, id: str) -> bool:
        """Pictures that failed or were not reached are asked about, those done stay; False where it is not theirs."""
        with self.database.write() as session:
            row = session.get(BatchRow, id)
            if row is None or row.owner != owner:
                return False
            _resume(session, row)
            return True

    def cancel(self, owner: str, id: str) -> list[str] | None:
        """What is done stays. Keys of the runs that were cancelled with it; None where it is not theirs."""
        with self.database.write() as session:
            row = session.get(BatchRow, id)
            if row is None or row.owner != owner:
                return None
            if row.state == "running":
                row.state = "cancelled"
            query = select(BatchItemRow).where(BatchItemRow.batch == id, BatchItemRow.state == "asked")
            return _forget(session, owner, list(session.scalars(query)))

    def delete(self, owner: str, id: str) -> list[str] | None:
        """With its runs and pictures, as far as nobody else has them; the rest as `cancel`."""
        cancelled = self.cancel(owner, id)
        if cancelled is None:
            return None
        query = select(BatchItemRow).where(BatchItemRow.batch == id).limit(FEW)
        while True:
            with self.database.write() as session:
                few = list(session.scalars(query))
                cancelled += _forget(session, owner, few)
                if few:
                    continue
                row = session.get(BatchRow, id)
                if row is not None:
                    session.delete(row)
                    session.flush()
                    image_sets.release(session, row.manifest)
                return cancelled


def filed(member: Member) -> str:
    """What a picture is called in a summary: as it lay in its folder."""
    return member.name if member.label is None else f"{member.label}/{member.name}"


def _settle(session: Session, item: BatchItemRow) -> None:
    """Nothing while the run goes on. One that was cancelled by somebody else is asked for again."""
    run = session.get(RunRow, item.run)
    if item.state != "asked" or run is None or run.state in UNFINISHED:
        return
    if run.state == "cancelled":
        session.delete(item)
        return
    item.finished = time.time()
    if run.result is None:
        item.state, item.probability = "failed", None
        item.told = asdict(Row(file=item.told["file"], error=run.error or ""))
        return
    seconds = round((run.finished or 0.0) - (run.started or 0.0), 3)
    scores: Mapping[str, float] = run.result["scores"]
    item.state, item.told = "done", {**item.told, "score": scores[str(item.told["target"])], "seconds": seconds}


def _end(session: Session, id: str) -> None:
    """A batch ends with its last picture."""
    session.flush()
    batch = session.get(BatchRow, id)
    ended = select(func.count()).where(BatchItemRow.batch == id, BatchItemRow.state != "asked")
    if batch is not None and batch.state == "running" and session.scalar(ended) == batch.images:
        batch.state = "done"


def _resume(session: Session, batch: BatchRow) -> None:
    query = select(BatchItemRow).where(BatchItemRow.batch == batch.id, BatchItemRow.state == "failed")
    _forget(session, batch.owner, list(session.scalars(query)))
    count = session.scalar(select(func.count()).where(BatchItemRow.batch == batch.id))
    if count != batch.images:
        batch.state = "running"


def _forget(session: Session, owner: str, items: list[BatchItemRow]) -> list[str]:
    """Pictures as if they had not been asked about. Keys of the runs that nobody waits for any more."""
    keys = {item.run for item in items if item.run is not None}
    for item in items:
        session.delete(item)
    session.flush()
    return [key for run in sorted(keys) for key in runs.release(session, run, owner)]


def _batch(row: BatchRow) -> Batch:
    return Batch(
        row.id,
        row.owner,
        row.image_set,
        row.name,
        row.manifest,
        row.question,
        row.images,
        row.state,  # type: ignore[arg-type]  # the table's check constraint holds it to BatchState
        row.created,
    )


def _item(row: BatchItemRow) -> BatchItem:
    return BatchItem(
        row.number,
        row.run,
        row.state,  # type: ignore[arg-type]  # as above
        Row(**row.told),
        row.probability,
        row.finished,
    )
