"""The models a process has loaded, the least recently used dropped first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock, RLock

import models
from app.jobs.heads import Definition, classifier, head_id
from explainers.types import Classifier

PLACES = 3  # for models, and as many for heads; a large classifier takes about 0.5 GB, which crowds out the maps


class Shelf:
    """Loads a model once: two users asking for a new one should not both read its weights. Loaded ones never wait.

    `heads` finds what users made by its id; whether it is theirs who ask is not checked here.
    """

    def __init__(
        self, operator: Path | None, *, allow_pth: bool, heads: Callable[[str], Definition | None] | None = None
    ) -> None:
        self._operator = operator
        self._allow_pth = allow_pth
        self._heads = heads
        self._loaded: OrderedDict[str, Classifier] = OrderedDict()
        self._lock, self._loading = Lock(), RLock()  # a head is loading while its base loads

    def get(self, name: str) -> Classifier:
        """Raises UnsupportedModelError with a sentence when it cannot be had here."""
        if (found := self._standing(name)) is not None:
            return found
        with self._loading:
            if (found := self._standing(name)) is not None:  # somebody else was faster
                return found
            found = self._load(name)
            with self._lock:
                self._loaded[name] = found
                # a head is small beside its encoder, and must not push a model out
                alike = [known for known in self._loaded if (head_id(known) is None) == (head_id(name) is None)]
                for known in alike[:-PLACES]:
                    del self._loaded[known]
            return found

    def holds(self, name: str) -> bool:
        with self._lock:
            return name in self._loaded

    def _load(self, name: str) -> Classifier:
        id = head_id(name)
        head = self._heads(id) if self._heads is not None and id is not None else None
        if head is None:
            return models.load(name, self._operator, self._allow_pth)
        return classifier(self.get(head.base), head, name)

    def _standing(self, name: str) -> Classifier | None:
        with self._lock:
            if name in self._loaded:
                self._loaded.move_to_end(name)
            return self._loaded.get(name)
