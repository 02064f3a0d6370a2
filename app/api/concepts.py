"""Concepts and strategies of a set of pictures: ask, follow, cancel, read, name, try out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from app import concepts
from app.api import follow
from app.api.assets import PRIVATE
from app.api.identity import Desk, Owner
from app.failures import RequestError
from app.jobs.asking import ConceptQuestion
from explainers import By, Rows

router = APIRouter(prefix="/concepts", tags=["concepts and strategies"])

SAFETENSORS = "application/octet-stream"
SetId = Annotated[str, Query(alias="set", description="Id of a set of pictures.")]


class Ask(BaseModel):
    """A set of pictures and what to look for in it; everything else has a default."""

    model_config = ConfigDict(extra="forbid")

    set: Annotated[str, Field(description="Id of a set of pictures.")]
    model: str | None = None
    target: Annotated[int | str | None, Field(description="Class index or label; the commonest when missing.")] = None
    by: Annotated[By, Field(description="Whose pictures are the class's: the model's, or their labels'.")] = "predicted"
    layer: Annotated[str | None, Field(description="A module of the network; the model's own when missing.")] = None
    n_concepts: int = 10
    factorizer: str = "nmf"
    rows: Annotated[Rows, Field(description="What concepts are learnt from.")] = "locations"
    importance: str = "gradient_x_input"
    seed: int = 0


class Called(BaseModel):
    """What a concept or a strategy is called, and whether it is suspected."""

    model_config = ConfigDict(extra="forbid")

    concept: int | None = None
    strategy: int | None = None
    name: Annotated[str, Field(max_length=10_000)] = ""
    suspicious: bool = False


class Scale(BaseModel):
    """How much of each concept is left in a picture; those not named stay as they are."""

    model_config = ConfigDict(extra="forbid")

    image: int
    scale: Annotated[dict[int, float], Field(description="0 takes a concept out, 2 doubles it.")] = {}


@router.get("/plan")
def plan(
    desk: Desk,
    owner: Owner,
    image_set: SetId,
    model: str | None = None,
    layer: str | None = None,
    n_concepts: int = 10,
    factorizer: str = "nmf",
    rows: Rows = "locations",
) -> dict[str, Any]:
    """What asking would cost: pictures, how many of them the layer has been read for, and about how many seconds."""
    question = ConceptQuestion(model=model, layer=layer, n_concepts=n_concepts, factorizer=factorizer, rows=rows)
    return asdict(concepts.plan(desk, owner, image_set, question))


@router.post("", status_code=201)
def ask(body: Ask, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Queue a study of concepts, or find the one that is stored under the same key."""
    question = ConceptQuestion(**body.model_dump(exclude={"set"}))
    return concepts.describe(desk, concepts.ask(desk, owner, body.set, question))


@router.get("")
def listed(desk: Desk, owner: Owner) -> list[dict[str, Any]]:
    """The newest first."""
    return concepts.listed(desk, owner)


@router.get("/{id}")
def get(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    return concepts.describe(desk, concepts.get(desk, owner, id))


@router.delete("/{id}", status_code=204)
def delete(id: str, desk: Desk, owner: Owner) -> None:
    concepts.delete(desk, owner, id)


@router.post("/{id}/cancel", status_code=204)
def cancel(id: str, desk: Desk, owner: Owner) -> None:
    """Stop waiting. The computation stops when nobody else waits for it."""
    concepts.cancel(desk, owner, id)


@router.post("/{id}/again", status_code=201)
def again(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Ask the same once more, after a cancel or a failure."""
    return concepts.describe(desk, concepts.again(desk, owner, id))


@router.get("/{id}/events", response_class=StreamingResponse)
async def events(id: str, desk: Desk, owner: Owner) -> StreamingResponse:
    """Server-sent events `progress` until the state is done, failed or cancelled; `stage` says what is being done."""
    found = await run_in_threadpool(concepts.get, desk, owner, id)
    return follow.events(desk, found.run)


@router.patch("/{id}/view")
def call(id: str, body: Called, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Name a concept or a strategy, or mark it as suspicious; an empty name takes the name away."""
    match body.concept, body.strategy:
        case int(number), None:
            return concepts.call(desk, owner, id, "concepts", number, body.name, body.suspicious)
        case None, int(number):
            return concepts.call(desk, owner, id, "strategies", number, body.name, body.suspicious)
    raise RequestError("Name either a concept or a strategy, by its index.")


@router.post("/{id}/probe")
def probe(id: str, body: Scale, desk: Desk, owner: Owner) -> dict[str, Any]:
    """The probabilities of a picture with its concepts scaled, and the share of the class's pictures decided rightly.

    `band`, `low` and `high`: the same after changes in random directions, as long at every place as the change made.
    """
    return concepts.probe(desk, owner, id, body.image, body.scale)


@router.get("/{id}/sizes")
def sizes(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    """How many concepts: of half as many, as many and twice as many, what they leave out of an activation (`error`),

    the share of amounts that are zero (`sparsity`), and how like those of two halves of the activations are
    (`stability`, 1: the same). From at most 2,000 activations of the study's pictures, drawn by chance; some seconds.
    """
    return concepts.sizes(desk, owner, id)


@router.get("/{id}/trials")
def tried(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Whether concepts matter. Of each (TCAV): the share of pictures whose logit rises towards it (`score`), whether it

    is told from random activations (`accuracy`), how often random directions do as much (`p`), and whether both hold
    at a false discovery rate of 5 % (`sound`). Together: `completeness`, 1 where they are all that counts, beside as
    many random directions, and each one's share (ConceptSHAP). Some seconds.
    """
    return concepts.tried(desk, owner, id)


@router.post("/{id}/concepts/{concept}/apart", status_code=201)
def take_apart(id: str, concept: int, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Study the crops that show a concept, at an earlier layer: what it is made of. They become a set of one's own."""
    return concepts.describe(desk, concepts.take_apart(desk, owner, id, concept))


@router.get("/{id}/images/{index}/map", response_class=Response)
def concept_map(id: str, index: int, concept: int, method: str, desk: Desk, owner: Owner) -> Response:
    """Where a picture shows a concept: what each pixel adds to its amount by this method, `values` as safetensors."""
    data = concepts.concept_map(desk, owner, id, index, concept, method)
    return Response(data, media_type=SAFETENSORS, headers=PRIVATE)


@router.get("/{id}/images/{index}", response_class=Response)
def image(id: str, index: int, desk: Desk, owner: Owner) -> Response:
    """A picture of the class as the model sees it, as WebP."""
    return Response(concepts.image(desk, owner, id, index), media_type="image/webp", headers=PRIVATE)


@router.post("/{id}/images/{index}/asset", status_code=201)
def asset(id: str, index: int, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Make the picture one of one's own, to explain it."""
    return asdict(concepts.asset(desk, owner, id, index))


@router.get("/{id}/blobs/{sha256}", response_class=Response)
def blob(id: str, sha256: str, desk: Desk, owner: Owner) -> Response:
    """A part of the result: `shares` (n, k) and `codes` (n, k, h, w) as safetensors, the sprite as WebP."""
    name, data = concepts.blob(desk, owner, id, sha256)
    return Response(data, media_type=concepts.MEDIA.get(name, SAFETENSORS), headers=PRIVATE)
