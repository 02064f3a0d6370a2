"""What becomes of the classes when concepts are scaled, beside random changes of the same length."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import torch
from jaxtyping import Float
from safetensors.torch import load
from torch import Tensor

from app.failures import RequestError, refuse_outside
from app.jobs.activations import ActivationCache
from app.jobs.look import refuse_changed
from app.jobs.manifest import Member, classes
from app.jobs.pictures import Pictures
from app.jobs.shelf import Shelf
from app.jobs.spec import ConceptSpec
from app.storage.runs import Run
from app.storage.store import Store
from explainers.concepts.bank import ConceptBank, coded
from explainers.concepts.dictionaries import Dictionary
from explainers.concepts.importance import scaled
from explainers.concepts.reading import Reader, Recollection
from explainers.concepts.split import Split, split
from explainers.types import Classifier

DIRECTIONS = 20
SHOWN = 5  # classes, and the one that is studied
FOLLOWED = {True: 200, False: 50}  # pictures of the class, by whether the rest of the network is linear
STRONGEST = 2.0
KEPT = 2  # studies held ready


@dataclass(frozen=True, kw_only=True)
class Intervention:
    """One image of a finished study, by its place in it, and how much of each concept is left. Raises RequestError."""

    image: int
    scale: Mapping[int, float]
    images: int
    concepts: int

    def __post_init__(self) -> None:
        refuse_outside("image", self.image, self.images)
        for k, s in self.scale.items():
            if not 0 <= k < self.concepts:
                raise RequestError(f"scale must name concepts in [0, {self.concepts - 1}]; got {str(k)[:20]}")
            if not 0 <= s <= STRONGEST:
                raise RequestError(f"scale must lie in [0, {STRONGEST:g}]; got {s:g} for concept {k}")

    @property
    def row(self) -> Float[Tensor, "1 k"]:
        row = torch.ones(1, self.concepts)
        for k, s in self.scale.items():
            row[0, k] = s
        return row


@dataclass(frozen=True, eq=False)
class Bench:
    """A study laid out for interventions: activations and codes of the images that are followed."""

    cut: Split
    dictionary: Dictionary
    target: int
    reader: Reader
    members: tuple[Member, ...]
    chosen: tuple[int, ...]  # numbers in the set
    truth: tuple[int | None, ...]
    followed: tuple[int, ...]  # places in `chosen`
    a: Float[Tensor, "n p *map"]
    u: Float[Tensor, "n k *map"]
    shown: Float[Tensor, "all k *grid"]  # of all that are studied, at the places of the picture

    @property
    def bank(self) -> ConceptBank:
        """Of the images that are followed."""
        return ConceptBank(self.cut, self.dictionary, self.u, self.a, (), self.target)

    def pixels(self, places: Sequence[int]) -> Float[Tensor, "n c h w"]:
        """Images as the model sees them, by their places in the study."""
        return self.reader.pixels([self.chosen[place] for place in places])

    def of(self, place: int) -> tuple[Float[Tensor, "1 p *map"], Float[Tensor, "1 k *map"]]:
        if place in self.followed:
            n = self.followed.index(place)
            return self.a[n : n + 1], self.u[n : n + 1]
        return self.read([place])

    def read(self, places: Sequence[int]) -> tuple[Float[Tensor, "n p *map"], Float[Tensor, "n k *map"]]:
        *_, (_, a) = self.reader.activations([self.chosen[place] for place in places])
        return a, coded(self.dictionary, a)


class Benches:
    """The last few studies that somebody has intervened in."""

    def __init__(self, store: Store, shelf: Shelf, cache: ActivationCache | None) -> None:
        self._store, self._shelf, self._cache = store, shelf, cache
        self._ready: OrderedDict[str, Bench] = OrderedDict()
        self._lock = Lock()

    def intervene(self, key: str, asked: Intervention) -> dict[str, Any]:
        """Raises RequestError when the model is no longer the one that was studied."""
        return intervened(*self.of(key), asked)

    def of(self, key: str) -> tuple[Classifier, Bench]:
        """Raises RequestError when the model is no longer the one that was studied."""
        run = self._store.runs.get(key)
        assert isinstance(run.spec, ConceptSpec), "concepts point to runs of their own kind"
        model = self._shelf.get(run.spec.model)
        refuse_changed(model, run.spec.digest)
        with self._lock:
            bench = self._ready.get(key) or laid_out(self._store, model, run.spec, run, self._cache)
            self._ready[key] = bench
            self._ready.move_to_end(key)
            while len(self._ready) > KEPT:
                self._ready.popitem(last=False)
        return model, bench


def laid_out(store: Store, model: Classifier, spec: ConceptSpec, run: Run[Any], cache: ActivationCache | None) -> Bench:
    result = run.result
    assert result is not None, "the run is done"
    manifest = store.image_sets.manifest(spec.manifest)
    members, pictures = manifest.members, Pictures(store.image_sets, manifest)
    memory = Recollection() if cache is None else cache.of(spec.digest, spec.layer, manifest.inputs)
    part, shown = (store.runs.blob(run.key, result["blobs"][name]) for name in ("dictionary", "codes"))
    assert part is not None, "a finished study has its dictionary"
    assert shown is not None, "and its codes"
    dictionary = Dictionary(**load(part), code=result["code"])
    cut = split(model, model.prepare(pictures[0])[None], spec.layer)  # type: ignore[index]  # an image's
    reader = Reader(model, pictures, cut, memory)
    chosen = tuple(image["number"] for image in result["images"])
    followed = evenly(len(chosen), FOLLOWED[result["linear"]])
    *_, (_, a) = reader.activations([chosen[place] for place in followed])
    named = classes(members, model.labels)
    return Bench(
        cut=cut,
        dictionary=dictionary,
        target=result["target"],
        reader=reader,
        members=members,
        chosen=chosen,
        truth=tuple(named[i] for i in chosen),
        followed=followed,
        a=a,
        u=coded(dictionary, a),
        shown=load(shown)["codes"],
    )


def evenly(count: int, most: int) -> tuple[int, ...]:
    """At most so many of the first `count` numbers, with equal gaps."""
    return tuple(range(count)) if count <= most else tuple(n * count // most for n in range(most))


def intervened(model: Classifier, bench: Bench, asked: Intervention) -> dict[str, Any]:
    """As the API has it. `accuracy` is of the followed images of the class."""
    head, D = bench.cut.head, bench.dictionary.D
    a, u = bench.of(asked.image)
    with torch.inference_mode():
        before = head(a).softmax(1)[0]
        edited = scaled(a, u, D, asked.row)
        after = head(edited).softmax(1)[0]
        control = torch.cat([head(part) for part in changed(a, edited)]).softmax(1)
        shown = list(dict.fromkeys([*before.topk(min(SHOWN, len(before))).indices.tolist(), bench.target]))
        return {
            "classes": shown,
            "labels": [model.labels[k] for k in shown],
            "probabilities": after[shown].tolist(),
            "before": before[shown].tolist(),
            "band": {
                "low": control.amin(0)[shown].tolist(),
                "high": control.amax(0)[shown].tolist(),
                "directions": DIRECTIONS,
            },
            "accuracy": accuracy(bench, asked),
        }


def accuracy(bench: Bench, asked: Intervention) -> dict[str, Any]:
    """Share of the class's images that are decided rightly; where nobody knows what is right, as the class."""
    truth = [bench.truth[place] for place in bench.followed]
    known = [n for n, k in enumerate(truth) if k is not None] or list(range(len(truth)))
    right = torch.tensor([bench.target if truth[n] is None else truth[n] for n in known])
    a, u = bench.a[known], bench.u[known]
    edited = scaled(a, u, bench.dictionary.D, asked.row.expand(len(a), -1))

    def share(activations: Tensor) -> float:
        return float((bench.cut.head(activations).argmax(1) == right).double().mean())

    control = [share(part) for part in changed(a, edited)]
    return {
        "before": share(a),
        "after": share(edited),
        "low": min(control),
        "high": max(control),
        "images": len(known),
        "of": "predictions" if all(k is None for k in truth) else "labels",
    }


def changed(a: Float[Tensor, "n p *map"], edited: Float[Tensor, "n p *map"]) -> Iterator[Float[Tensor, "n p *map"]]:
    """The activations moved in random directions instead, at every place as far as they were moved there."""
    length = (edited - a).norm(dim=1, keepdim=True)
    rng = torch.Generator().manual_seed(0)
    for _ in range(DIRECTIONS):
        direction = torch.nn.functional.normalize(torch.randn(a.shape[1], generator=rng), dim=0)
        yield a + length * direction.view(-1, *[1] * (a.ndim - 2))
