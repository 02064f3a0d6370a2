"""The Ray pool: a dispatcher that owns the jobs, tasks that compute them, a warm probe for quick questions.

The dispatcher keeps no state that the database does not have: when it dies, its tasks die with it, and its restart
queues again whatever is unfinished. The only file that imports ray.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from functools import lru_cache, partial
from itertools import count
from threading import BoundedSemaphore, RLock, Thread, Timer
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import ray
import torch
from ray import exceptions

from app import failures
from app.jobs import cluster
from app.jobs.activations import ActivationCache
from app.jobs.feed import Feed, is_place, look_at, patience_of
from app.jobs.gpus import GpuMemory
from app.jobs.queue import FairQueue, Job, Patience
from app.jobs.run import execute
from app.jobs.shelf import Shelf
from app.jobs.spec import UNFINISHED
from app.jobs.threads import settle_in
from app.jobs.workshop import THREADS, Workshop, group_of
from app.metrics import QUESTIONS
from app.settings import Settings
from app.storage.room import make_room
from app.storage.store import Store
from app.unavailable import UnavailableError

LOG = logging.getLogger("whylens")

T = TypeVar("T")
P = ParamSpec("P")

NAMESPACE = "whylens"
DEATHS = 3  # of the worker on one run, before it is the run's own fault
DIED = f"The worker died {DEATHS} times on this; it may need more memory than there is."
SECONDS_TO_STOP = 2.0  # an interrupt is felt between two operators; after this the process goes
HEADS = 2  # classifiers that may be on their way to be fitted, one of them being fitted
SECONDS_BETWEEN_SWEEPS = 5.0
SWEEPS_BETWEEN_CLEARINGS = 12
SECONDS_TO_TELL = 1.0  # whoever collects numbers waits ten


class Pool(Protocol):
    """What the application asks of whoever computes."""

    def ask(self, question: Callable[Concatenate[Workshop, P], T], *args: P.args, **kwargs: P.kwargs) -> T: ...
    def submit(self, key: str, owner: str) -> None: ...
    def feed(self) -> None: ...
    def cancel(self, key: str) -> None: ...
    def position(self, key: str) -> int | None: ...
    def memory(self) -> tuple[GpuMemory, ...]: ...
    def ready(self) -> bool: ...
    def close(self) -> None: ...


class RayPool:
    """Starts Ray or joins a cluster, with dispatcher and probe. Raises RuntimeError without token authentication."""

    def __init__(self, settings: Settings) -> None:
        authenticate(settings)
        self._node = cluster.join(settings) if settings.ray_address else None
        if settings.ray_address:
            ray.init(
                cluster.address(settings),
                namespace=NAMESPACE,
                log_to_driver=False,
                _node_ip_address=cluster.node(settings),
                logging_level=logging.ERROR,
            )
        else:
            ray.init(
                "local",  # and not whichever cluster may run on this machine
                num_cpus=settings.job_slots,
                namespace=NAMESPACE,
                include_dashboard=False,
                object_store_memory=cluster.OBJECT_STORE_BYTES,
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
        probe: Any = grouped(Probe).options(
            name="probe",
            max_task_retries=1,  # a question may be asked again; one that kills whom it is put to, not for ever
            resources=cluster.place(settings, "worker"),
            **named,
        )
        dispatcher: Any = ray.remote(Dispatcher).options(
            name="dispatcher", max_concurrency=8, resources=cluster.place(settings, "head"), **named
        )
        self._probe, self._dispatcher = probe.remote(settings), dispatcher.remote(settings)
        self._heads = BoundedSemaphore(HEADS)
        self._warm = [self._probe.ask.remote("cards"), self._dispatcher.warmed.remote()]

    def ask(self, question: Callable[Concatenate[Workshop, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Waits for the answer. Raises RequestError, for a classifier to be made also while others are."""
        group = group_of(question)
        with QUESTIONS.labels(group).time(), self._room() if group == "heads" else nullcontext():
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
        """The run is in the database: a dispatcher that is away finds it there when it is back."""
        self._tell(self._dispatcher.submit.remote(key, owner))

    def feed(self) -> None:
        """There is a batch in the database."""
        self._tell(self._dispatcher.feed.remote())

    def cancel(self, key: str) -> None:
        """The run is marked in the database, so what goes on computing it is refused."""
        self._tell(self._dispatcher.cancel.remote(key))

    def _tell(self, told: Any) -> None:
        try:
            _answer(told)
        except UnavailableError as error:
            LOG.warning("the dispatcher will see for itself: %s", error)

    def position(self, key: str) -> int | None:
        """None also while nobody knows."""
        try:
            place: int | None = _answer(self._dispatcher.position.remote(key))
        except UnavailableError:
            return None
        return place

    def memory(self) -> tuple[GpuMemory, ...]:
        """Of the probe's machine; none also while the probe cannot say, for which nobody who watches waits."""
        told = self._probe.ask.options(concurrency_group="catalogue").remote("memory")
        try:
            gpus: tuple[GpuMemory, ...] = ray.get(told, timeout=SECONDS_TO_TELL)
        except (exceptions.GetTimeoutError, exceptions.RayActorError) as error:
            LOG.warning("the probe does not tell what memory GPUs have: %s", type(error).__name__)
            return ()
        return gpus

    def ready(self) -> bool:
        """True once the probe and one job worker have loaded the first model. Raises what went wrong there."""
        done, waiting = ray.wait(self._warm, num_returns=len(self._warm), timeout=0)
        _answer(done)
        return not waiting

    def close(self) -> None:
        ray.shutdown()
        if self._node:
            self._node.terminate()
            self._node.wait()


class Dispatcher:
    """Starts queued jobs as slots become free. Its methods run in several threads, one lock for all."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = Store.at(settings.database)
        self._runs = self._store.runs
        self._queue = FairQueue()
        self._feed = Feed(self._store)
        self._running: dict[Any, Job] = {}  # by task; the key is that of a run, or the place of a picture
        self._deaths: Counter[str] = Counter()
        self._lock = RLock()
        self._warm = _remote(settings, warm, retries=DEATHS)
        Thread(target=self._sweep, daemon=True).start()

    def _sweep(self) -> None:
        """For ever: a replica may die between a run's row and its word to us, the database be away when it is told."""
        for sweep in count():
            with self._lock:
                try:
                    self._recover()
                    self._fill()
                    self._start()
                except UnavailableError as error:
                    LOG.warning("unfinished runs are looked for again: %s", error)
                except Exception as error:
                    failures.sentence(error)  # logged; one run that cannot be read must not hold up the others
            if sweep % SWEEPS_BETWEEN_CLEARINGS == 0:
                self._clear()
            time.sleep(SECONDS_BETWEEN_SWEEPS)

    def _clear(self) -> None:
        """Room for new results; jobs need not wait for it."""
        if not self._settings.max_stored_bytes:
            return
        try:
            if gone := make_room(self._store.database, self._settings.max_stored_bytes, time.time()):
                LOG.info("%d results unused for longest have made room", gone)
        except UnavailableError as error:
            LOG.warning("room is made later: %s", error)
        except Exception as error:
            failures.sentence(error)  # logged; the sweeps must go on

    def _recover(self) -> None:
        """Queue what the database calls unfinished and nobody here works on."""
        for key, owner in self._runs.unfinished():
            if not self._has(key):
                self._runs.requeue(key)
                self._put(owner, key)

    def submit(self, key: str, owner: str) -> None:
        with self._lock:
            if not self._has(key):
                self._put(owner, key)
            self._start()

    def feed(self) -> None:
        with self._lock:
            self._fill()
            self._start()

    def _fill(self) -> None:
        """A few pictures of each batch: what else its owner asks for goes first, and others have their turns."""
        try:
            places = self._feed.next(self._slots() + 1)
        except UnavailableError:
            raise
        except Exception as error:
            failures.sentence(error)  # logged; a batch that cannot be read must not hold up what else is asked
            return
        for owner, place in places:
            self._queue.put(owner, place, Patience.BATCH)

    def _has(self, key: str) -> bool:
        # one that is being stopped counts: when it has ended, whoever has asked for it again meanwhile is found
        return any(job.key == key for job in self._running.values()) or key in self._queue

    def _put(self, owner: str, key: str) -> None:
        self._queue.put(owner, key, patience_of(self._store, key))

    def warmed(self) -> None:
        """Waits until a worker has loaded the first model. Workers are those of who asks, so it is asked from here."""
        ray.get(self._warm)

    def cancel(self, key: str) -> None:
        """The run is already marked: a job that has not started is forgotten, a running one interrupted."""
        with self._lock:
            if self._queue.drop(key):
                return
            for task in [task for task, job in self._running.items() if job.key == key]:
                ray.cancel(task, force=False)
                timer = Timer(SECONDS_TO_STOP, self._kill, [task])
                timer.daemon = True
                timer.start()

    def position(self, key: str) -> int | None:
        with self._lock:
            return self._queue.position(key)

    def _start(self) -> None:
        while len(self._running) < self._slots() and (job := self._queue.take()):
            work = look_upon if is_place(job.key) else compute
            task = _remote(self._settings, work, job.key, retries=0)  # ours: the attempt must rise with each
            self._running[task] = job
            task.future().add_done_callback(partial(self._ended, task, job))

    def _slots(self) -> int:
        """On a cluster, what its machines offer at the moment."""
        if not self._settings.ray_address:
            return self._settings.job_slots
        return int(ray.cluster_resources().get("CPU", 0))

    def _kill(self, task: Any) -> None:
        with self._lock:
            if task in self._running:
                ray.cancel(task, force=True)

    def _ended(self, task: Any, job: Job, outcome: Future[Any]) -> None:
        with self._lock:
            del self._running[task]
            try:
                if is_place(job.key):
                    self._seen(job.key, job.owner, outcome)
                else:
                    self._settle(job.key, job.owner, outcome.exception())
                self._fill()
                self._start()
            except UnavailableError as error:
                LOG.warning("the next sweep sees to a run that has ended: %s", error)

    def _seen(self, place: str, owner: str, outcome: Future[str | None]) -> None:
        """A picture has been looked at: its run is next, unless there is nothing to compute."""
        self._feed.ended(place)
        match error := outcome.exception():
            case None:
                key = outcome.result()
                if key is not None and not self._has(key):
                    self._put(owner, key)
            case exceptions.TaskCancelledError() | exceptions.NodeDiedError():
                return
            case exceptions.RayTaskError() if isinstance(error.cause, UnavailableError):
                return
            case exceptions.WorkerCrashedError() | exceptions.OutOfMemoryError():
                self._deaths[place] += 1
                if self._deaths[place] < DEATHS:
                    return
                self._feed.failed(place, DIED)
            case _:
                self._feed.failed(place, failures.sentence(error))
        del self._deaths[place]

    def _settle(self, key: str, owner: str, error: BaseException | None) -> None:
        run = self._runs.find(key)
        if run is None or run.state not in UNFINISHED:  # done, or cancelled: nobody waits for it
            del self._deaths[key]
            return
        match error:
            case None | exceptions.TaskCancelledError() | exceptions.NodeDiedError():
                pass  # asked for again while it was being stopped; or its machine is gone, which is not its fault
            case exceptions.RayTaskError() if isinstance(error.cause, UnavailableError):
                pass
            case exceptions.WorkerCrashedError() | exceptions.OutOfMemoryError():
                self._deaths[key] += 1
            case _:
                self._runs.fail(key, failures.sentence(error))
                return
        if self._deaths[key] == DEATHS:
            del self._deaths[key]
            self._runs.fail(key, DIED)
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
        asked = getattr(self._workshop, question)
        settle_in(group_of(asked))
        return asked(*args, **kwargs)


def compute(settings: Settings, key: str) -> None:
    store, shelf = _desk(settings)
    execute(store, shelf, key, _cache(settings))


def look_upon(settings: Settings, place: str) -> str | None:
    return look_at(*_desk(settings), place)


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


def _remote(settings: Settings, task: Callable[..., Any], *args: str, retries: int) -> Any:
    """One job slot's worth of Ray."""
    slot: Any = ray.remote(task).options(num_cpus=1, num_gpus=settings.gpus_per_job, max_retries=retries)
    return slot.remote(settings, *args)


def _answer(answer: Any) -> Any:
    """Wait for an answer; an error made for the user must reach them as it was raised."""
    try:
        return ray.get(answer)
    except exceptions.RayTaskError as error:
        raise error.cause from error
    except exceptions.RayActorError as error:
        raise UnavailableError("Those who compute are being started again.") from error


def authenticate(settings: Settings) -> None:
    """Before anything of Ray is started. Raises RuntimeError where Ray would take anybody's word."""
    os.environ.update(cluster.environment(settings.home))
    auth: Any = ray._raylet
    auth.Config.initialize("")  # ray reads the mode at import, which was before it was set
    if auth.get_authentication_mode() != auth.AuthenticationMode.TOKEN:
        raise RuntimeError("The pool would accept anybody's code: Ray's token authentication could not be switched on.")
