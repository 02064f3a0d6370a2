"""How long an explanation takes: begun for real, and stopped once enough is known."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, replace

from app.jobs.look import look, specify
from app.jobs.question import Question
from app.jobs.run import stream
from app.jobs.spec import content_key
from explainers.types import Attributions, Classifier, Progress

ENOUGH = 1.0  # seconds


class Estimates:
    """Measured once for each question, whatever the picture."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}
        self._asked: dict[str, str] = {}

    def of(self, model: Classifier, data: bytes, question: Question) -> float:
        """Seconds on one worker. Raises RequestError for a question that cannot be asked of this model."""
        asked = content_key({**asdict(question), "digest": model.card.digest})  # looking costs a forward as well
        if asked in self._asked:
            return self._known[self._asked[asked]]
        started = time.perf_counter()
        answer = look(model, data, question)
        looked = time.perf_counter() - started
        spec = specify(question, "", answer)
        alike = replace(spec, classes=(), seed=0).key  # neither takes longer than another
        if alike not in self._known:
            self._known[alike] = looked + _stepped(stream(spec, model, data))
        self._asked[asked] = alike
        return self._known[alike]


def _stepped(steps: Iterator[Progress[Attributions]]) -> float:
    """What all of them take, if they go on as they begin."""
    started = time.perf_counter()
    for step in steps:
        spent = time.perf_counter() - started
        if step.done and spent > ENOUGH:
            return spent * step.total / step.done
    return time.perf_counter() - started
