"""Many users on one replica: their pages go on while their jobs wait, none is lost, none twice, nobody is starved.

Small in `make test`. `make soak` is at full size; `LOAD` scales it: 0.1 is a tenth of the jobs and of the browsers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import httpx2 as httpx
import numpy as np
import psutil
import pytest
from sqlalchemy import select

from app.storage.store import Store
from app.storage.tables import ExplanationRow, RunRow
from tests.server import PATIENCE, Server, until
from tests.soak import told
from tests.topology.flight import Flight, flying
from tests.topology.sockets import Browser, looking_on

LIMIT = 60  # unfinished explanations of one user
HEADER = "x-whylens-user"
SETTINGS = {
    "WHYLENS_MODEL": "planted_shortcut",
    "WHYLENS_THREADS": "1",
    "WHYLENS_JOBS_PER_OWNER": str(LIMIT),
    "WHYLENS_IDENTITY_HEADER": HEADER,
    "WHYLENS_TRUSTED_PROXIES": "127.0.0.1",
}
QUESTION: dict[str, Any] = {"method": "rise", "model": "planted_shortcut", "params": {"n_masks": 64}}
# of which two do not end during one answer, however slow the machine is
LONG: dict[str, Any] = {**QUESTION, "params": {"n_masks": 2000}}
SCALE = float(os.environ.get("LOAD", "1"))
# a server that computes 2,000 a day may then run for a month before it is a GB larger
MOST_BYTES_PER_JOB = 16_384


@dataclass(frozen=True)
class Load:
    """`jobs` are of all owners together."""

    browsers: int
    owners: int
    jobs: int

    @property
    def each(self) -> int:
        return self.jobs // self.owners


SMALL = Load(browsers=5, owners=4, jobs=20)
FULL = Load(browsers=max(1, round(50 * SCALE)), owners=20, jobs=max(20, round(1000 * SCALE)))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("home"), SETTINGS, headers={HEADER: "operator"})
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def store(server: Server) -> Iterator[Store]:
    store = Store.at(f"sqlite:///{server.home / 'whylens.db'}")
    yield store
    store.database.close()


@contextmanager
def flights(server: Server, store: Store, owners: int) -> Iterator[list[Flight]]:
    """One for each owner."""
    with ExitStack() as stack:
        clients = [stack.enter_context(user(server, f"owner {n}")) for n in range(owners)]
        yield [stack.enter_context(flying(client, store)) for client in clients]


def user(server: Server, name: str) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={HEADER: name}, timeout=PATIENCE)


def browser(server: Server, flight: Flight) -> Browser:
    """With a finished explanation open."""
    id = next(iter(flight.asked))
    shown = flight.client.get(f"/api/v1/explanations/{id}").json()
    height, width = shown["look"]["card"]["size"]
    assert height == width
    return Browser(server.url, {HEADER: flight.client.headers[HEADER]}, id, height)


@dataclass(frozen=True)
class Job:
    owner: str
    submitted: float
    finished: float


def finished_jobs(store: Store, flights: Sequence[Flight]) -> list[Job]:
    """In the order of completion, which the database has recorded."""
    keys = [key for flight in flights for key in flight.asked.values()]
    query = (
        select(ExplanationRow.owner, RunRow.submitted, RunRow.finished)
        .join(RunRow, RunRow.key == ExplanationRow.run)
        .where(RunRow.key.in_(keys))
        .order_by(RunRow.finished)
    )
    with store.database.read() as session:
        return [Job(owner, submitted, finished or 0.0) for owner, submitted, finished in session.execute(query)]


@dataclass(frozen=True)
class Turn:
    """Of one owner, while `owners` had jobs that waited: how many jobs of others ended before theirs."""

    owner: str
    others: int
    owners: int

    @property
    def share(self) -> int:
        """How many it would be if all took turns; one where nobody else waited, which may have been under way."""
        return max(1, self.owners - 1)

    @property
    def late(self) -> bool:
        """Twice the share is allowed: one was under way, and one may have been taken before the question was asked."""
        return self.others > 2 * self.share


def turns(jobs: Sequence[Job]) -> list[Turn]:
    """From the asking, or from the end of the owner's job before, to the end of the next.

    Jobs are in the order of completion, computed one at a time.
    """
    found = []
    for owner in {job.owner for job in jobs}:
        own = [n for n, job in enumerate(jobs) if job.owner == owner]
        for before, n in zip([-1, *own], own, strict=False):
            since = max(
                min(job.submitted for job in jobs[n:] if job.owner == owner),
                jobs[before].finished if before >= 0 else 0,
            )
            others = [job for job in jobs[before + 1 : n] if job.finished > since]
            present = {job.owner for job in jobs[before + 1 :] if job.submitted < jobs[n].finished} | {owner}
            found.append(Turn(owner, len(others), len(present)))
    return found


def late(turns: Sequence[Turn]) -> list[Turn]:
    return [turn for turn in turns if turn.late]


def test_the_definition_of_fairness_itself() -> None:
    """Jobs in turns are fair; one owner's in a row are not."""
    by_turns = [Job("abc"[n % 3], 0, n + 1) for n in range(12)]
    assert late(turns(by_turns)) == []
    in_a_row = [Job("a" if n < 9 else "b", 0, n + 1) for n in range(12)]
    assert late(turns(in_a_row)) == [Turn("b", others=9, owners=2)]
    later = [Job("a", 0, n + 1) for n in range(6)] + [Job("b", 5.5, 7)]
    assert late(turns(later)) == [], "who comes late has not waited for what was before"


@pytest.mark.parametrize(
    "load", [pytest.param(SMALL, marks=pytest.mark.topology), pytest.param(FULL, marks=pytest.mark.soak)], ids=str
)
def test_s24_many_at_once(server: Server, store: Store, load: Load) -> None:
    first = 10_000 * load.owners  # seeds of this test alone
    with flights(server, store, load.owners + 1) as (gate, *all_flights):
        for n, flight in enumerate(all_flights):
            flight.depart(1, first + n, QUESTION)
        for flight in all_flights:
            flight.land()
        browsers = [browser(server, all_flights[n % load.owners]) for n in range(load.browsers)]
        with looking_on(browsers):
            until(lambda: all(b.drawn or b.faults for b in browsers), "every page is drawn once")
            # whoever asks first asks for all of theirs before the next: first come, first served would be seen
            held = gate.doom(first)
            until(lambda: progress(gate, held)["state"] == "running", "the line stands still")
            for n, flight in enumerate(all_flights):
                flight.depart(load.each, first + 1000 * (n + 1), QUESTION)
            before = {b: (b.drawn, b.painted) for b in browsers}
            until(
                lambda: all(
                    (b.drawn > drawn and b.painted > painted) or b.faults for b, (drawn, painted) in before.items()
                ),
                "every page goes on beside jobs that wait",
            )
            gate.cancel(held)
            for flight in all_flights:
                flight.land()
        assert [fault for b in browsers for fault in b.faults] == []
        assert all(b.painted for b in browsers)
        outcomes = [flight.outcome() for flight in all_flights]
        for flight, outcome in zip(all_flights, outcomes, strict=True):
            assert len(outcome) == load.each + 1
            assert flight.attempts() == 0
            assert set(flight.heard) <= {200, 201}, flight.heard
        jobs = finished_jobs(store, all_flights)
        assert len(jobs) == load.owners * (load.each + 1)
        waited = turns(jobs[load.owners :])
        told(
            "load: many at once",
            **asdict(load),
            **{
                "done and whole": sum(map(len, outcomes)),
                "pages drawn": sum(b.drawn for b in browsers),
                "strokes answered": sum(b.painted for b in browsers),
                "longest turn, in shares": max(turn.others / turn.share for turn in waited),
                "seconds": round(time.monotonic() - all_flights[0].began, 1),
            },
        )
        assert late(waited) == []


@pytest.mark.topology
def test_s24_beyond_the_limit_a_sentence_and_before_it_a_place(server: Server, store: Store) -> None:
    with flights(server, store, 1) as (flight,):
        endless = flight.doom(seed=700_000)  # the line stands still behind it
        until(lambda: progress(flight, endless)["state"] == "running", "the first job is under way")
        flight.depart(LIMIT - 1, 700_001, QUESTION)
        assert [progress(flight, id)["position"] for id in flight.asked] == list(range(LIMIT - 1))
        body = {"asset": flight.asset, "seed": 710_000, **QUESTION}
        refused = flight.client.post("/api/v1/explanations", json=body)
        assert refused.status_code == 422
        assert f"You have {LIMIT} explanations waiting, which is the limit" in refused.json()["error"]["message"]
        flight.cancel(endless)
        flight.land()
        assert len(flight.outcome()) == LIMIT - 1
        flight.depart(1, 710_000, QUESTION)  # there is room again
        flight.land()


def progress(flight: Flight, id: str) -> dict[str, Any]:
    found: dict[str, Any] = flight.client.get(f"/api/v1/explanations/{id}").json()["progress"]
    return found


@pytest.mark.parametrize(
    "jobs", [pytest.param(12, marks=pytest.mark.topology), pytest.param(200, marks=pytest.mark.soak)]
)
def test_s24_a_noisy_owner_does_not_delay_anothers_probe(server: Server, store: Store, jobs: int) -> None:
    with flights(server, store, 2) as (noisy, quiet):
        quiet.depart(1, 800_000, QUESTION)
        quiet.land()
        page = browser(server, quiet)
        with ThreadPoolExecutor(1) as asking:
            all_asked = asking.submit(noisy.depart, jobs, 801_000 + jobs, LONG)
            until(lambda: len(noisy.asked) > 5 and "queued" in noisy.states().values(), "the noisy one has a queue")
            for _ in range(10):
                done = sum(state == "done" for state in noisy.states().values())
                page.look(quiet.client)
                ended = sum(state == "done" for state in noisy.states().values()) - done
                assert ended <= 2, "one was about to end, and the answer came before the next but one"
            all_asked.result()
        assert page.faults == []
        noisy.land()
        noisy.outcome()
        assert noisy.attempts() == 0


@pytest.mark.soak
def test_s29_memory_does_not_grow_with_the_jobs(server: Server, store: Store) -> None:
    """Bytes per job by a line through what the processes had after each hundredth, the first tenth left out."""
    jobs, owners = max(40, round(2000 * SCALE)), 4
    processes = {"server": [psutil.Process(server.process.pid)] if server.process else []}
    processes |= {name: server.processes(f"ray::{name}") for name in ("Dispatcher", "Probe")}
    samples: list[tuple[int, dict[str, int]]] = []
    with flights(server, store, owners) as all_flights, ThreadPoolExecutor(owners) as asking:
        asked = [
            asking.submit(flight.depart, jobs // owners, 900_000 + 5000 * n, QUESTION)
            for n, flight in enumerate(all_flights)
        ]
        step = max(1, jobs // 100)
        for wanted in range(step, jobs + 1, step):
            until(lambda wanted=wanted: finished_of(all_flights) >= wanted, f"{wanted} jobs end", 5 * PATIENCE)  # type: ignore[misc]  # mypy takes no default in a lambda
            samples.append((wanted, {name: sum(p.memory_info().rss for p in of) for name, of in processes.items()}))
        for each in asked:
            each.result()
        for flight in all_flights:
            flight.land()
            flight.outcome()
    steady = samples[len(samples) // 10 :]
    done = [n for n, _ in steady]
    slopes = {name: float(np.polyfit(done, [sizes[name] for _, sizes in steady], 1)[0]) for name in processes}
    ends = {name: {"first": steady[0][1][name], "last": steady[-1][1][name]} for name in processes}
    told("load: memory", jobs=jobs, owners=owners, **{"bytes per job": slopes, "resident bytes": ends})
    assert slopes["server"] < MOST_BYTES_PER_JOB, slopes
    assert slopes["Dispatcher"] < MOST_BYTES_PER_JOB, slopes


def finished_of(flights: Sequence[Flight]) -> int:
    return sum(state == "done" for flight in flights for state in flight.states().values())
