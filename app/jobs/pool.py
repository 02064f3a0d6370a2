"""The Ray pool: a dispatcher that owns the jobs, tasks that compute them, a warm probe for quick questions."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from threading import BoundedSemaphore
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import ray
from ray import exceptions

from app import failures
from app.jobs import cluster
from app.jobs.dispatcher import Dispatcher
from app.jobs.gpus import GpuMemory
from app.jobs.worker import Probe
from app.jobs.workshop import THREADS, Workshop, group_of
from app.metrics import QUESTIONS
from app.settings import Settings
from app.unavailable import UnavailableError

LOG = logging.getLogger("whylens")

T = TypeVar("T")
P = ParamSpec("P")

NAMESPACE = "whylens"
HEADS = 2  # classifiers that may be on their way to be fitted, one of them being fitted
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
