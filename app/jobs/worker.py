"""What runs in the pool's processes: tasks, each in a worker that keeps its models, and the probe."""

from __future__ import annotations

import os
import signal
from functools import lru_cache
from typing import Any

import torch

from app.jobs.activations import ActivationCache
from app.jobs.feed import look_at
from app.jobs.run import execute
from app.jobs.shelf import Shelf
from app.jobs.threads import settle_in
from app.jobs.workshop import Workshop, group_of
from app.settings import Settings
from app.storage.store import Store


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
