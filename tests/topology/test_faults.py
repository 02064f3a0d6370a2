"""Processes and machines die with jobs in flight (S25, S28): none lost, none half, none twice, none other than alone.

`JOBS_IN_FLIGHT` says how many jobs there are each time; `make soak` flies 200.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread

import httpx2 as httpx
import pytest
from PIL import Image
from sqlalchemy import select

from app.storage.store import Store
from app.storage.tables import RunRow
from tests.disks import failing_disk, small_disk
from tests.server import PATIENCE, serving, until
from tests.soak import told
from tests.topology.clock import YEAR
from tests.topology.conftest import Lab, described
from tests.topology.flight import Flight, Outcome, flying

pytestmark = pytest.mark.topology

AGAIN = "Nothing was lost; try again in a minute."
JOBS = int(os.environ.get("JOBS_IN_FLIGHT", "20"))
ALONE = {"WHYLENS_MODEL": "planted_shortcut", "WHYLENS_JOBS_PER_OWNER": "500", "WHYLENS_THREADS": "1"}


@pytest.fixture(scope="module")
def store(lab: Lab) -> Iterator[Store]:
    store = lab.store()
    yield store
    store.database.close()


@pytest.fixture
def ann(lab: Lab) -> Iterator[httpx.Client]:
    with lab.user("ann") as client:
        yield client


@pytest.fixture(scope="module")
def undisturbed(lab: Lab, store: Store) -> Outcome:
    with lab.user("ann") as client, flying(client, store) as flight:
        flight.depart(JOBS)
        flight.land()
        assert flight.attempts() == 0
        return flight.outcome()


@pytest.fixture
def flight(lab: Lab, store: Store, ann: httpx.Client, undisturbed: Outcome) -> Iterator[Flight]:  # noqa: ARG001  (flown before)
    with flying(ann, store) as flight:
        yield flight
        lab.mend()


def worker_process(lab: Lab) -> None:
    for process in lab.processes("worker", "ray::compute"):
        process.kill()


def probe(lab: Lab) -> None:
    for process in lab.processes("worker", "ray::Probe"):
        process.kill()


def ray_node(lab: Lab) -> None:
    lab.topology.kill("worker")
    lab.up("worker")


def dispatcher(lab: Lab) -> None:
    for process in lab.processes("head", "ray::Dispatcher"):
        process.kill()


def web_replica(lab: Lab) -> None:
    lab.topology.kill("web-1")  # the one that has made the dispatcher
    lab.up("web-1")


def postgres(lab: Lab) -> None:
    lab.topology.kill("postgres")
    lab.up("postgres")


def ray_head(lab: Lab) -> None:
    """All that belonged to it end when they see it gone, and are started again as compose would."""
    belonging = ("worker", "web-1", "web-2")
    lab.topology.kill("head")
    for name in belonging:
        until(partial(gone, lab, name), f"{name} has seen that the head is gone")
    for name in ("head", *belonging):
        lab.up(name)


def gone(lab: Lab, name: str) -> bool:
    return not lab.topology.running(name)


FAULTS: tuple[Callable[[Lab], None], ...] = (
    worker_process,
    probe,
    ray_node,
    dispatcher,
    web_replica,
    postgres,
    ray_head,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_s25_nothing_is_lost_or_changed(
    fault: Callable[[Lab], None], lab: Lab, flight: Flight, undisturbed: Outcome
) -> None:
    flight.depart(JOBS)
    doomed = flight.doom(seed=1)
    flight.under_way()
    damage = Thread(target=fault, args=[lab])
    damage.start()
    flight.cancel(doomed)
    flight.land()
    damage.join()
    outcome = flight.outcome()
    told(f"fault: {fault.__name__}", **flight.figures(outcome))
    assert outcome == undisturbed
    assert flight.attempts() <= 2  # one job was running, and one more may have begun while the other was found dead
    # users hear of the thing itself, or that they should ask again in a minute
    assert set(flight.heard) <= {200, 201, 204, 503}, flight.heard
    assert all(AGAIN in sentence for sentence in flight.sentences)


def test_s28_a_clock_that_jumps_changes_nothing(lab: Lab, store: Store, flight: Flight, undisturbed: Outcome) -> None:
    """The worker's, by more than a year, forward and then back: who owns a run is told by attempts, not by the time."""
    try:
        flight.depart(JOBS // 2)
        flight.under_way()
        lab.clock.jump(1.1 * YEAR)
        until(lambda: max(ends(store, flight)) > time.time() + YEAR, "a run ends in more than a year")
        flight.depart(JOBS - JOBS // 2, first=JOBS // 2)
        doomed = flight.doom(seed=1)
        lab.clock.jump(-1.1 * YEAR)
        until(lambda: min(ends(store, flight)) < time.time() - YEAR, "a run has ended more than a year ago")
        flight.cancel(doomed)
        flight.land()
        outcome = flight.outcome()
        told("fault: clock jumps", **flight.figures(outcome))
        assert outcome == undisturbed
        assert flight.attempts() == 0
    finally:
        lab.clock.set()


def ends(store: Store, flight: Flight) -> list[float]:
    """When those that have ended did, as whoever ended them saw it; now, while none has."""
    query = select(RunRow.finished).where(RunRow.key.in_(list(flight.asked.values())), RunRow.finished.is_not(None))
    with store.database.read() as session:
        return [float(at) for at in session.scalars(query) if at is not None] or [time.time()]


def test_s28_a_disk_that_turns_read_only_loses_no_job(tmp_path: Path) -> None:
    """Under the running server, which has its files open; then mended, and the server started again."""
    home = tmp_path / "home"
    home.mkdir()
    with failing_disk(home, "96m") as disk:
        with serving(home, **ALONE) as server, httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
            store = Store.at(f"sqlite:///{home / 'whylens.db'}")
            flight = Flight(client, store, described(client.post("/api/v1/examples/coffee"))["id"])
            flight.depart(JOBS)
            doomed = flight.doom(seed=1)
            flight.under_way()
            disk.fail()
            assert client.post(f"/api/v1/explanations/{doomed}/cancel").status_code == 503
            sentence = until(lambda: refused(client), "a user is told of it")
            assert sentence.endswith(AGAIN)
            assert re.search(r"its disk (is read-only|cannot be used)", sentence)  # SQLite says either
            looked = {client.get(f"/api/v1/explanations/{id}").status_code for id in flight.asked}
            assert looked <= {200, 503}
            store.database.close()
        disk.repair()
        with serving(home, **ALONE) as server, httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
            flight.client = client
            flight.cancel(doomed)
            flight.land()
            told("fault: disk turns read-only", **flight.figures(flight.outcome()))
            assert flight.attempts() <= 1
            store.database.close()


def test_s28_a_disk_that_fills_up_holds_jobs_up_and_loses_none(tmp_path: Path) -> None:
    """With SQLite and the embedded pool: what they wait for is room."""
    home = tmp_path / "home"
    home.mkdir()
    with small_disk(home, "64m"), serving(home, **ALONE) as server:
        store = Store.at(f"sqlite:///{home / 'whylens.db'}")
        with httpx.Client(base_url=server.url, timeout=PATIENCE) as client, flying(client, store) as flight:
            flight.depart(JOBS)
            doomed = flight.doom(seed=1)
            flight.under_way()
            with filled(home):
                sentence = until(lambda: refused(client), "a user is told of it")
                assert "its disk is full. Nothing was lost; try again in a minute." in sentence
                assert server.processes("ray::")
                # what is small may find room in the database's file
                assert client.post(f"/api/v1/explanations/{doomed}/cancel").status_code in (204, 503)
            flight.cancel(doomed)
            flight.land()
            told("fault: disk fills up", **flight.figures(flight.outcome()))
            assert flight.attempts() == 0
        store.database.close()


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """No byte is left on its disk."""
    ballast = folder / "ballast"
    subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=4k"], capture_output=True, check=False)
    try:
        yield
    finally:
        ballast.unlink()


def refused(client: httpx.Client) -> str | None:
    """What is said of a picture that is refused. It is large: what is small may find room in the database's file."""
    noise = io.BytesIO()
    Image.frombytes("RGB", (1000, 1000), os.urandom(3_000_000)).save(noise, "PNG", compress_level=0)
    answer = client.post("/api/v1/assets", content=noise.getvalue())
    return str(answer.json()["error"]["message"]) if answer.status_code == 503 else None
