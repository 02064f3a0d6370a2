"""A pool without processes: jobs are computed in the caller's, by the same code that Ray's workers run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

import models
from app.jobs.activations import ActivationCache
from app.jobs.feed import Feed, is_place, look_at, patience_of
from app.jobs.fitting import Fits
from app.jobs.gpus import GpuMemory
from app.jobs.heads import Definition
from app.jobs.queue import FairQueue, Patience
from app.jobs.run import execute
from app.jobs.shelf import Shelf
from app.jobs.workshop import Workshop
from app.settings import Settings
from app.storage.store import Store
from explainers import method_fits
from explainers.params import Parameters, Range
from explainers.registry import Method
from explainers.types import Attributions, Classifier, Progress, ScoreFunction

T = TypeVar("T")
P = ParamSpec("P")


def stocked(*ready: models.Classifier, heads: Callable[[str], Definition | None] | None = None) -> Shelf:
    """A shelf on which these models stand already; any other is looked for as usual."""
    shelf = Shelf(None, allow_pth=False, heads=heads)
    for model in ready:
        shelf._loaded[model.card.name] = model
    return shelf


@functools.cache
def found_fits(model: Classifier) -> Fits:
    """Once for each model and not for each test."""
    return tuple(fit.as_dict() for fit in method_fits(model))


class InlineWorkshop(Workshop):
    """Knows the models of the test, and what suits them."""

    def __init__(self, pool: InlinePool) -> None:
        super().__init__(Settings(), pool.store, pool.shelf, pool.cache)
        self._pool = pool

    def cards(self) -> tuple[dict[str, Any], ...]:
        return tuple(asdict(model.card) for model in self._shelf._loaded.values())

    def fits(self, model: str) -> Fits | None:
        return None if self._pool.checking else found_fits(self._shelf.get(model))  # type: ignore[arg-type]


@dataclass
class InlinePool:
    """Computes on submit, so an asked explanation is a finished one."""

    store: Store
    shelf: Shelf
    closed: int = 0
    checking: bool = False  # whether it is still being found out what fits
    cache: ActivationCache = field(default_factory=lambda: ActivationCache(Path("/nowhere"), 0))

    def ask(self, question: Callable[Concatenate[Workshop, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        answer: T = getattr(InlineWorkshop(self), question.__name__)(*args, **kwargs)
        return answer

    def submit(self, key: str, owner: str) -> None:  # noqa: ARG002
        execute(self.store, self.shelf, key, self.cache)

    def feed(self) -> None:
        feed = Feed(self.store)
        while places := feed.next(1):
            for _, place in places:
                key = look_at(self.store, self.shelf, place)
                feed.ended(place)
                if key is not None:
                    execute(self.store, self.shelf, key, self.cache)

    def cancel(self, key: str) -> None:
        pass

    def position(self, key: str) -> int | None:  # noqa: ARG002
        return None

    def memory(self) -> tuple[GpuMemory, ...]:
        return ()

    def ready(self) -> bool:
        return True

    def close(self) -> None:
        self.closed += 1


@dataclass
class HeldPool(InlinePool):
    """Keeps what is submitted until `work` is called: the state between asking and the answer, held still."""

    queue: FairQueue = field(default_factory=FairQueue)
    cancelled: list[str] = field(default_factory=list)
    fed: Feed | None = None

    def submit(self, key: str, owner: str) -> None:
        self.queue.put(owner, key, patience_of(self.store, key))

    def feed(self) -> None:
        self.fed = self.fed or Feed(self.store)
        for owner, place in self.fed.next(2):
            self.queue.put(owner, place, Patience.BATCH)

    def cancel(self, key: str) -> None:
        self.queue.drop(key)
        self.cancelled.append(key)

    def position(self, key: str) -> int | None:
        return self.queue.position(key)

    def work(self) -> None:
        """Compute the next job, as a worker would."""
        job = self.queue.take()
        assert job is not None, "nothing is queued"
        if self.fed is not None and is_place(job.key):
            run = look_at(self.store, self.shelf, job.key)
            self.fed.ended(job.key)
            if run is not None:
                self.submit(run, job.owner)
        else:
            execute(self.store, self.shelf, job.key, self.cache)
        if self.fed is not None:
            self.feed()


def scripted(before: Callable[[int], None], steps: int = 4) -> Method:
    """A method that calls `before(i)` ahead of its step i and then maps every pixel to i + 1."""

    @dataclass(frozen=True, kw_only=True)
    class Scripted(Parameters):
        """Does what the test says."""

        level: Annotated[int, Range(0, 9, "Changes nothing.")] = 0
        unit = "steps of {score}"

        def explain(
            self,
            score: ScoreFunction,
            x: Float[Tensor, "c h w"],
            rng: torch.Generator,  # noqa: ARG002
        ) -> Iterator[Progress[Attributions]]:
            for i in range(steps):
                before(i)
                values = np.full((len(score.classes), *x.shape[1:]), i + 1, np.float32)
                scores = tuple(0.0 for _ in score.classes)
                yield Progress(i + 1, steps, Attributions(values, score.classes, scores, score.output, True))

    return Method("scripted", "image", 1, "scores", "Does what the test says.", Scripted)
