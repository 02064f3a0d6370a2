"""What every export says: one class of one explanation, with all that is needed to make it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import UInt8

from app import notes, uploads
from app.description import describe, labels, names, probabilities
from app.failures import RequestError
from app.jobs.look import Look
from app.jobs.spec import JobSpec
from app.service import Service, found
from app.storage import codec
from app.storage.names import displayed
from app.views import colours
from app.views.names import OUTPUTS, absence, scored, title
from explainers import TrustReport, registry
from explainers.types import Attribution, Explainer

DIGEST = 12  # characters of the weights' that are told


@dataclass(frozen=True, eq=False)
class Hand:
    """What a person did to a map, as far as a drawing tells it.

    `amount` is how much of the brush lies on each pixel; `limits` are those of the machine's map, on whose scale the
    edited one is drawn; `said` is a line for readers, `provenance` what it takes to find it again.
    """

    amount: UInt8[np.ndarray, "h w"]
    limits: tuple[float, float]
    said: str
    provenance: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`input` is what the model sees, as PNG, or the text in UTF-8; `name` what its user calls the input.

    `model` is what the model is called. `report` and `notes` are there where somebody made them, `hand` where the
    map is an edited one.
    """

    name: str
    input: bytes
    spec: JobSpec
    look: Mapping[str, Any]
    model: str
    attribution: Attribution
    report: TrustReport | None = None
    notes: Sequence[Mapping[str, Any]] = ()
    hand: Hand | None = None

    @classmethod
    def of_answer(cls, name: str, answer: Look, spec: JobSpec, attribution: Attribution) -> Finding:
        """Of an input that nobody has stored."""
        return cls(
            name=displayed(name),
            input=answer.input,
            spec=spec,
            look=answer.as_dict(),
            model=spec.model,
            attribution=attribution,
        )

    @property
    def text(self) -> str:
        return self.input.decode()

    @property
    def pixels(self) -> UInt8[np.ndarray, "h w 3"]:
        return np.asarray(uploads.image(self.input))

    @cached_property
    def labels(self) -> dict[int, str]:
        return labels(dict(self.look))

    @property
    def label(self) -> str:
        return self.labels[self.attribution.target]

    @property
    def rival(self) -> str | None:
        against = self.spec.against
        return None if against is None else self.labels.get(against, f"class {against}")

    @property
    def limits(self) -> tuple[float, float]:
        """What the ends of the scale stand for."""
        if self.hand is not None:
            return self.hand.limits
        return colours.limits(self.attribution.values, signed=self.attribution.signed)

    @property
    def question(self) -> str:
        return f"Why {self.label}?" if self.rival is None else f"Why {self.label} and not {self.rival}?"

    @property
    def classes(self) -> list[tuple[str, float]]:
        """Likeliest first."""
        return [(label, chance) for _, label, chance in self.look.get("rivals", ())] or [
            (self.labels[k], chance) for k, chance in zip(self.look["classes"], self.look["probabilities"], strict=True)
        ]

    @property
    def probability(self) -> float:
        return probabilities(self.look)[self.attribution.target]

    @property
    def method(self) -> str:
        return title(self.spec.method)

    @cached_property
    def _explainer(self) -> Explainer:
        explainer: Explainer = registry.build(self.spec.method, self.spec.params, self.spec.kind)
        return explainer

    @property
    def unit(self) -> str:
        """What a value means."""
        return self._explainer.unit.replace("{score}", scored(self.spec.output, self.label, self.rival))

    @property
    def baseline(self) -> str:
        """What the score is compared with, as a fragment of a sentence; empty where there is nothing."""
        return absence(self._explainer, self.spec.kind, self.look["by"] if self.spec.kind == "text" else None)

    @property
    def score(self) -> str:
        """The score explained, by name."""
        return OUTPUTS[self.spec.output]

    @property
    def parameters(self) -> str:
        return ", ".join(f"{name} {_plain(value)}" for name, value in sorted(self.spec.params.items()))

    @property
    def versions(self) -> str:
        told: Any = self.attribution.meta.get("versions", {})
        return ", ".join(f"{name} {version}" for name, version in sorted(told.items()))

    @property
    def digest(self) -> str:
        return self.spec.digest[:DIGEST]

    @property
    def provenance(self) -> tuple[str, ...]:
        """All that it takes to make the map again, a part of it each."""
        forwards = self.attribution.meta.get("forwards")
        target = f"class {self.label} ({self.attribution.target})"
        if self.rival is not None:
            target += f" against {self.rival} ({self.spec.against})"
        return tuple(
            part
            for part in (
                *(() if self.hand is None else self.hand.provenance),
                f"Model {self.model}, weights {self.digest}",
                f"{self.method}, revision {self.spec.revision}: {self.parameters}",
                target,
                f"score: {self.score} {self.attribution.score:.4g}",
                self.baseline,
                f"seed {self.spec.seed}",
                f"{forwards:,} forwards in {self.spec.precision}" if isinstance(forwards, int) else "",
                self.versions,
                f"key {self.spec.key[:DIGEST]}",
            )
            if part
        )


def of_explanation(desk: Service, owner: str, id: str) -> Finding:
    """Of the class looked at. Raises RequestError while there is no map."""
    explanation = desk.explanation(owner, id)
    judgement = desk.judgement(explanation)
    report = judgement.result if judgement and judgement.state == "done" else None
    return replace(
        of_class(desk, owner, id, explanation.view["target"]),
        report=None if report is None else TrustReport.from_dict(report),
        notes=notes.of_explanation(desk, owner, id),
    )


def of_class(desk: Service, owner: str, id: str, target: int) -> Finding:
    """Its map alone."""
    explanation = desk.explanation(owner, id)
    run = desk.run(explanation)
    if run.result is None:
        raise RequestError(f"An explanation is exported when it is done; this one is {run.state}.")
    part = desk.blob(owner, id, run.result["blobs"][str(target)])
    return Finding(
        name=explanation.name or desk.asset(owner, explanation.asset).name,
        input=found(desk.store.runs.blob(run.key, run.input), "input"),
        spec=run.spec,
        look=describe(desk, explanation)["look"],
        model=names(desk, owner, run.spec.kind).get(run.spec.model, run.spec.model),
        attribution=codec.decode(run.result, target, part),
    )


def _plain(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
