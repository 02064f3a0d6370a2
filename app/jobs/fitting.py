"""Which methods suit which model, found out behind the user's back and kept by the digest of its weights."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from app.failures import RequestError
from app.jobs.shelf import Shelf
from explainers import method_fits

Fits = tuple[dict[str, str], ...]

NICENESS = 10  # what is asked by a user goes first


class FitBook:
    """Answers at once: what is not known yet is being found out, one model at a time."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._known: dict[str, Fits] = {}
        self._asked: dict[str, Future[Fits]] = {}
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "fits", initializer=_yield_to_others)

    def of(self, model: str) -> Fits | None:
        """None while it is being found out. Raises what is wrong with a model that could not be loaded, until it is."""
        with self._lock:
            answer = self._asked.get(model)
            if answer is None or (answer.done() and answer.exception() is not None and self._shelf.holds(model)):
                self._asked[model] = self._thread.submit(self.find, model)
                return None
            return answer.result() if answer.done() else None

    def warm(self, model: str) -> None:
        """Load it ahead of whoever asks; what is wrong with it is told to them."""
        self._thread.submit(self._shelf.get, model)

    def find(self, model: str) -> Fits:
        """The same, waiting for it."""
        classifier = self._shelf.get(model)
        digest: str = classifier.card.digest
        if digest not in self._known:
            self._known[digest] = tuple(fit.as_dict() for fit in method_fits(classifier))
        return self._known[digest]


def refuse_impossible(method: str, fits: Fits) -> None:
    """Raises RequestError with the reason."""
    for fit in fits:
        if fit["method"] == method and fit["status"] == "impossible":
            raise RequestError(f"{method} cannot explain this model: {fit['reason']}.")


def _yield_to_others() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # on Linux a thread has its own
