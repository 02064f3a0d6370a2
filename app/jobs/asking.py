"""What a user asks of a set of pictures, and the job that answers it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

import torch

from app.failures import RequestError
from app.jobs.activations import ActivationCache
from app.jobs.look import refuse_other_kind, resolve
from app.jobs.spec import ConceptSpec
from explainers import STUDY_REVISION, By, Rows
from explainers.concepts.ace import DISCOVERY
from explainers.concepts.discovery import FACTORIZERS
from explainers.concepts.importance import METHODS
from explainers.concepts.split import BATCH, usual_layer
from explainers.types import Classifier

MOST_CONCEPTS = 50
CROPPED = 9  # forwards of a picture that is cut up, about
SEGMENTS = 100  # of one that is cut up along its edges at three scales
# what else a study takes, on one core: seconds in all and for each picture, and forwards, as larger networks have more
# channels to factorise
AFTERWARDS, EACH, FACTORISED = 3.0, 0.02, 400


@dataclass(frozen=True, kw_only=True)
class ConceptQuestion:
    """No model means the first one, no layer the model's own, no target the commonest class. Raises RequestError."""

    model: str | None = None
    target: int | str | None = None
    by: By = "predicted"
    layer: str | None = None
    n_concepts: int = 10
    factorizer: str = "nmf"
    rows: Rows = "locations"
    importance: str = "gradient_x_input"
    seed: int = 0

    def __post_init__(self) -> None:
        allowed = (("by", get_args(By)), ("factorizer", FACTORIZERS), ("rows", get_args(Rows)))
        for field, choices in (*allowed, ("importance", METHODS)):
            if (value := getattr(self, field)) not in choices:
                raise RequestError(f"{field} must be one of {', '.join(choices)}; got {value!r:.100}")
        if self.factorizer == "ace" and self.rows != "locations":
            raise RequestError(f"rows must be locations for ace, which cuts pictures up by itself; got {self.rows!r}")
        if not 1 <= self.n_concepts <= MOST_CONCEPTS:
            raise RequestError(f"n_concepts must lie in [1, {MOST_CONCEPTS}]; got {self.n_concepts}")
        if not 0 <= self.seed < 2**31:
            raise RequestError(f"seed must lie in [0, {2**31 - 1}]; got {self.seed}")


def question_of(spec: ConceptSpec) -> ConceptQuestion:
    """The question that this job answers."""
    fields = spec.as_dict()
    return ConceptQuestion(**{name: fields[name] for name in ConceptQuestion.__dataclass_fields__})


def settle(model: Classifier, question: ConceptQuestion, manifest: str) -> tuple[ConceptSpec, dict[str, Any]]:
    """The job, with what only the model knows, and the model's card. Raises RequestError and InputError."""
    refuse_other_kind(model, "image")
    spec = ConceptSpec(
        manifest=manifest,
        model=model.card.name,
        digest=model.card.digest,
        layer=layer_of(model, question.layer),
        target=None if question.target is None else resolve(question.target, model.labels, ()),
        by=question.by,
        n_concepts=question.n_concepts,
        factorizer=question.factorizer,
        rows=question.rows,
        importance=question.importance,
        seed=question.seed,
        revision=STUDY_REVISION,
    )
    return spec, asdict(model.card)


def layer_of(model: Classifier, layer: str | None) -> str:
    """Raises RequestError for one that the network does not have."""
    if layer is None:
        return usual_layer(model, torch.zeros(1, 3, *model.card.size))
    try:
        model.module.get_submodule(layer)
    except AttributeError as error:
        raise RequestError(f"layer must name a module of the network; got {layer!r:.100}") from error
    return layer


@dataclass(frozen=True)
class Plan:
    """How many pictures, of how many the layer's activations are known already, and about how long the rest takes."""

    images: int
    cached: int
    seconds: float


class Paces:
    """Seconds that a forward of one picture takes, measured once for each model."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}

    def of(self, model: Classifier) -> float:
        digest: str = model.card.digest
        if digest not in self._known:
            x = torch.rand(BATCH // 4, 3, *model.card.size).contiguous(memory_format=torch.channels_last)
            self._known[digest] = statistics.median(self._timed(model, x) for _ in range(3)) / len(x)
        return self._known[digest]

    @staticmethod
    def _timed(model: Classifier, x: torch.Tensor) -> float:
        start = time.perf_counter()
        with torch.inference_mode():
            model.module(x)
        return time.perf_counter() - start


def plan(
    model: Classifier, question: ConceptQuestion, inputs: Sequence[str], cache: ActivationCache, paces: Paces
) -> Plan:
    refuse_other_kind(model, "image")
    cached = cache.of(model.card.digest, layer_of(model, question.layer), inputs).count()
    forwards = len(inputs) - cached
    if question.factorizer == "ace":
        forwards += SEGMENTS * min(len(inputs), DISCOVERY)
    elif question.rows == "crops":
        forwards += CROPPED * len(inputs)
    seconds = (forwards + FACTORISED) * paces.of(model) + AFTERWARDS + EACH * len(inputs)
    return Plan(len(inputs), cached, round(seconds, 1))
