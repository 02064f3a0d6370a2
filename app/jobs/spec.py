"""What is to be computed, and under which key its result is found again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from app.jobs.question import Question
from explainers import By, Rows
from explainers.types import Kind, Output

State = Literal["queued", "running", "done", "failed", "cancelled"]
UNFINISHED: tuple[State, ...] = ("queued", "running")

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One explanation, completely: equal specs give equal bytes on one machine, so they share one result.

    `classes` are all the classes that the same forwards are read for; which of them a user looks at is part of the
    view, not of the job. With `against`, their margins over that class are explained. `digest` is the weights',
    `revision` the method's: either one changes the key.
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
    against: int | None = None
    kind: Kind = "image"

    @property
    def key(self) -> str:
        return content_key(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        values = asdict(self) | {"classes": list(self.classes)}
        if self.against is None:
            del values["against"]  # the keys of plain questions stay what they were
        if self.kind == "image":
            del values["kind"]  # those of pictures as well
        return values

    def question(self, target: int) -> Question:
        """The question that this job answers, about one of its classes."""
        return Question(
            kind=self.kind,
            model=self.model,
            method=self.method,
            params=self.params,
            output=self.output,
            seed=self.seed,
            target=target,
            against=self.against,
        )

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> JobSpec:
        return cls(**(values | {"classes": tuple(values["classes"])}))


@dataclass(frozen=True, kw_only=True)
class TrustSpec:
    """The judgement of one class of a finished explanation, `explanation` being the key of its run."""

    explanation: str
    target: int
    revision: int
    seed: int = 0

    @property
    def key(self) -> str:
        return content_key(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class ConceptSpec:
    """The concepts of one class in a set of pictures, `manifest` being the sha256 of what names them.

    No `target` stands for the commonest class. `digest` is the weights', `revision` the study's.
    """

    manifest: str
    model: str
    digest: str
    layer: str
    target: int | None
    by: By
    n_concepts: int
    factorizer: str
    rows: Rows
    importance: str
    seed: int
    revision: int

    @property
    def key(self) -> str:
        return content_key(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


Spec = JobSpec | TrustSpec | ConceptSpec


def spec_from(values: dict[str, Any]) -> Spec:
    """The inverse of `as_dict`."""
    match values:
        case {"explanation": _}:
            return TrustSpec(**values)
        case {"manifest": _}:
            return ConceptSpec(**values)
        case _:
            return JobSpec.from_dict(values)


def content_key(values: dict[str, Any]) -> str:
    """sha256 of the canonical JSON."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
