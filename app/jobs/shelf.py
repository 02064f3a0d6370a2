"""The models a process has loaded, the least recently used dropped first."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock

import models
from explainers.types import Classifier

PLACES = 3  # a large classifier takes about 0.5 GB; more of them would crowd out the maps


class Shelf:
    """Loads a model once. One lock: two users asking for a new model should not both read its weights."""

    def __init__(self, operator: Path | None, *, allow_pth: bool) -> None:
        self._operator = operator
        self._allow_pth = allow_pth
        self._loaded: OrderedDict[str, Classifier] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str) -> Classifier:
        """Raises UnsupportedModelError with a sentence when it cannot be had here."""
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = models.load(name, self._operator, self._allow_pth)
            self._loaded.move_to_end(name)
            while len(self._loaded) > PLACES:
                self._loaded.popitem(last=False)
            return self._loaded[name]
