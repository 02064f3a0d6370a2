"""Room for new results: those that nobody has used for longest go, as far as they can be computed again.

What a user has made stays: the explanation, its input, names, edits, notes, comparisons, links and what they show.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.jobs.heads import PREFIX
from app.jobs.spec import UNFINISHED
from app.storage import runs
from app.storage.database import Database
from app.storage.tables import (
    BlobRow,
    ConceptsRow,
    ExplanationRow,
    HeadRow,
    NoteRow,
    ResultBlobRow,
    RevisionRow,
    RunRow,
    ShareBlobRow,
)

# what was computed or looked at in the last hour is not taken away under its user's eyes; uses are known to the hour
SAFE_SECONDS = 2 * runs.SECONDS_BETWEEN_USES
FEW = 50  # looked for at a time
EVICTED = "The result made room for others; try again, and the same is computed once more."


def stored_bytes(database: Database) -> int:
    """Of all inputs, results, edits and sets of pictures."""
    with database.read() as session:
        return int(session.scalar(select(func.sum(BlobRow.size))) or 0)  # of the index alone: bytes are not read


def make_room(database: Database, most: int, now: float) -> int:
    """Take away results, the least recently used first, until no more than `most` bytes are stored.

    Each goes in a transaction of its own, whole or not at all. How many went.
    """
    gone = 0
    while stored_bytes(database) > most:
        with database.read() as session:
            few = [key for key, _ in zip(_dispensable(session, now), range(FEW), strict=False)]
        if not few:
            return gone
        for key in few:
            if stored_bytes(database) <= most:
                return gone
            with database.write() as session:
                # asked once more where nobody else writes: it may have been named, shared, or looked at meanwhile
                if key in _dispensable(session, now, key):
                    runs.empty(session, key, EVICTED)
                    gone += 1
    return gone


def _dispensable(session: Session, now: float, key: str | None = None) -> Iterator[str]:
    """Keys of finished runs whose results nobody would miss; `key`: only that one."""
    named = or_(RunRow.spec["asset"].as_string().is_not(None), RunRow.spec["manifest"].as_string().is_not(None))
    used = func.coalesce(RunRow.used, RunRow.finished)
    query = (
        select(RunRow.key, RunRow.spec["model"].as_string())
        .where(RunRow.state == "done", named, used < now - SAFE_SECONDS, *(~reason for reason in _reasons()))
        .order_by(used, RunRow.key)
    )
    if key is not None:
        query = query.where(RunRow.key == key)
    kept = _arranged(session)
    for found, model in session.execute(query).all():
        # without its classifier it could not be computed again
        lost = model.startswith(PREFIX) and session.get(HeadRow, model.removeprefix(PREFIX)) is None
        if found not in kept and not lost:
            yield found


def _reasons() -> tuple[ColumnElement[bool], ...]:
    """Why the result of a run stays."""
    explained, studied = ExplanationRow.run == RunRow.key, ConceptsRow.run == RunRow.key
    shown = select(ShareBlobRow.share).join(ResultBlobRow, ResultBlobRow.sha256 == ShareBlobRow.sha256)
    edited = select(RevisionRow.id).join(ExplanationRow, ExplanationRow.id == RevisionRow.explanation)
    noted = select(NoteRow.id).join(ExplanationRow, ExplanationRow.id == NoteRow.explanation)
    noted_of_studies = select(NoteRow.id).join(ConceptsRow, ConceptsRow.id == NoteRow.concepts)
    judging = RunRow.__table__.alias("judging")
    judged = select(judging.c.key).where(
        judging.c.spec["explanation"].as_string() == RunRow.key, judging.c.state.in_(UNFINISHED)
    )
    return (
        shown.where(ResultBlobRow.run == RunRow.key).exists(),
        select(ExplanationRow.id).where(and_(explained, ExplanationRow.name.is_not(None))).exists(),
        edited.where(explained).exists(),
        noted.where(explained).exists(),
        noted_of_studies.where(studied).exists(),
        judged.exists(),
    )


def _arranged(session: Session) -> set[str]:
    """Runs of explanations that were laid side by side, and of studies in which something has a name."""
    rows = session.execute(select(ExplanationRow.id, ExplanationRow.run, ExplanationRow.view)).all()
    run_of = {id: run for id, run, _ in rows}
    kept: set[str] = set()
    for _, run, view in rows:
        if beside := view.get("compare"):
            kept |= {run, *(run_of[id] for id, _ in beside if id in run_of)}
    studies = session.execute(select(ConceptsRow.run, ConceptsRow.view))
    return kept | {run for run, view in studies if any(view.values())}
