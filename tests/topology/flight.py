"""Many jobs in flight while something dies: what was asked, and whether all of it came out as if nothing had."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
from sqlalchemy import delete, func, select

from app.storage import runs
from app.storage.store import Store
from app.storage.tables import ExplanationRow, PreviewRow, ResultBlobRow, RunRow, WaiterRow
from tests.server import PATIENCE, until

QUESTION: dict[str, Any] = {"method": "rise", "model": "planted_shortcut", "params": {"n_masks": 300}}
ENDLESS: dict[str, Any] = {
    "method": "rise",
    "model": "planted_shortcut",
    "params": {"n_masks": 32768, "estimator": "centred"},
}
PATIENCE_FOR_ALL = 30 * PATIENCE  # for as many as 1,000 jobs

Outcome = dict[str, dict[str, str]]  # of each run, the hashes of its parts: equal hashes are equal bytes


@dataclass
class Flight:
    """`asked` are explanations with their runs; `heard` how often each kind of answer came meanwhile."""

    client: httpx.Client
    store: Store
    asset: str
    asked: dict[str, str] = field(default_factory=dict)
    cancelled: dict[str, str] = field(default_factory=dict)
    heard: Counter[int] = field(default_factory=Counter)
    sentences: set[str] = field(default_factory=set)
    began: float = field(default_factory=time.monotonic)

    def depart(self, jobs: int, first: int = 0, question: dict[str, Any] = QUESTION) -> None:
        """Seeds count from `first`: those of the same picture, question and seed are one run."""
        for seed in range(first, first + jobs):
            id = self._ask(seed=seed, **question)
            self.asked[id] = self._run(id)

    def doom(self, seed: int) -> str:
        """One more, which would take long and is not to end by itself."""
        id = self._ask(seed=seed, **ENDLESS)
        self.cancelled[id] = self._run(id)
        return id

    def cancel(self, id: str) -> None:
        """As a user does: again, when it was said that it could not be done."""
        until(lambda: self._said("POST", f"explanations/{id}/cancel") is not None, f"{id} can be cancelled")

    def under_way(self) -> None:
        """At least one is running and one waits."""

        def mixed() -> bool:
            states = set(self.states().values())
            return {"running", "queued"} <= states

        until(mixed, "some jobs run while others wait")

    def land(self) -> None:
        """Look as users do until all have ended."""

        def ended() -> bool:
            for id in [*self.asked, *self.cancelled]:
                told = self._said("GET", f"explanations/{id}")
                if told is None or told["progress"]["state"] in ("queued", "running"):
                    return False
            return True

        until(ended, f"all jobs end; now {Counter(self.states().values())}", PATIENCE_FOR_ALL)

    def states(self) -> dict[str, str]:
        query = select(RunRow.key, RunRow.state).where(RunRow.key.in_(list(self.asked.values())))
        with self.store.database.read() as session:
            return {key: state for key, state in session.execute(query)}  # noqa: C416  (rows are no pairs to mypy)

    def outcome(self) -> Outcome:
        """None lost, none half stored, none doubled: raises AssertionError, or tells the bytes."""
        keys = list(self.asked.values())
        with self.store.database.read() as session:
            rows = session.scalars(select(RunRow).where(RunRow.key.in_(keys))).all()
            assert len(rows) == len(keys) == len(set(keys))
            assert {row.state for row in rows} == {"done"}, Counter(row.error for row in rows)
            named = session.scalar(select(func.count()).select_from(ExplanationRow).where(ExplanationRow.run.in_(keys)))
            assert named == len(keys)
            outcome: Outcome = {}
            for row in rows:
                assert row.result is not None
                assert row.done == row.total
                outcome[row.key] = row.result["blobs"]
                kept = set(session.scalars(select(ResultBlobRow.sha256).where(ResultBlobRow.run == row.key)))
                assert kept == set(row.result["blobs"].values())
            for key in self.cancelled.values():
                stopped = session.get_one(RunRow, key)
                assert (stopped.state, stopped.result) == ("cancelled", None)
                assert not session.scalars(select(ResultBlobRow).where(ResultBlobRow.run == key)).all()
            for table in (PreviewRow, WaiterRow):
                assert session.scalar(select(func.count()).select_from(table).where(table.run.in_(keys))) == 0
        return outcome

    def figures(self, outcome: Outcome) -> dict[str, object]:
        """For a report, once all have landed."""
        return {
            "jobs asked for": len(self.asked),
            "done and whole": len(outcome),
            "attempts beyond one each": self.attempts(),
            "answers by status": {str(status): n for status, n in sorted(self.heard.items())},
            "seconds": round(time.monotonic() - self.began, 1),
        }

    def attempts(self) -> int:
        """Beyond one each."""
        query = select(func.sum(RunRow.attempt - 1)).where(RunRow.key.in_(list(self.asked.values())))
        with self.store.database.read() as session:
            return session.scalar(query) or 0

    def forget(self) -> None:
        """As if nobody had ever asked."""
        with self.store.database.write() as session:
            for id, key in {**self.asked, **self.cancelled}.items():
                session.execute(delete(ExplanationRow).where(ExplanationRow.id == id))
                session.flush()
                runs.drop(session, key)

    def _ask(self, **question: Any) -> str:
        body = {"asset": self.asset, **question}
        told = until(lambda: self._said("POST", "explanations", body), "a question is taken")
        return str(told["id"])

    def _run(self, id: str) -> str:
        with self.store.database.read() as session:
            return session.get_one(ExplanationRow, id).run

    def _said(self, method: str, path: str, body: Any = None) -> Any:
        """None where it is to be asked again, which must be said in a sentence."""
        answer = self.client.request(method, f"/api/v1/{path}", json=body)
        self.heard[answer.status_code] += 1
        if answer.is_success:
            return answer.json() if answer.content else {}
        if answer.status_code == 503:
            self.sentences.add(answer.json()["error"]["message"])
        return None


@contextmanager
def flying(client: httpx.Client, store: Store) -> Iterator[Flight]:
    """With one picture, which is there before."""
    answer = client.post("/api/v1/examples/coffee")
    assert answer.is_success, answer.text
    flight = Flight(client, store, answer.json()["id"])
    try:
        yield flight
    finally:
        flight.forget()
