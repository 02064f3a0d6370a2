"""Batches: a whole set of pictures under one question. Ask, follow, cancel, go on, read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import Response

from app import batches
from app.api.assets import PRIVATE, UNKEPT
from app.api.identity import Desk, Owner
from app.description import describe
from app.jobs.question import FIRST_METHOD, Question
from explainers.types import Output

router = APIRouter(prefix="/batches", tags=["batches"])


class Ask(BaseModel):
    """A set of pictures and how to explain each; everything else has a default."""

    model_config = ConfigDict(extra="forbid")

    set: Annotated[str, Field(description="Id of a set of pictures.")]
    model: str | None = None
    method: str = FIRST_METHOD
    params: dict[str, JsonValue] = {}
    output: Output | None = None
    seed: int = 0
    target: Annotated[
        int | str | None, Field(description="Class index or label; of each picture the likeliest when missing.")
    ] = None

    @property
    def question(self) -> Question:
        return Question(**self.model_dump(exclude={"set"}))


@router.post("/plan")
def plan(body: Ask, desk: Desk, owner: Owner) -> dict[str, Any]:
    """What asking this would cost: pictures, and about how many seconds. Measured on one of them; about a second."""
    return asdict(batches.plan(desk, owner, body.set, body.question))


@router.post("", status_code=201)
def ask(body: Ask, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Explain every picture of a set; the same asked again is the same batch, which goes on if it had stopped.

    Of one's batches the oldest is worked on, a few pictures at a time: other questions go first.
    """
    return batches.describe(desk, batches.ask(desk, owner, body.set, body.question))


@router.get("")
def listed(desk: Desk, owner: Owner) -> list[dict[str, Any]]:
    """The newest first."""
    return batches.listed(desk, owner)


@router.get("/{id}")
def get(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    """How many pictures are `done`, have `failed`, are being `asked`, and are `left`; about how long those take."""
    return batches.describe(desk, batches.get(desk, owner, id))


@router.delete("/{id}", status_code=204)
def delete(id: str, desk: Desk, owner: Owner) -> None:
    """Explanations that were opened from it stay."""
    batches.delete(desk, owner, id)


@router.post("/{id}/cancel")
def cancel(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Stop. What is done is kept."""
    return batches.describe(desk, batches.cancel(desk, owner, id))


@router.post("/{id}/resume")
def resume(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Go on with the pictures that were not reached, and try those again that failed."""
    return batches.describe(desk, batches.resume(desk, owner, id))


@router.get("/{id}/rows")
def rows(
    id: str, desk: Desk, owner: Owner, order: batches.Order = "set", down: bool = False, page: int = 1
) -> dict[str, Any]:
    """A page of 50 pictures, of those that were asked about so far; `down`: the highest first."""
    return batches.rows(desk, owner, id, order, down, page)


@router.get("/{id}/summary.csv", response_class=Response)
def summary(id: str, desk: Desk, owner: Owner) -> Response:
    """What `python -m app batch` writes, of the pictures that are done or failed so far."""
    named = {"Content-Disposition": f'attachment; filename="whylens-batch-{batches.get(desk, owner, id).id[:8]}.csv"'}
    return Response(batches.summary(desk, owner, id), media_type="text/csv; charset=utf-8", headers=UNKEPT | named)


@router.get("/{id}/images/{index}/thumbnail", response_class=Response)
def thumbnail(id: str, index: int, desk: Desk, owner: Owner, state: str = "") -> Response:
    """A picture, small, as WebP, with its map over it once it is done. One told its `state` may be kept."""
    data = batches.thumbnail(desk, owner, id, index)
    return Response(data, media_type="image/webp", headers=PRIVATE if state == "done" else UNKEPT)


@router.post("/{id}/images/{index}/explanation", status_code=201)
def explain(id: str, index: int, desk: Desk, owner: Owner) -> dict[str, Any]:
    """A picture of the batch as an explanation of one's own: the same run, so there is nothing to wait for."""
    return describe(desk, batches.explain(desk, owner, id, index))
