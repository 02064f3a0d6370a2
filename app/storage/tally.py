"""Numbers about the runs, for whoever watches over the server; nothing of what they are about."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Float, func, select

from app.jobs.spec import UNFINISHED
from app.storage.database import Database
from app.storage.tables import RunRow


@dataclass(frozen=True)
class Tally:
    """Of all runs by one method in one state; `seconds` and `forwards` are those of finished ones, added up."""

    method: str
    state: str
    runs: int
    seconds: float
    forwards: float


def tallies(database: Database) -> list[Tally]:
    method = func.coalesce(RunRow.spec["method"].as_string(), RunRow.spec["kind"].as_string(), "other")
    seconds = func.sum(RunRow.finished - RunRow.started)
    forwards = func.sum(RunRow.result["meta"]["forwards"].as_string().cast(Float))
    query = select(method, RunRow.state, func.count(), seconds, forwards).group_by(method, RunRow.state)
    with database.read() as session:
        return [Tally(name, state, n, s or 0.0, f or 0.0) for name, state, n, s, f in session.execute(query)]


def waiting_since(database: Database) -> float | None:
    """When the oldest unfinished run was asked for."""
    with database.read() as session:
        return session.scalar(select(func.min(RunRow.submitted)).where(RunRow.state.in_(UNFINISHED)))
