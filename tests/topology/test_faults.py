"""Processes and machines die with jobs in flight (S25, S28): none lost, none half, none twice, none other than alone.

`JOBS_IN_FLIGHT` says how many jobs there are each time; `make soak` flies 200.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import httpx2 as httpx
import pytest

from app.storage.store import Store
from tests.app.storage.test_away import small_disk
from tests.server import PATIENCE, serving, until
from tests.topology.conftest import Lab
from tests.topology.flight import Flight, Outcome, flying
from tests.topology.test_pool import workers

pytestmark = pytest.mark.topology

JOBS = int(os.environ.get("JOBS_IN_FLIGHT", "20"))


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


FAULTS: tuple[Callable[[Lab], None], ...] = (worker_process, probe, ray_node, dispatcher, web_replica, postgres)


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
    assert flight.outcome() == undisturbed
    assert flight.attempts() <= 2  # one job was running, and one more may have begun while the other was found dead
    # users hear of the thing itself, or that they should ask again in a minute
    assert set(flight.heard) <= {200, 201, 204, 503}, flight.heard
    assert all("Nothing was lost; try again in a minute." in sentence for sentence in flight.sentences)


def test_s28_a_disk_that_fills_up_holds_jobs_up_and_loses_none(tmp_path: Path) -> None:
    """With SQLite and the embedded pool: what they wait for is room."""
    home = tmp_path / "home"
    home.mkdir()
    settings = {"WHYLENS_MODEL": "planted_shortcut", "WHYLENS_JOBS_PER_OWNER": "500", "WHYLENS_THREADS": "1"}
    with small_disk(home, "64m"), serving(home, **settings) as server:
        store = Store.at(f"sqlite:///{home / 'whylens.db'}")
        with httpx.Client(base_url=server.url, timeout=PATIENCE) as client, flying(client, store) as flight:
            flight.depart(JOBS)
            flight.under_way()
            ballast = home / "ballast"
            subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=4k"], capture_output=True, check=False)
            told = until(lambda: refused(client, flight.asset), "a user is told of it")
            assert "its disk is full. Nothing was lost; try again in a minute." in told
            assert workers(server, "ray::")
            ballast.unlink()
            flight.land()
            flight.outcome()
            assert flight.attempts() == 0
        store.database.close()


def refused(client: httpx.Client, asset: str) -> str | None:
    answer = client.post("/api/v1/explanations", json={"asset": asset, "params": {"n_masks": 16}, "seed": 999})
    return str(answer.json()["error"]["message"]) if answer.status_code == 503 else None
