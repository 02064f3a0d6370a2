"""The Ray pool: a dispatcher that owns the jobs, tasks that compute them, a warm probe for quick questions.

The dispatcher keeps no state that the database does not have: when it dies, its tasks die with it, and its restart
queues again whatever is unfinished. The only file that imports ray.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from functools import lru_cache, partial
from pathlib import Path
from threading import BoundedSemaphore, RLock, Timer
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import ray
import torch
from ray import exceptions

from app import failures
from app.jobs.activations import ActivationCache
from app.jobs.queue import FairQueue
from app.jobs.run import execute
from app.jobs.shelf import Shelf
from app.jobs.spec import UNFINISHED, TrustSpec
from app.jobs.workshop import THREADS, Workshop, group_of
from app.settings import Settings
from app.storage.store import Store

T = TypeVar("T")
P = ParamSpec("P")

NAMESPACE = "whylens"
DEATHS = 3  # of the worker on one run, before it is the run's own fault
SECONDS_TO_STOP = 2.0  # an interrupt is felt between two operators; after this the process goes
HEADS = 2  # classifiers that may be on their way to be fitted, one of them being fitted
OBJECT_STORE_BYTES = 100_000_000  # nothing large travels through Ray: results go to the database


class Pool(Protocol):
    """What the application asks of whoever computes."""

    def ask(self, question: Callable[Concatenate[Workshop, P], T], *args: P.args, **kwargs: P.kwargs) -> T: ...
    def submit(self, key: str, owner: str) -> None: ...
    def cancel(self, key: str) -> None: ...
    def position(self, key: str) -> int | None: ...
    def ready(self) -> bool: ...
    def close(self) -> None: ...


class RayPool:
    """Starts Ray or joins a cluster, with dispatcher and probe. Raises RuntimeError without token authentication."""

    def __init__(self, settings: Settings) -> None:
        _authenticate(settings.home)
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        # processes share the cores: threads that spin while they wait for each other would take them from the others
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        os.environ["RAY_worker_niceness"] = "0"  # jobs lower their own; the probe must not be lowered with them
        if settings.ray_address:
            ray.init(settings.ray_address, namespace=NAMESPACE, log_to_driver=False)
        else:
            ray.init(
                num_cpus=settings.job_slots,
                namespace=NAMESPACE,
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                _node_ip_address="127.0.0.1",
                logging_level=logging.ERROR,
            )
        named = {
            "namespace": NAMESPACE,
            "get_if_exists": True,
            "lifetime": "detached",
            "max_restarts": -1,
            "num_cpus": 0,
        }
        grouped: Any = ray.remote(concurrency_groups=dict(THREADS))  # type: ignore[call-overload]  # ray's stubs lack it
        probe: Any = grouped(Probe).options(name="probe", **named)
        dispatcher: Any = ray.remote(Dispatcher).options(name="dispatcher", max_concurrency=8, **named)
        self._probe, self._dispatcher = probe.remote(settings), dispatcher.remote(settings)
        self._heads = BoundedSemaphore(HEADS)
        self._warm = [self._probe.ask.remote("cards"), _remote(settings, warm)]

    def ask(self, question: Callable[Concatenate[Workshop, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Waits for the answer. Raises RequestError, for a classifier to be made also while others are."""
        group = group_of(question)
        with self._room() if group == "heads" else nullcontext():
            answer: T = _answer(
                self._probe.ask.options(concurrency_group=group).remote(question.__name__, *args, **kwargs)
            )
            return answer

    @contextmanager
    def _room(self) -> Iterator[None]:
        # each that waits holds a thread of the web process
        if not self._heads.acquire(blocking=False):
            raise failures.RequestError("Other classifiers are being made; ask again in a minute.")
        try:
            yield
        finally:
            self._heads.release()

    def submit(self, key: str, owner: str) -> None:
        _answer(self._dispatcher.submit.remote(key, owner))

    def cancel(self, key: str) -> None:
        _answer(self._dispatcher.cancel.remote(key))

    def position(self, key: str) -> int | None:
        place: int | None = _answer(self._dispatcher.position.remote(key))
        return place

    def ready(self) -> bool:
        """True once the probe and one job worker have loaded the first model. Raises what went wrong there."""
        done, waiting = ray.wait(self._warm, num_returns=len(self._warm), timeout=0)
        _answer(done)
        return not waiting

    def close(self) -> None:
        ray.shutdown()


class Dispatcher:
    """Starts queued jobs as slots become free. Its methods run in several threads, one lock for all."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runs = Store.at(settings.database).runs
        self._queue = FairQueue()
        self._running: dict[Any, str] = {}  # task → key of its run
        self._deaths: Counter[str] = Counter()
        self._lock = RLock()
        for key, owner in self._runs.unfinished():
            self._runs.requeue(key)
            self._put(owner, key)
        self._start()

    def submit(self, key: str, owner: str) -> None:
        with self._lock:
            self._put(owner, key)
            self._start()

    def _put(self, owner: str, key: str) -> None:
        """What a user asks for starts before judgements, which are asked for by looking at what is done."""
        self._queue.put(owner, key, patient=isinstance(self._runs.get(key).spec, TrustSpec))

    def cancel(self, key: str) -> None:
        """The run is already marked: a job that has not started is forgotten, a running one interrupted."""
        with self._lock:
            if self._queue.drop(key):
                return
            for task in [task for task, running in self._running.items() if running == key]:
                ray.cancel(task, force=False)
                timer = Timer(SECONDS_TO_STOP, self._kill, [task])
                timer.daemon = True
                timer.start()

    def position(self, key: str) -> int | None:
        with self._lock:
            return self._queue.position(key)

    def _start(self) -> None:
        while len(self._running) < self._settings.job_slots and (next_job := self._queue.take()):
            owner, key = next_job
            task = _remote(self._settings, compute, key)
            self._running[task] = key
            task.future().add_done_callback(partial(self._ended, task, key, owner))

    def _kill(self, task: Any) -> None:
        with self._lock:
            if task in self._running:
                ray.cancel(task, force=True)

    def _ended(self, task: Any, key: str, owner: str, outcome: Future[None]) -> None:
        with self._lock:
            del self._running[task]
            match outcome.exception():
                case None | exceptions.TaskCancelledError():
                    pass
                case exceptions.WorkerCrashedError() | exceptions.NodeDiedError() | exceptions.OutOfMemoryError():
                    self._again(key, owner)
                case error:
                    self._runs.fail(key, failures.sentence(error))
            self._start()

    def _again(self, key: str, owner: str) -> None:
        run = self._runs.find(key)
        if run is None or run.state not in UNFINISHED:  # cancelled by force: nobody waits for it
            return
        self._deaths[key] += 1
        if self._deaths[key] == DEATHS:
            del self._deaths[key]
            self._runs.fail(key, f"The worker died {DEATHS} times on this; it may need more memory than there is.")
            return
        self._runs.requeue(key)
        self._put(owner, key)


class Probe:
    """The workshop in a process of its own."""

    def __init__(self, settings: Settings) -> None:
        torch.set_num_threads(settings.threads)
        store = Store.at(settings.database)
        self._workshop = Workshop(settings, store, _shelf(settings, store), _cache(settings))
        self._workshop.warm()

    def ask(self, question: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._workshop, question)(*args, **kwargs)


def compute(settings: Settings, key: str) -> None:
    store, shelf = _desk(settings)
    execute(store, shelf, key, _cache(settings))


def warm(settings: Settings) -> None:
    _desk(settings)[1].get(settings.model)


@lru_cache(maxsize=1)
def _desk(settings: Settings) -> tuple[Store, Shelf]:
    """What a worker process keeps from job to job."""
    os.setpriority(os.PRIO_PROCESS, 0, 19)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # how Ray cancels; a background shell has it ignored
    torch.set_num_threads(settings.threads)
    store = Store.at(settings.database)
    return store, _shelf(settings, store)


def _shelf(settings: Settings, store: Store) -> Shelf:
    return Shelf(settings.models, allow_pth=settings.allow_pth, heads=store.heads.definition)


def _cache(settings: Settings) -> ActivationCache:
    return ActivationCache(settings.home / "activations", settings.activation_cache_bytes)


def _remote(settings: Settings, task: Callable[..., None], *args: str) -> Any:
    """One job slot's worth of Ray. Retries are the dispatcher's: the attempt must rise with each."""
    return ray.remote(task).options(num_cpus=1, num_gpus=settings.gpus_per_job, max_retries=0).remote(settings, *args)


def _answer(answer: Any) -> Any:
    """Wait for an answer; an error made for the user must reach them as it was raised."""
    try:
        return ray.get(answer)
    except exceptions.RayTaskError as error:
        raise error.cause from error


def _authenticate(home: Path) -> None:
    """Ray runs whatever code reaches its ports, so every client must show the token of this home folder."""
    token = home / "ray_token"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not token.exists():
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(32))
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN_PATH"] = str(token)
    auth: Any = ray._raylet
    auth.Config.initialize("")  # ray reads the mode at import, which was before this
    if auth.get_authentication_mode() != auth.AuthenticationMode.TOKEN:
        raise RuntimeError("The pool would accept anybody's code: Ray's token authentication could not be switched on.")
