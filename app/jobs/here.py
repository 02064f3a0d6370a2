"""A workshop in this process, for a command that asks a few questions and has nothing computed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

import torch

from app.jobs.activations import ActivationCache
from app.jobs.gpus import GpuMemory
from app.jobs.shelf import Shelf
from app.jobs.threads import settle_in
from app.jobs.workshop import Workshop, group_of
from app.settings import Settings
from app.storage.store import Store

T = TypeVar("T")
P = ParamSpec("P")


class Here:
    """A `Pool` that answers as the probe does, to the same bytes, and refuses jobs."""

    def __init__(self, settings: Settings, store: Store) -> None:
        torch.set_num_threads(settings.threads)
        shelf = Shelf(settings.models, allow_pth=settings.allow_pth, heads=store.heads.definition)
        cache = ActivationCache(settings.home / "activations", settings.activation_cache_bytes)
        self._workshop = Workshop(settings, store, shelf, cache)

    def ask(self, question: Callable[Concatenate[Workshop, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """In a thread of its own, which computes as the probe's of that group and is gone afterwards."""

        def answer() -> T:
            settle_in(group_of(question))
            return question(self._workshop, *args, **kwargs)

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(answer).result()

    def submit(self, key: str, owner: str) -> NoReturn:
        raise RuntimeError(f"nothing is computed here, and {owner} asks for {key}")

    def feed(self) -> NoReturn:
        raise RuntimeError("nothing is computed here, and a batch asks for it")

    def cancel(self, key: str) -> None:
        """None runs."""

    def position(self, key: str) -> int | None:  # noqa: ARG002
        return None

    def memory(self) -> tuple[GpuMemory, ...]:
        return ()

    def ready(self) -> bool:
        return True

    def close(self) -> None:
        """There is nothing to be left."""
