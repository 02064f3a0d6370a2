"""Explained pictures set up to be painted on: what is costly about one is made once, when it is first asked for."""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
from threading import Lock
from typing import Protocol, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from app.failures import RequestError
from app.jobs.look import named, read, refuse_changed
from app.jobs.shelf import Shelf
from app.jobs.spec import JobSpec
from app.storage import codec
from app.storage.runs import Run
from app.storage.store import Store
from explainers.concepts.split import Split, split
from explainers.scoring import ModelScore
from explainers.types import Classifier

KEPT = 4  # easels held ready

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Easel:
    """One explained picture as its model sees it, and that model."""

    def __init__(self, store: Store, model: Classifier, run: Run[JobSpec]) -> None:
        self.model, self.run = model, run
        self._store = store

    @cached_property
    def x(self) -> Float[Tensor, "c h w"]:
        x = read(self.model, "image", self._store.runs.asset(self.run.key))
        assert isinstance(x, Tensor), "of an image"
        return x

    @cached_property
    def score(self) -> ModelScore:
        """Probabilities of the classes that the look names."""
        return ModelScore(self.model, named(self.run.look), "probability")

    def answers(self, x: Float[Tensor, "n c h w"]) -> list[list[float]]:
        """Those of pictures as the model would see them."""
        rows: list[list[float]] = self.score.exact(x).tolist()
        return rows

    def machine(self, target: int) -> Float[Tensor, "h w"]:
        """The map as it was computed. Raises RequestError for a class that was not read."""
        result = self.run.result
        assert result is not None, "the run is done"
        if str(target) not in result["blobs"]:
            raise RequestError(f"target must be one of the classes that were read; got {str(target)[:20]}")
        part = self._store.runs.blob(self.run.key, result["blobs"][str(target)])
        assert part is not None, "a finished run has its maps"
        return torch.from_numpy(codec.decode(result, target, part).values)

    @cached_property
    def cut(self) -> tuple[Split, Float[Tensor, "1 p *map"]]:
        """The network cut at its layer of concepts, and what that layer says of the picture."""
        found = split(self.model, self.x[None])
        return found, found.encode(self.x[None])


class Brushwork(Protocol[T_co]):
    """A question about a picture on its easel."""

    def answer(self, easel: Easel) -> T_co: ...


class Easels:
    """The last few pictures that somebody has painted on."""

    def __init__(self, store: Store, shelf: Shelf) -> None:
        self._store, self._shelf = store, shelf
        self._ready: OrderedDict[str, Easel] = OrderedDict()
        self._lock = Lock()

    def answer(self, key: str, asked: Brushwork[T]) -> T:
        """Raises RequestError when the model is no longer the one that was asked."""
        with self._lock:
            easel = self._ready.get(key)
        if easel is None:
            run = self._store.runs.get(key)
            assert isinstance(run.spec, JobSpec), "explanations point to runs of their own kind"
            easel = Easel(self._store, self._shelf.get(run.spec.model), run)  # type: ignore[arg-type]  # just asserted
        refuse_changed(easel.model, easel.run.spec.digest)
        with self._lock:
            self._ready[key] = easel
            self._ready.move_to_end(key)
            while len(self._ready) > KEPT:
                self._ready.popitem(last=False)
        return asked.answer(easel)
