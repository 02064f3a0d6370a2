"""What is to be computed, and under which key its result is found again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from app.jobs.question import Question
from explainers.types import Output

State = Literal["queued", "running", "done", "failed", "cancelled"]
UNFINISHED: tuple[State, ...] = ("queued", "running")

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One explanation, completely: equal specs give equal bytes on one machine, so they share one result.

    `classes` are all the classes that the same forwards are read for; which of them a user looks at is part of the
    view, not of the job. `digest` is the weights', `revision` the method's: either one changes the key.
    """

    asset: str
    model: str
    digest: str
    method: str
    revision: int
    params: dict[str, Any]
    output: Output
    seed: int
    precision: Precision
    classes: tuple[int, ...]

    @property
    def key(self) -> str:
        """sha256 of the canonical JSON."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"classes": list(self.classes)}

    def question(self, target: int) -> Question:
        """The question that this job answers, about one of its classes."""
        return Question(
            model=self.model, method=self.method, params=self.params, output=self.output, seed=self.seed, target=target
        )

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> JobSpec:
        return cls(**(values | {"classes": tuple(values["classes"])}))
