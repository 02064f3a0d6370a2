"""Runs: what is queued, running, finished; guarded by the attempt, so that a late worker cannot write."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import delete, func, null, select, update
from sqlalchemy.orm import Session

from app.jobs.spec import UNFINISHED, ConceptSpec, JobSpec, Spec, State, TrustSpec, spec_from
from app.storage import blobs
from app.storage.database import Database
from app.storage.tables import (
    BatchItemRow,
    BatchRow,
    ExplanationRow,
    PreviewRow,
    ResultBlobRow,
    RunRow,
    ThumbnailRow,
    WaiterRow,
)

SECONDS_BETWEEN_USES = 3600.0  # looking at a result must not write each time

S = TypeVar("S", JobSpec, TrustSpec, ConceptSpec, Spec, covariant=True)


@dataclass(frozen=True)
class Run(Generic[S]):
    """A run as it stands. `look` is what the model answered on the unmasked input, `input` what it saw.

    Of concepts, `look` has the model's card, and `input` is the manifest of their set.
    """

    key: str
    spec: S
    look: dict[str, Any]
    input: str
    state: State
    attempt: int
    done: int
    total: int
    preview: int
    result: dict[str, Any] | None
    error: str | None
    submitted: float
    started: float | None
    finished: float | None
    used: float | None


@dataclass(frozen=True)
class Runs:
    database: Database

    def get(self, key: str) -> Run[Spec]:
        """Raises LookupError: keys come from our own rows, never from a user."""
        with self.database.read() as session:
            return _run(session, _row(session, key))

    def missing(self, key: str) -> bool:
        """Whether asking for it means computing it: never asked before, or failed, or cancelled."""
        with self.database.read() as session:
            row = session.get(RunRow, key)
            return row is None or row.state in ("failed", "cancelled")

    def find(self, key: str) -> Run[Spec] | None:
        with self.database.read() as session:
            row = session.get(RunRow, key)
            return _run(session, row) if row else None

    def unfinished(self) -> list[tuple[str, str]]:
        """(key, one waiting owner) of all that is queued or was running, oldest first."""
        query = (
            select(RunRow.key, func.min(WaiterRow.owner))
            .join(WaiterRow, WaiterRow.run == RunRow.key)
            .where(RunRow.state.in_(UNFINISHED))
            .group_by(RunRow.key, RunRow.submitted)
            .order_by(RunRow.submitted)
        )
        with self.database.read() as session:
            return [(key, owner) for key, owner in session.execute(query)]

    def waiting(self, owner: str) -> int:
        """How many unfinished runs this user waits for; those that a batch of theirs has asked for aside."""
        batched = (
            select(BatchItemRow.run)
            .join(BatchRow, BatchRow.id == BatchItemRow.batch)
            .where(BatchItemRow.run == RunRow.key, BatchItemRow.state == "asked", BatchRow.owner == owner)
        )
        query = (
            select(func.count())
            .select_from(WaiterRow)
            .join(RunRow, RunRow.key == WaiterRow.run)
            .where(WaiterRow.owner == owner, RunRow.state.in_(UNFINISHED), ~batched.exists())
        )
        with self.database.read() as session:
            return session.scalar(query) or 0

    def look_at(self, run: Run[Spec]) -> None:
        """Remember that a result is of use, once an hour; where nothing is written, not at all."""
        if run.state == "done" and _forgotten(run.used) and not self.database.reads_only:
            with self.database.write() as session:
                session.execute(update(RunRow).where(RunRow.key == run.key).values(used=time.time()))

    def claim(self, key: str) -> int | None:
        """Take the run for a new attempt and return its number; None when nobody wants it any more."""
        with self.database.write() as session:
            row = session.get(RunRow, key)
            if row is None or row.state not in UNFINISHED:
                return None
            row.state, row.attempt, row.started = "running", row.attempt + 1, time.time()
            row.done = 0
            session.execute(delete(PreviewRow).where(PreviewRow.run == key))
            return row.attempt

    def follow(self, key: str, spec: TrustSpec, owner: str) -> bool:
        """Join or open a run about the run `key`, with its look and input; True when it has to be computed now."""
        with self.database.write() as session:
            about = _row(session, key)
            return enter(session, spec, about.look, about.input, owner)

    def requeue(self, key: str) -> None:
        """Back to the queue: what the former worker still writes is refused, and the next claim raises the attempt."""
        with self.database.write() as session:
            session.execute(
                update(RunRow).where(RunRow.key == key, RunRow.state.in_(UNFINISHED)).values(state="queued")
            )

    def report(self, key: str, attempt: int, done: int, total: int, preview: bytes) -> bool:
        """Progress and a coarse map; False when this attempt is no longer the one, and should stop."""
        with self.database.write() as session:
            row = _owned(session, key, attempt)
            if row is None:
                return False
            row.done, row.total = done, total
            former = session.get(PreviewRow, key)
            if former is None:
                session.add(PreviewRow(run=key, version=1, data=preview))
            else:
                former.version, former.data = former.version + 1, preview
            return True

    def finish(self, key: str, attempt: int, total: int, result: Mapping[str, Any], parts: Mapping[str, bytes]) -> bool:
        """Store manifest and blobs in one transaction. `result["blobs"]` comes to hold part name → sha256."""
        with self.database.write() as session:
            row = _owned(session, key, attempt)
            if row is None:
                return False
            shas = {name: blobs.put(session, data) for name, data in parts.items()}
            for sha256 in set(shas.values()):
                session.merge(ResultBlobRow(run=key, sha256=sha256))
            row.result = {**result, "blobs": shas}
            row.done = row.total = total  # a run that settled early has done all it had to
            row.used = time.time()
            _end(session, row, "done")
            return True

    def fail(self, key: str, sentence: str, attempt: int | None = None) -> None:
        """By the attempt, which may no longer be the one; or, without a number, by whoever owns the run."""
        with self.database.write() as session:
            row = session.get(RunRow, key) if attempt is None else _owned(session, key, attempt)
            if row is not None and row.state in UNFINISHED:
                row.error = sentence[:500]
                _end(session, row, "failed")

    def leave(self, key: str, owner: str) -> bool:
        """The user no longer waits; True when nobody is left and the run was cancelled."""
        with self.database.write() as session:
            return _left(session, key, owner)

    def preview(self, key: str) -> bytes | None:
        with self.database.read() as session:
            row = session.get(PreviewRow, key)
            return row.data if row else None

    def blob(self, key: str, sha256: str) -> bytes | None:
        """A blob of this run's own result or its input; None for any other, even if it exists."""
        with self.database.read() as session:
            row = _row(session, key)
            if sha256 != row.input and session.get(ResultBlobRow, (key, sha256)) is None:
                return None
            return blobs.get(session, sha256)

    def asset(self, key: str) -> bytes:
        """The input that the explanation is about."""
        with self.database.read() as session:
            return blobs.get(session, _row(session, key).spec["asset"])


def enter(session: Session, spec: Spec, look: dict[str, Any], input: str, owner: str) -> bool:
    """Join the run of this spec, or open it; True when it has to be computed now."""
    row = session.get(RunRow, spec.key)
    fresh = row is None or row.state in ("failed", "cancelled")
    if row is None:
        row = RunRow(key=spec.key, spec=spec.as_dict(), look=look, input=input, attempt=0, total=0)
        session.add(row)
    if fresh:
        row.state, row.done, row.error, row.started, row.finished = "queued", 0, None, None, None
        row.submitted = time.time()
        session.flush()
    if row.state in UNFINISHED:
        session.merge(WaiterRow(run=row.key, owner=owner))
    elif _forgotten(row.used):
        row.used = time.time()
    return fresh


def _forgotten(used: float | None) -> bool:
    return time.time() - (used or 0.0) >= SECONDS_BETWEEN_USES


def drop(session: Session, key: str) -> str:
    """A run that nobody's row points to, with what it is made of; its input is left, and returned."""
    row = _row(session, key)
    parts = _emptied(session, key)
    session.execute(delete(WaiterRow).where(WaiterRow.run == key))
    session.delete(row)
    session.flush()
    blobs.drop_unnamed(session, parts)
    return row.input


def empty(session: Session, key: str, sentence: str) -> None:
    """A finished run loses its result and says why; whoever asks for it has it computed again."""
    parts = _emptied(session, key)
    values = {"state": "cancelled", "error": sentence, "result": null()}
    session.execute(update(RunRow).where(RunRow.key == key).values(**values))
    blobs.drop_unnamed(session, parts)


def _emptied(session: Session, key: str) -> list[str]:
    """Nothing names what a run is made of any more: its parts, which are returned."""
    parts = list(session.scalars(select(ResultBlobRow.sha256).where(ResultBlobRow.run == key)))
    for table in (ResultBlobRow, PreviewRow, ThumbnailRow):
        session.execute(delete(table).where(table.run == key))
    return parts


def release(session: Session, key: str, owner: str) -> list[str]:
    """A user has one explanation, or picture of a batch, less: if it was their last of this run, they wait no longer.

    Once nobody has one and it is not being computed, the run goes, with its judgements and its input. Which runs were
    cancelled, as nobody waits for them.
    """
    batched = select(BatchRow.owner).join(BatchItemRow, BatchItemRow.batch == BatchRow.id)
    owners = {
        *session.scalars(select(ExplanationRow.owner).where(ExplanationRow.run == key)),
        *session.scalars(batched.where(BatchItemRow.run == key)),
    }
    judged = session.scalars(select(RunRow.key).where(RunRow.spec["explanation"].as_string() == key))
    runs = [*judged.all(), key]
    cancelled = [] if owner in owners else [each for each in runs if _left(session, each, owner)]
    if not owners and _row(session, key).state not in UNFINISHED:
        blobs.drop_unnamed(session, {drop(session, each) for each in runs})
    return cancelled


def _left(session: Session, key: str, owner: str) -> bool:
    """True when nobody is left who waits, and the run was cancelled."""
    session.execute(delete(WaiterRow).where(WaiterRow.run == key, WaiterRow.owner == owner))
    left = session.scalar(select(func.count()).select_from(WaiterRow).where(WaiterRow.run == key))
    row = _row(session, key)
    if left or row.state not in UNFINISHED:
        return False
    _end(session, row, "cancelled")
    return True


def _end(session: Session, row: RunRow, state: State) -> None:
    row.state, row.finished = state, time.time()
    session.execute(delete(PreviewRow).where(PreviewRow.run == row.key))
    session.execute(delete(WaiterRow).where(WaiterRow.run == row.key))


def _row(session: Session, key: str) -> RunRow:
    row = session.get(RunRow, key)
    if row is None:
        raise LookupError(f"run {key} is missing")
    return row


def _owned(session: Session, key: str, attempt: int) -> RunRow | None:
    """None for a run that was taken over, ended, or deleted."""
    row = session.get(RunRow, key)
    return row if row is not None and row.state == "running" and row.attempt == attempt else None


def _run(session: Session, row: RunRow) -> Run[Spec]:
    preview = session.scalar(select(PreviewRow.version).where(PreviewRow.run == row.key))
    return Run(
        key=row.key,
        spec=spec_from(row.spec),
        look=row.look,
        input=row.input,
        state=row.state,  # type: ignore[arg-type]  # the table's check constraint holds it to State
        attempt=row.attempt,
        done=row.done,
        total=row.total,
        preview=preview or 0,
        result=row.result,
        error=row.error,
        submitted=row.submitted,
        started=row.started,
        finished=row.finished,
        used=row.used,
    )
