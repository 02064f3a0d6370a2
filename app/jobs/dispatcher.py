"""Whose job runs where: the dispatcher owns the queue and the tasks.

It keeps no state that the database does not have: when it dies, its tasks die with it, and its restart queues again
whatever is unfinished.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from itertools import count
from threading import RLock, Thread, Timer
from typing import Any

import ray
from ray import exceptions

from app import failures
from app.jobs.feed import Feed, is_place, patience_of
from app.jobs.queue import FairQueue, Job, Patience
from app.jobs.spec import UNFINISHED
from app.jobs.worker import compute, look_upon, warm
from app.settings import Settings
from app.storage.room import make_room
from app.storage.store import Store
from app.unavailable import UnavailableError

LOG = logging.getLogger("whylens")

DEATHS = 3  # of the worker on one run, before it is the run's own fault
DIED = f"The worker died {DEATHS} times on this; it may need more memory than there is."
SECONDS_TO_STOP = 2.0  # an interrupt is felt between two operators; after this the process goes
SECONDS_BETWEEN_SWEEPS = 5.0
SWEEPS_BETWEEN_CLEARINGS = 12


class Dispatcher:
    """Starts queued jobs as slots become free. Its methods run in several threads, one lock for all."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = Store.at(settings.database)
        self._runs = self._store.runs
        self._queue = FairQueue()
        self._feed = Feed(self._store)
        self._running: dict[Any, Job] = {}  # by task; the key is that of a run, or the place of a picture
        self._stopping: set[Any] = set()  # tasks that have been told to end
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
            self._give_way()

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
                self._stop(task)

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

    def _give_way(self) -> None:
        """What somebody has asked for does not wait behind what they can wait for: that is begun again later."""
        wanted = self._queue.first()
        if wanted is None or wanted.patience is not Patience.ASKED:
            return
        own = [task for task, job in self._running.items() if job.owner == wanted.owner]
        patient = [task for task in own if self._running[task].patience is not Patience.ASKED]
        if not patient or not self._stopping.isdisjoint(own):
            return
        key = self._running[patient[-1]].key
        if not is_place(key):
            self._runs.requeue(key)  # at once: what the interrupted one may still write is refused
        self._stop(patient[-1])

    def _stop(self, task: Any) -> None:
        """Interrupted; one that does not feel it is killed."""
        self._stopping.add(task)
        ray.cancel(task, force=False)
        timer = Timer(SECONDS_TO_STOP, self._kill, [task])
        timer.daemon = True
        timer.start()

    def _kill(self, task: Any) -> None:
        with self._lock:
            if task in self._running:
                ray.cancel(task, force=True)

    def _ended(self, task: Any, job: Job, outcome: Future[Any]) -> None:
        with self._lock:
            del self._running[task]
            stopped = task in self._stopping
            self._stopping.discard(task)
            try:
                if is_place(job.key):
                    self._seen(job, outcome, stopped)
                else:
                    self._settle(job, outcome.exception(), stopped)
                self._fill()
                self._start()
            except UnavailableError as error:
                LOG.warning("the next sweep sees to a run that has ended: %s", error)

    def _seen(self, job: Job, outcome: Future[str | None], stopped: bool) -> None:
        """A picture has been looked at: its run is next, unless there is nothing to compute."""
        self._feed.ended(job.key)
        error = outcome.exception()
        if error is None:
            key = outcome.result()
            if key is not None and not self._has(key):
                self._put(job.owner, key)
        elif fault := self._fault(job.key, error, stopped):
            self._feed.failed(job.key, fault)
        else:
            return
        del self._deaths[job.key]

    def _settle(self, job: Job, error: BaseException | None, stopped: bool) -> None:
        run = self._runs.find(job.key)
        if run is None or run.state not in UNFINISHED:  # done, or cancelled: nobody waits for it
            del self._deaths[job.key]
        elif error and (fault := self._fault(job.key, error, stopped)):
            del self._deaths[job.key]
            self._runs.fail(job.key, fault)
        else:  # also where it was asked for again while it was being stopped
            self._runs.requeue(job.key)
            self._put(job.owner, job.key)

    def _fault(self, key: str, error: BaseException, stopped: bool) -> str | None:
        """Why a job is not begun again, in a sentence; None where it is: the fault is not its own, or may not be."""
        match error:
            case _ if stopped:  # whatever became of the interrupt
                return None
            case exceptions.TaskCancelledError() | exceptions.NodeDiedError():
                return None
            case exceptions.RayTaskError() if isinstance(error.cause, UnavailableError):
                return None
            case exceptions.WorkerCrashedError() | exceptions.OutOfMemoryError():
                self._deaths[key] += 1
                return DIED if self._deaths[key] == DEATHS else None
            case _:
                return failures.sentence(error)


def _remote(settings: Settings, task: Callable[..., Any], *args: str, retries: int) -> Any:
    """One job slot's worth of Ray."""
    slot: Any = ray.remote(task).options(num_cpus=1, num_gpus=settings.gpus_per_job, max_retries=retries)
    return slot.remote(settings, *args)
