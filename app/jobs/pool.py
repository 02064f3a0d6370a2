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
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path
from threading import BoundedSemaphore, RLock, Timer, get_native_id
from typing import Any, Protocol, TypeVar, get_args

import ray
import torch
from ray import exceptions

import models
from app import failures
from app.jobs.activations import ActivationCache
from app.jobs.asking import ConceptQuestion, Paces, Plan, plan, settle
from app.jobs.easel import Brushwork, Easels
from app.jobs.edit import Edit, Edited, edit
from app.jobs.fitting import NICENESS, FitBook, Fits
from app.jobs.heads import Definition, fitted, prompted
from app.jobs.intervene import Benches, Intervention
from app.jobs.look import Look, look
from app.jobs.pairs import Paired, Pairing, paired
from app.jobs.question import Question
from app.jobs.queue import FairQueue
from app.jobs.run import execute
from app.jobs.shelf import Shelf
from app.jobs.sizing import sized
from app.jobs.spec import UNFINISHED, ConceptSpec, TrustSpec
from app.jobs.threads import alone
from app.settings import Settings
from app.storage.store import Store
from models.card import Kind

T = TypeVar("T")

NAMESPACE = "whylens"
DEATHS = 3  # of the worker on one run, before it is the run's own fault
SECONDS_TO_STOP = 2.0  # an interrupt is felt between two operators; after this the process goes
HEADS = 2  # classifiers that may be on their way to be fitted, one of them being fitted
OBJECT_STORE_BYTES = 100_000_000  # nothing large travels through Ray: results go to the database


class Pool(Protocol):
    """What the application asks of whoever computes."""

    def look(self, model: str, data: bytes, question: Question) -> Look: ...
    def edit(self, model: str, digest: str, asked: Edit) -> Edited: ...
    def pair(self, model: str, digest: str, asked: Pairing) -> Paired: ...
    def settle(self, model: str, question: ConceptQuestion, manifest: str) -> tuple[ConceptSpec, dict[str, Any]]: ...
    def plan(self, model: str, question: ConceptQuestion, shas: Sequence[str]) -> Plan: ...
    def intervene(self, key: str, asked: Intervention) -> dict[str, Any]: ...
    def sizes(self, key: str, k: int, factorizer: str, seed: int) -> dict[str, Any]: ...
    def brush(self, key: str, asked: Brushwork[T]) -> T: ...
    def cards(self) -> tuple[dict[str, Any], ...]: ...
    def fits(self, model: str) -> Fits | None: ...
    def prompt_head(self, base: str, prompts: Mapping[str, Sequence[str]]) -> Definition: ...
    def fit_head(self, base: str, texts: Sequence[str], labels: Sequence[str]) -> Definition: ...
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
        groups = {"quick": 2, "edits": 2, "slow": 1, "concepts": 2, "heads": 1, "strokes": 2, "controls": 1}
        grouped: Any = ray.remote(concurrency_groups=groups)  # type: ignore[call-overload]  # ray's stubs lack it
        probe: Any = grouped(Probe).options(name="probe", max_concurrency=2, **named)
        dispatcher: Any = ray.remote(Dispatcher).options(name="dispatcher", max_concurrency=8, **named)
        self._probe, self._dispatcher = probe.remote(settings), dispatcher.remote(settings)
        self._heads = BoundedSemaphore(HEADS)
        self._warm = [self._probe.cards.remote(), _remote(settings, warm)]

    def look(self, model: str, data: bytes, question: Question) -> Look:
        answer: Look = _answer(self._probe.look.remote(model, data, question))
        return answer

    def edit(self, model: str, digest: str, asked: Edit) -> Edited:
        """What becomes of the classes of a text; it waits for no look that loads a model."""
        edited: Edited = _answer(self._probe.edit.remote(model, digest, asked))
        return edited

    def pair(self, model: str, digest: str, asked: Pairing) -> Paired:
        """What a word says together with each of the others; it waits for no edit."""
        found: Paired = _answer(self._probe.pair.remote(model, digest, asked))
        return found

    def settle(self, model: str, question: ConceptQuestion, manifest: str) -> tuple[ConceptSpec, dict[str, Any]]:
        """The job that answers a question about a set."""
        settled: tuple[ConceptSpec, dict[str, Any]] = _answer(self._probe.settle.remote(model, question, manifest))
        return settled

    def plan(self, model: str, question: ConceptQuestion, shas: Sequence[str]) -> Plan:
        planned: Plan = _answer(self._probe.plan.remote(model, question, tuple(shas)))
        return planned

    def intervene(self, key: str, asked: Intervention) -> dict[str, Any]:
        """What becomes of the classes of a study's image when its concepts are scaled."""
        told: dict[str, Any] = _answer(self._probe.intervene.remote(key, asked))
        return told

    def sizes(self, key: str, k: int, factorizer: str, seed: int) -> dict[str, Any]:
        """What other numbers of concepts of a study would be worth; some seconds."""
        told: dict[str, Any] = _answer(self._probe.sizes.remote(key, k, factorizer, seed))
        return told

    def brush(self, key: str, asked: Brushwork[T]) -> T:
        """About the picture of a finished explanation; strokes wait for no controls."""
        answer: T = _answer(self._probe.brush.options(concurrency_group=asked.group).remote(key, asked))
        return answer

    def cards(self) -> tuple[dict[str, Any], ...]:
        cards: tuple[dict[str, Any], ...] = _answer(self._probe.cards.remote())
        return cards

    def fits(self, model: str) -> Fits | None:
        """Which methods suit the model; None while that is being found out."""
        fits: Fits | None = _answer(self._probe.fits.remote(model))
        return fits

    def prompt_head(self, base: str, prompts: Mapping[str, Sequence[str]]) -> Definition:
        return self._head(lambda: self._probe.prompt_head.remote(base, prompts))

    def fit_head(self, base: str, texts: Sequence[str], labels: Sequence[str]) -> Definition:
        """Waits for it, about a minute for 3,000 sentences on two cores. Raises RequestError when others wait too."""
        return self._head(lambda: self._probe.fit_head.remote(base, texts, labels))

    def _head(self, ask: Callable[[], Any]) -> Definition:
        # each that waits holds a thread of the web process
        if not self._heads.acquire(blocking=False):
            raise failures.RequestError("Other classifiers are being made; ask again in a minute.")
        try:
            definition: Definition = _answer(ask())
            return definition
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
    """Answers what cannot wait behind a job."""

    def __init__(self, settings: Settings) -> None:
        torch.set_num_threads(settings.threads)
        self._settings = settings
        store = Store.at(settings.database)
        self._shelf = _shelf(settings, store)
        self._cache, self._paces = _cache(settings), Paces()
        self._benches = Benches(store, self._shelf, self._cache)
        self._easels = Easels(store, self._shelf)
        self._fits = FitBook(self._shelf)
        self._fits.find(settings.model)  # the first page has it at once
        self._fits.warm(settings.text_model)  # and the first text need not wait for its model

    def look(self, model: str, data: bytes, question: Question) -> Look:
        return look(self._shelf.get(model), data, question)

    @ray.method(concurrency_group="edits")
    def edit(self, model: str, digest: str, asked: Edit) -> Edited:
        return edit(self._shelf.get(model), digest, asked)

    @ray.method(concurrency_group="slow")
    def pair(self, model: str, digest: str, asked: Pairing) -> Paired:
        return paired(self._shelf.get(model), digest, asked)

    @ray.method(concurrency_group="concepts")
    def settle(self, model: str, question: ConceptQuestion, manifest: str) -> tuple[ConceptSpec, dict[str, Any]]:
        return settle(self._shelf.get(model), question, manifest)

    @ray.method(concurrency_group="concepts")
    def plan(self, model: str, question: ConceptQuestion, shas: Sequence[str]) -> Plan:
        return plan(self._shelf.get(model), question, shas, self._cache, self._paces)

    @ray.method(concurrency_group="concepts")
    def intervene(self, key: str, asked: Intervention) -> dict[str, Any]:
        return self._benches.intervene(key, asked)

    @ray.method(concurrency_group="slow")
    def sizes(self, key: str, k: int, factorizer: str, seed: int) -> dict[str, Any]:
        """Beside interventions, which must not wait for it."""
        return sized(self._benches.of(key)[1], k, factorizer, seed)

    @ray.method(concurrency_group="strokes")
    def brush(self, key: str, asked: Brushwork[T]) -> T:
        alone(NICENESS if asked.group == "controls" else 0)
        return self._easels.answer(key, asked)

    @ray.method(concurrency_group="quick")
    def fits(self, model: str) -> Fits | None:
        return self._fits.of(model)

    @ray.method(concurrency_group="heads")
    def prompt_head(self, base: str, prompts: Mapping[str, Sequence[str]]) -> Definition:
        return prompted(self._shelf.get(base), prompts)

    @ray.method(concurrency_group="heads")
    def fit_head(self, base: str, texts: Sequence[str], labels: Sequence[str]) -> Definition:
        """Not in a job's slot: the encoder is loaded here, and who asks would wait behind maps that take minutes."""
        os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)  # on Linux a thread has its own
        return fitted(self._shelf.get(base), texts, labels)

    def cards(self) -> tuple[dict[str, Any], ...]:
        return tuple(
            asdict(card)
            for kind in get_args(Kind)
            for card in models.list_models(kind, self._settings.models, self._settings.allow_pth)
        )


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
