"""Many writers at once, in threads and in processes: nothing lost, nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from sqlalchemy import select

from app.storage.store import Store
from app.storage.tables import PreviewRow
from tests.app.conftest import rows
from tests.app.storage.conftest import asked, opened, upload

THREADS = 8

T = TypeVar("T")

WORKER = """
import json, sys
from app.storage.store import Store
from tests.app.storage.conftest import opened
url, owner = sys.argv[1:]
store = Store.at(url)
print("ready", flush=True)
sys.stdin.readline()
store.database.upgrade()
key = opened(store, owner)[0].run
claims = [store.runs.claim(key) for _ in range(25)]
kept = [store.runs.report(key, claims[-1], i, 25, b"preview") for i in range(25)]
fresh = [opened(store, owner, seed)[1] for seed in range(1, 11)]
print(json.dumps({"claims": claims, "kept": kept, "fresh": fresh}))
"""


def at_once(act: Callable[[int], T]) -> list[T]:
    """`act(i)` in every thread, none before all are there."""
    together = Barrier(THREADS)

    def acting(i: int) -> T:
        together.wait()
        return act(i)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(acting, range(THREADS)))


def test_claims_in_threads_have_a_number_each(store: Store) -> None:
    key = asked(store).run
    numbers = at_once(lambda _: [store.runs.claim(key) for _ in range(5)])
    assert sorted(number for own in numbers for number in own if number) == list(range(1, 5 * THREADS + 1))
    assert store.runs.get(key).attempt == 5 * THREADS


def test_users_in_threads_share_one_run(store: Store) -> None:
    answers = at_once(lambda i: opened(store, f"user {i}"))
    assert sum(fresh for _, fresh in answers) == 1
    assert len({explanation.id for explanation, _ in answers}) == THREADS
    counted = rows(store)
    assert (counted["runs"], counted["waiters"], counted["blobs"]) == (1, THREADS, 2)


def test_the_same_picture_from_threads_is_one(store: Store) -> None:
    assets = at_once(lambda _: store.assets.put("ann", upload(), "picture"))
    assert len({asset.id for asset in assets}) == 1
    assert rows(store)["blobs"] == 1


def test_one_of_many_finishes_is_kept_whole(store: Store) -> None:
    key = asked(store).run
    attempt = store.runs.claim(key)
    assert attempt is not None
    kept = at_once(lambda i: store.runs.finish(key, attempt, 10, {"by": i}, {"2": b"map %d" % i}))
    assert sum(kept) == 1
    run = store.runs.get(key)
    assert run.result is not None
    assert run.result["by"] == kept.index(True)
    assert store.runs.blob(key, run.result["blobs"]["2"]) == b"map %d" % run.result["by"]
    assert rows(store)["result_blobs"] == 1


def test_the_last_of_many_who_leave_stops_the_run(store: Store) -> None:
    key = asked(store, "user 0").run
    for i in range(THREADS):
        asked(store, f"user {i}")
    assert sum(at_once(lambda i: store.runs.leave(key, f"user {i}"))) == 1
    assert store.runs.get(key).state == "cancelled"


def test_two_processes_on_one_new_database(url: str) -> None:
    """They start at once: one applies the migrations, the other waits for it."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, owner],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for owner in ("bob", "eve")
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    answers = []
    for worker in workers:
        out, error = worker.communicate()
        assert worker.returncode == 0, error
        answers.append(json.loads(out))
    one, two = answers
    assert sorted(one["claims"] + two["claims"]) == list(range(1, 51))
    # who claimed last is heard to the end; the other at most until then, and never again after a refusal
    last, former = (one, two) if 50 in one["claims"] else (two, one)
    assert all(last["kept"])
    assert former["kept"] == sorted(former["kept"], reverse=True)
    assert [a + b for a, b in zip(one["fresh"], two["fresh"], strict=True)] == [1] * 10
    store = Store.at(url)
    with store.database.read() as session:
        assert session.scalars(select(PreviewRow)).one().version == 25
    counted = rows(store)
    assert (counted["runs"], counted["explanations"], counted["assets"]) == (11, 22, 2)
    store.database.close()
