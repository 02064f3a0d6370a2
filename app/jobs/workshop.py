"""What answers questions that cannot wait behind a job: models, and what is costly about what they are asked of.

A question is a method of the workshop. Those of one group share threads, and wait for each other only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal, TypeVar, get_args

import numpy as np
from jaxtyping import Float

import models
from app.jobs import gpus
from app.jobs.activations import ActivationCache
from app.jobs.asking import ConceptQuestion, Paces, Plan, plan, settle
from app.jobs.concept_map import concept_map
from app.jobs.easel import Brushwork, Easels
from app.jobs.edit import Edit, Edited, edit
from app.jobs.estimate import Estimates
from app.jobs.fitting import FitBook, Fits
from app.jobs.gpus import GpuMemory
from app.jobs.heads import Definition, fitted, prompted
from app.jobs.intervene import Benches, Intervention
from app.jobs.look import Look, look
from app.jobs.pairs import Paired, Pairing, paired
from app.jobs.question import Question
from app.jobs.shelf import Shelf
from app.jobs.sizing import sized
from app.jobs.spec import ConceptSpec
from app.jobs.trials import tried
from app.jobs.within import Within, within
from app.settings import Settings
from app.storage.store import Store
from models.card import Kind

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

Group = Literal["catalogue", "looks", "edits", "slow", "strokes", "controls", "concepts", "heads"]
THREADS: Mapping[Group, int] = {  # how many of a group are answered at once
    "catalogue": 2,
    "looks": 2,
    "edits": 2,
    "slow": 1,
    "strokes": 2,
    "controls": 1,
    "concepts": 2,
    "heads": 1,
}


def grouped(group: Group) -> Callable[[F], F]:
    def mark(question: F) -> F:
        question.group = group  # type: ignore[attr-defined]
        return question

    return mark


def group_of(question: Callable[..., Any]) -> Group:
    group: Group = question.group  # type: ignore[attr-defined]
    return group


class Workshop:
    """Every method is a question and raises RequestError with a sentence for the user."""

    def __init__(self, settings: Settings, store: Store, shelf: Shelf, cache: ActivationCache) -> None:
        self._settings, self._shelf, self._cache = settings, shelf, cache
        self._paces = Paces()
        self._estimates = Estimates()
        self._benches = Benches(store, shelf, cache)
        self._easels = Easels(store, shelf)
        self._fits = FitBook(shelf)

    def warm(self) -> None:
        """What the first visitor asks of the first models is had at once."""
        self._fits.find(self._settings.model)
        self._fits.warm(self._settings.text_model)

    @grouped("catalogue")
    def cards(self) -> tuple[dict[str, Any], ...]:
        """Of every model that can be named."""
        return tuple(
            asdict(card)
            for kind in get_args(Kind)
            for card in models.list_models(kind, self._settings.models, self._settings.allow_pth)
        )

    @grouped("catalogue")
    def fits(self, model: str) -> Fits | None:
        """Which methods suit the model; None while that is being found out."""
        return self._fits.of(model)

    @grouped("catalogue")
    def memory(self) -> tuple[GpuMemory, ...]:
        """Of the GPUs that this machine has."""
        return gpus.memory()

    @grouped("looks")
    def look(self, model: str, data: bytes, question: Question) -> Look:
        return look(self._shelf.get(model), data, question)

    @grouped("slow")
    def estimate(self, model: str, data: bytes, question: Question) -> float:
        """Seconds that a picture takes, measured on this one; about one second."""
        return self._estimates.of(self._shelf.get(model), data, question)

    @grouped("edits")
    def edit(self, model: str, digest: str, asked: Edit) -> Edited:
        """What becomes of the classes of a text; it waits for no look that loads a model."""
        return edit(self._shelf.get(model), digest, asked)

    @grouped("slow")
    def pair(self, model: str, digest: str, asked: Pairing) -> Paired:
        """What a word says together with each of the others."""
        return paired(self._shelf.get(model), digest, asked)

    @grouped("strokes")
    def stroke(self, key: str, asked: Brushwork[T]) -> T:
        """About the picture of a finished explanation, while an eye waits for it."""
        return self._easels.answer(key, asked)

    @grouped("controls")
    def control(self, key: str, asked: Brushwork[T]) -> T:
        """The same, where strokes go first."""
        return self._easels.answer(key, asked)

    @grouped("concepts")
    def settle(self, model: str, question: ConceptQuestion, manifest: str) -> tuple[ConceptSpec, dict[str, Any]]:
        """The job that answers a question about a set."""
        return settle(self._shelf.get(model), question, manifest)

    @grouped("concepts")
    def plan(self, model: str, question: ConceptQuestion, shas: Sequence[str]) -> Plan:
        """What that job would cost."""
        return plan(self._shelf.get(model), question, shas, self._cache, self._paces)

    @grouped("concepts")
    def intervene(self, key: str, asked: Intervention) -> dict[str, Any]:
        """What becomes of the classes of a study's image when its concepts are scaled."""
        return self._benches.intervene(key, asked)

    @grouped("slow")
    def sizes(self, key: str, k: int, factorizer: str, seed: int) -> dict[str, Any]:
        """What other numbers of concepts of a study would be worth; some seconds, for which no intervention waits."""
        return sized(self._benches.of(key)[1], k, factorizer, seed)

    @grouped("slow")
    def tried(self, key: str, seed: int) -> dict[str, Any]:
        """Whether the concepts of a study matter; some seconds."""
        model, bench = self._benches.of(key)
        return tried(bench, tuple(model.labels), seed)

    @grouped("slow")
    def concept_map(self, key: str, image: int, concept: int, method: str) -> Float[np.ndarray, "h w"]:
        """Where a picture of a study shows a concept."""
        model, bench = self._benches.of(key)
        return concept_map(model, bench, image, concept, method)

    @grouped("slow")
    def within(self, key: str, concept: int) -> Within:
        """The crops that show a concept of a study, and the layer that sees more in them."""
        return within(*self._benches.of(key), concept)

    @grouped("heads")
    def prompt_head(self, base: str, prompts: Mapping[str, Sequence[str]]) -> Definition:
        return prompted(self._shelf.get(base), prompts)

    @grouped("heads")
    def fit_head(self, base: str, texts: Sequence[str], labels: Sequence[str]) -> Definition:
        """About a minute for 3,000 sentences on two cores.

        Not in a job's slot: the encoder is loaded here, and who asks would wait behind maps that take minutes.
        """
        return fitted(self._shelf.get(base), texts, labels)
