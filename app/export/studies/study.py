"""What every export of a study says, read from storage: nothing is computed for it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image
from safetensors.numpy import load

from app import concepts, notes
from app.export.finding import DIGEST
from app.failures import RequestError
from app.jobs.spec import ConceptSpec
from app.service import Service, found
from app.storage.concepts import Part
from app.views.names import EXTRACTORS, ROWS, WEIGHTS


@dataclass(frozen=True, kw_only=True)
class Study:
    """`result` and `view` as the API has them; `part` reads one of the stored parts by its name.

    `set` is what the set of pictures is called, `name` the study itself: as its set where nobody has named it.
    """

    name: str
    set: str
    pictures: int
    spec: ConceptSpec
    result: Mapping[str, Any]
    view: Mapping[str, Any]
    part: Callable[[str], bytes]
    notes: Sequence[Mapping[str, Any]] = ()

    @property
    def question(self) -> str:
        taken = "it takes for" if self.result["by"] == "predicted" else "labelled"
        return f"What does the model see in {len(self.images):,} pictures {taken} {self.label}?"

    @property
    def label(self) -> str:
        label: str = self.result["label"]
        return label

    @property
    def concepts(self) -> Sequence[Mapping[str, Any]]:
        """The most important first."""
        listed: Sequence[Mapping[str, Any]] = self.result["concepts"]
        return listed

    @property
    def strategies(self) -> Sequence[Mapping[str, Any]]:
        listed: Sequence[Mapping[str, Any]] = self.result["clusters"]
        return listed

    @property
    def images(self) -> Sequence[Mapping[str, Any]]:
        listed: Sequence[Mapping[str, Any]] = self.result["images"]
        return listed

    @cached_property
    def ranks(self) -> dict[int, int]:
        """Of the concepts, by their index: their names and colours follow it."""
        return {concept["index"]: rank for rank, concept in enumerate(self.concepts)}

    def concept(self, index: int) -> str:
        """What a concept is called."""
        return self._called("concepts", index) or f"Concept {self.ranks[index] + 1}"

    def strategy(self, index: int) -> str:
        return self._called("strategies", index) or f"Strategy {index + 1}"

    def suspicious(self, part: Part, index: int) -> bool:
        return bool(self.view.get(part, {}).get(str(index), {}).get("suspicious"))

    def _called(self, part: Part, index: int) -> str:
        name: str = self.view.get(part, {}).get(str(index), {}).get("name", "")
        return name

    def leading(self, importance: Sequence[float], most: int = 3) -> list[int]:
        """Indices of the concepts of the largest shares."""
        return sorted(range(len(importance)), key=lambda k: -abs(importance[k]))[:most]

    def arrays(self, part: str) -> dict[str, np.ndarray]:
        return load(self.part(part))

    def picture(self, i: int) -> Image.Image:
        """As the model sees it."""
        return Image.open(io.BytesIO(self.part(f"image-{i}"))).convert("RGB")

    @cached_property
    def sprite(self) -> Image.Image:
        """Thumbnails of all of them."""
        return Image.open(io.BytesIO(self.part("sprite"))).convert("RGB")

    @property
    def extractor(self) -> str:
        return EXTRACTORS[self.spec.factorizer]

    @property
    def learnt_from(self) -> str:
        return "superpixels" if self.spec.factorizer == "ace" else ROWS[self.spec.rows]

    @property
    def weighed_by(self) -> str:
        return WEIGHTS[self.spec.importance]

    @property
    def provenance(self) -> tuple[str, ...]:
        spec = self.spec
        return (
            f"Model {spec.model}, weights {spec.digest[:DIGEST]}",
            f"layer {spec.layer}",
            f"{spec.n_concepts} concepts by {self.extractor}, learnt from {self.learnt_from}",
            f"importance by {self.weighed_by}",
            f"seed {spec.seed}",
            f"study revision {spec.revision}",
            f"key {spec.key[:DIGEST]}",
        )


def of_study(desk: Service, owner: str, id: str) -> Study:
    """Raises RequestError while nothing has been found."""
    kept = concepts.get(desk, owner, id)
    run = concepts.run_of(desk, kept)
    desk.used(run)
    if run.result is None:
        raise RequestError(f"A study is exported when its concepts are found; this one is {run.state}.")
    blobs = run.result["blobs"]
    return Study(
        name=kept.view.get("name") or kept.name,
        set=kept.name,
        pictures=run.look["images"],
        spec=run.spec,
        result=run.result,
        view=kept.view,
        part=lambda name: found(desk.store.runs.blob(run.key, blobs[name]), "part"),
        notes=notes.of_study(desk, owner, id),
    )


def percent(share: float) -> str:
    """Its sign always shown, as on the page."""
    whole = round(100 * share)
    sign = "\u2212" if whole < 0 else "+" if whole > 0 else ""
    return f"{sign}{abs(whole)}%"
