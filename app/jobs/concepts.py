"""A study of concepts as a job: from the manifest of a set to the findings that are stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from jaxtyping import Float
from safetensors.torch import save
from torch import Tensor

from app.jobs.activations import ActivationCache
from app.jobs.manifest import Member, classes
from app.jobs.pictures import Pictures, drawn, sprite, webp
from app.jobs.spec import ConceptSpec
from app.storage.codec import Findings
from app.storage.image_sets import ImageSets
from explainers import ConceptBank, Study, stream_concepts
from explainers.concepts.bank import on_grid, rows
from explainers.concepts.quality import NOTHING
from explainers.types import Classifier, Progress

TALLIED = 50  # classes


def stream(
    spec: ConceptSpec, model: Classifier, sets: ImageSets, cache: ActivationCache | None
) -> Iterator[Progress[Findings]]:
    """The last step holds the findings; the others say what is being done."""
    manifest = sets.manifest(spec.manifest)
    members, pictures = manifest.members, Pictures(sets, manifest)
    truth = classes(members, model.labels)
    stage = ""
    for step in stream_concepts(
        model,
        pictures,
        target=spec.target,
        by=spec.by,
        layer=spec.layer,
        n_concepts=spec.n_concepts,
        factorizer=spec.factorizer,
        rows_from=spec.rows,
        method=spec.importance,
        seed=spec.seed,
        truth=truth,
        memory=None if cache is None else cache.of(spec.digest, spec.layer, manifest.inputs),
    ):
        study = step.result.study
        doing = step.result.doing if study is None else f"drawing {len(study.chosen):,} pictures"
        yield Progress(step.done, step.total + 1, Findings(doing, turn=doing.split()[0] != stage))
        stage = doing.split()[0]
    assert study is not None, "a study ends with its result"
    found = Found(spec, model, members, truth, study)
    yield Progress(step.total + 1, step.total + 1, Findings("done", True, found.told(), found.parts(pictures)))


@dataclass(frozen=True, eq=False)
class Found:
    """A finished study beside what it is about."""

    spec: ConceptSpec
    model: Classifier
    members: tuple[Member, ...]
    truth: list[int | None]
    study: Study

    @property
    def bank(self) -> ConceptBank:
        return self.study.bank

    @property
    def shown(self) -> Float[Tensor, "n k *grid"]:
        """Codes at the places of the picture; where the layer has none, the mean."""
        codes = self.bank.codes
        grid = on_grid(codes, self.model.card.size)
        if grid is not None:
            return grid
        return codes.flatten(2).mean(2) if codes.ndim > 2 else codes

    def told(self) -> dict[str, Any]:
        """All but arrays and pictures, as the API has it."""
        study, labels, shown = self.study, self.model.labels, self.shown
        graph = study.graph
        return {
            "target": self.bank.target,
            "label": labels[self.bank.target],
            "by": self.spec.by,
            "layer": self.bank.split.layer,
            "factorizer": self.spec.factorizer,
            "code": self.bank.dictionary.code,
            "size": list(self.model.card.size),
            "grid": list(shown.shape[2:]) if shown.ndim == 4 else None,
            "output": "logit",
            "linear": study.linear,
            "tally": self._tally(),
            "concepts": self._concepts(shown),
            "quality": asdict(study.quality),
            "images": self._images(),
            "clusters": [
                {
                    "index": c,
                    "members": list(cluster.members),
                    "prevalence": cluster.prevalence,
                    "reliability": cluster.reliability,
                    "importance": cluster.importance.tolist(),
                    "leading": cluster.leading,
                }
                for c, cluster in enumerate(graph.clusters if graph else ())
            ],
            "edges": [asdict(edge) for edge in (graph.edges if graph else ())],
            "note": study.note,
        }

    def parts(self, pictures: Pictures) -> dict[str, bytes]:
        seen = [drawn(self.model.prepare(pictures[i])) for i in self.study.chosen]  # type: ignore[arg-type]  # an image's
        dictionary = self.bank.dictionary
        return {
            "shares": save({"shares": self.study.importance.shares.contiguous()}),
            "codes": save({"codes": self.shown.contiguous()}),
            "dictionary": save({"D": dictionary.D.contiguous(), "offset": dictionary.offset.contiguous()}),
            "sprite": sprite(seen, len(seen)),
            **{f"image-{i}": webp(image) for i, image in enumerate(seen)},
        }

    def _tally(self) -> list[dict[str, Any]]:
        """Of the whole set."""
        predicted = self.study.logits.argmax(1).tolist()
        named = any(k is not None for k in self.truth)
        every = sorted({*predicted, *(k for k in self.truth if k is not None)}, key=lambda k: (-predicted.count(k), k))
        return [
            {
                "class": k,
                "label": self.model.labels[k],
                "predicted": predicted.count(k),
                "labelled": self.truth.count(k) if named else None,
            }
            for k in every[:TALLIED]
        ]

    def _concepts(self, shown: Float[Tensor, "n k *grid"]) -> list[dict[str, Any]]:
        """The most important first, by the size of its share."""
        weights = self.study.importance
        overall, shares = weights.overall.tolist(), weights.shares.mean(0).tolist()
        stderr = None if weights.stderr is None else (weights.stderr.square().sum(0).sqrt() / len(shown)).tolist()
        most = rows(self.bank.codes).abs().amax(0)
        amount = (shown.flatten(2).mean(2) if shown.ndim > 2 else shown).mean(0).tolist()
        return [
            {
                "index": k,
                "importance": overall[k],
                "stderr": None if stderr is None else stderr[k],
                "amount": amount[k],
                "share": shares[k],
                "crops": [asdict(crop) for crop in self.bank.crops[k]],
                "dead": bool(most[k] < NOTHING),
            }
            for k in sorted(range(len(overall)), key=lambda k: -abs(shares[k]))
        ]

    def _images(self) -> list[dict[str, Any]]:
        probabilities = self.study.logits[list(self.study.chosen)].softmax(1)
        best, predicted = probabilities.max(1)
        graph = self.study.graph
        clusters = [-1] * len(predicted) if graph is None else graph.labels.tolist()
        points = unit(flat(self.study.importance.shares) if graph is None else graph.projection).tolist()
        return [
            {
                "index": n,
                "number": i,
                "name": self.members[i].name,
                "label": self.members[i].label,
                "predicted": self.model.labels[int(predicted[n])],
                "probability": float(best[n]),
                "right": None if self.truth[i] is None else self.truth[i] == int(predicted[n]),
                "cluster": clusters[n],
                "x": points[n][0],
                "y": points[n][1],
            }
            for n, i in enumerate(self.study.chosen)
        ]


def flat(shares: Float[Tensor, "n k"]) -> Float[Tensor, "n 2"]:
    """A few images in the plane in which they vary most."""
    centred = shares - shares.mean(0)
    U, S, _ = torch.linalg.svd(centred, full_matrices=False)
    plane = (U * S)[:, :2]
    return torch.nn.functional.pad(plane, (0, 2 - plane.shape[1]))


def unit(points: Float[Tensor, "n 2"]) -> Float[Tensor, "n 2"]:
    """In [0, 1]; the middle where all are alike."""
    low, high = points.amin(0), points.amax(0)
    return torch.where(high > low, (points - low) / (high - low).clamp(min=1e-30), 0.5)
