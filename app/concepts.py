"""Concepts of a set of pictures: asked for, read, named, and tried out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from safetensors.numpy import save

from app.description import progress
from app.failures import RequestError, refuse_outside
from app.jobs.asking import ConceptQuestion, Plan
from app.jobs.concept_map import METHODS
from app.jobs.intervene import Intervention
from app.jobs.manifest import Member
from app.jobs.spec import ConceptSpec
from app.jobs.workshop import Workshop
from app.service import Service, found, minted, numbered
from app.sets import image_sets
from app.storage.assets import OwnedAsset
from app.storage.concepts import Concepts, Part
from app.storage.names import displayed
from app.storage.runs import Run
from app.uploads import Asset

WITHIN = 5  # concepts that one is taken apart into
LONGEST = 80  # characters of what a user calls a concept or a strategy
BLOBS = ("shares", "codes", "sprite")  # the parts that a client addresses by their hash
MEDIA = {"sprite": "image/webp"}  # the others are safetensors
INSIDE = ("blobs", "kind", "code")  # of a result, what a client has no use for


def plan(desk: Service, owner: str, image_set: str, question: ConceptQuestion) -> Plan:
    """What asking would cost."""
    inputs = image_sets.manifest(desk, owner, image_set).inputs
    return desk.pool.ask(Workshop.plan, _model(desk, owner, question), question, inputs)


def ask(desk: Service, owner: str, image_set: str, question: ConceptQuestion) -> Concepts:
    """The stored findings if anybody has asked this of the same pictures before, a queued run otherwise."""
    manifest = image_sets.manifest(desk, owner, image_set)
    spec, card = desk.pool.ask(Workshop.settle, _model(desk, owner, question), question, manifest.sha256)
    desk.refuse_more(owner, spec.key)
    look = {"card": card, "images": len(manifest.members)}
    name = image_sets.get(desk, owner, image_set).name
    concepts, fresh = desk.store.concepts.open(owner, image_set, name, spec, look)
    desk.begin(concepts.run, owner, "concepts", fresh)
    return concepts


def listed(desk: Service, owner: str) -> list[dict[str, Any]]:
    """The newest first."""
    return [_row(desk, each) for each in desk.store.concepts.of(owner)]


def get(desk: Service, owner: str, id: str) -> Concepts:
    return found(desk.store.concepts.get(owner, minted(id)), "study of concepts")


def run_of(desk: Service, concepts: Concepts) -> Run[ConceptSpec]:
    run = desk.store.runs.get(concepts.run)
    assert isinstance(run.spec, ConceptSpec), "concepts point to runs of their own kind"
    return cast("Run[ConceptSpec]", run)


def describe(desk: Service, concepts: Concepts) -> dict[str, Any]:
    """All that a client needs to draw it. Blob addresses are relative to the API's root."""
    run = run_of(desk, concepts)
    desk.used(run)
    parts = (run.result or {}).get("blobs", {})
    return {
        "id": concepts.id,
        "key": run.key,
        "kind": "concepts",
        "set": {"id": concepts.image_set, "name": concepts.name, "images": run.look["images"]},
        "spec": run.spec.as_dict(),
        "card": run.look["card"],
        "view": concepts.view,
        "progress": progress(desk, run),
        "result": None if run.result is None else {k: v for k, v in run.result.items() if k not in INSIDE},
        "blobs": {name: f"concepts/{concepts.id}/blobs/{parts[name]}" for name in BLOBS if name in parts},
        "pictures": [f"concepts/{concepts.id}/images/{i}" for i in range(len((run.result or {}).get("images", ())))],
    }


def cancel(desk: Service, owner: str, id: str) -> None:
    """Stop waiting; the run stops when nobody else waits for it."""
    concepts = get(desk, owner, id)
    if desk.store.runs.leave(concepts.run, owner):
        desk.pool.cancel(concepts.run)


def again(desk: Service, owner: str, id: str) -> Concepts:
    """Ask the same of the same pictures once more, after a cancel or a failure."""
    concepts = get(desk, owner, id)
    run = run_of(desk, concepts)
    desk.refuse_more(owner, run.key)
    asked, fresh = desk.store.concepts.open(owner, concepts.image_set, concepts.name, run.spec, run.look)
    if fresh:
        desk.pool.submit(run.key, owner)
    return asked


def call(desk: Service, owner: str, id: str, part: Part, number: int, name: str, suspicious: bool) -> dict[str, Any]:
    """What the user calls a concept or a strategy, and whether they suspect it; the new view."""
    result = _result(desk, get(desk, owner, id))
    field, found = {"concepts": ("concept", "concepts"), "strategies": ("strategy", "clusters")}[part]
    refuse_outside(field, number, len(result[found]))
    shown = displayed(name).strip()
    if len(shown) > LONGEST:
        raise RequestError(f"name must have at most {LONGEST} characters; got {len(shown)}")
    return desk.store.concepts.call(owner, id, part, number, shown, suspicious)


def called(concepts: Concepts, index: int, rank: int) -> str:
    """What the user calls a concept, or its rank."""
    return concepts.view.get("concepts", {}).get(str(index), {}).get("name") or f"Concept {rank + 1}"


def probe(desk: Service, owner: str, id: str, image: int, scale: Mapping[int, float]) -> dict[str, Any]:
    """What becomes of the classes when concepts of an image, and of all of its class, are scaled."""
    concepts = get(desk, owner, id)
    result = _result(desk, concepts)
    desk.may_ask(owner, run_of(desk, concepts).spec.model)
    asked = Intervention(image=image, scale=dict(scale), images=len(result["images"]), concepts=len(result["concepts"]))
    return desk.pool.ask(Workshop.intervene, concepts.run, asked)


def sizes(desk: Service, owner: str, id: str) -> dict[str, Any]:
    """What half as many concepts, as many, and twice as many leave out, and whether they are found again."""
    concepts = get(desk, owner, id)
    _result(desk, concepts)
    spec = run_of(desk, concepts).spec
    if spec.factorizer == "ace":
        raise RequestError("ACE leaves groups out that are too rare, so that its number of concepts follows from that.")
    desk.may_ask(owner, spec.model)
    return desk.pool.ask(Workshop.sizes, concepts.run, spec.n_concepts, spec.factorizer, spec.seed)


def tried(desk: Service, owner: str, id: str) -> dict[str, Any]:
    """Whether each concept matters more than a random direction, and how much all of them tell of the layer."""
    concepts = get(desk, owner, id)
    _result(desk, concepts)
    spec = run_of(desk, concepts).spec
    desk.may_ask(owner, spec.model)
    return desk.pool.ask(Workshop.tried, concepts.run, spec.seed)


def concept_map(desk: Service, owner: str, id: str, image: int, concept: int, method: str) -> bytes:
    """Where a picture shows a concept, as safetensors."""
    concepts = get(desk, owner, id)
    result = _result(desk, concepts)
    numbered(result["images"], image, "study")
    refuse_outside("concept", concept, len(result["concepts"]))
    if method not in METHODS:
        raise RequestError(f"method must be one of {', '.join(METHODS)}; got {method!r:.100}")
    desk.may_ask(owner, run_of(desk, concepts).spec.model)
    values = desk.pool.ask(Workshop.concept_map, concepts.run, image, concept, method)
    return save({"values": np.ascontiguousarray(values)})


def take_apart(desk: Service, owner: str, id: str, concept: int) -> Concepts:
    """A study of its own of the crops that show a concept, at an earlier layer. The crops become a set of the user's.

    Fel et al. 2023 (arXiv:2211.10154), section 3.2. That study's concepts can be taken apart again.
    """
    concepts = get(desk, owner, id)
    result = _result(desk, concepts)
    refuse_outside("concept", concept, len(result["concepts"]))
    spec = run_of(desk, concepts).spec
    desk.may_ask(owner, spec.model)
    found = desk.pool.ask(Workshop.within, concepts.run, concept)
    rank = next(n for n, each in enumerate(result["concepts"]) if each["index"] == concept)
    name = called(concepts, concept, rank)
    crops = [
        Member(hashlib.sha256(data).hexdigest(), f"{n + 1} {result['images'][place]['name']}", result["label"])
        for n, (data, place) in enumerate(zip(found.pictures, found.places, strict=True))
    ]
    image_set = image_sets.of_crops(desk, owner, f"{name} of {concepts.name}", crops, found.pictures)
    question = ConceptQuestion(
        model=spec.model,
        target=result["target"],
        by="labelled",
        layer=found.layer,
        n_concepts=min(WITHIN, spec.n_concepts),
        factorizer="semi_nmf" if found.signed else "nmf",
        importance=spec.importance,
        seed=spec.seed,
    )
    return ask(desk, owner, image_set.id, question)


def blob(desk: Service, owner: str, id: str, sha256: str) -> tuple[str, bytes]:
    """A part of this study and its name. Knowing a hash gives nothing else."""
    concepts = get(desk, owner, id)
    parts = (run_of(desk, concepts).result or {}).get("blobs", {})
    name = found(next((name for name in BLOBS if parts.get(name) == sha256), None), "part")
    return name, found(desk.store.runs.blob(concepts.run, sha256), "part")


def image(desk: Service, owner: str, id: str, index: int) -> bytes:
    """An image of the class as the model sees it, WebP."""
    concepts = get(desk, owner, id)
    sha256 = (run_of(desk, concepts).result or {}).get("blobs", {}).get(f"image-{index}")
    return found(desk.store.runs.blob(concepts.run, found(sha256, "picture")), "picture")


def asset(desk: Service, owner: str, id: str, index: int) -> OwnedAsset:
    """The picture itself as one of the user's own, to be explained."""
    concepts = get(desk, owner, id)
    number = numbered(_result(desk, concepts)["images"], index, "study")["number"]
    member = desk.store.image_sets.manifest(run_of(desk, concepts).spec.manifest).members[number]
    data = desk.store.image_sets.picture(member.sha256)
    return desk.store.assets.put(owner, Asset.of_png(data), member.name)


def delete(desk: Service, owner: str, id: str) -> None:
    """What was found stays as long as anybody else has asked the same."""
    cancel(desk, owner, id)
    desk.store.concepts.delete(owner, id)


def _row(desk: Service, concepts: Concepts) -> dict[str, Any]:
    run = run_of(desk, concepts)
    return {
        "id": concepts.id,
        "name": concepts.name,
        "label": None if run.result is None else run.result["label"],
        "set": {"id": concepts.image_set, "name": concepts.name},
        "model": run.spec.model,
        "created": concepts.created,
        "state": run.state,
    }


def _result(desk: Service, concepts: Concepts) -> dict[str, Any]:
    run = run_of(desk, concepts)
    if run.result is None:
        raise RequestError(f"Concepts can be looked into when they are found; this study is {run.state}.")
    return run.result


def _model(desk: Service, owner: str, question: ConceptQuestion) -> str:
    model = question.model or desk.settings.model
    desk.may_ask(owner, model)
    return model
