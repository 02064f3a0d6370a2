"""Explanations: ask, follow, cancel, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from app import comparison
from app.api import follow
from app.api.assets import PRIVATE, TEXT
from app.api.identity import Desk, Owner
from app.description import describe, edited, judged
from app.failures import RequestError
from app.jobs.question import FIRST_METHOD, Question
from app.service import found
from explainers.types import Kind, Output

router = APIRouter(prefix="/explanations", tags=["explanations"])

Named = Annotated[Sequence[str], Query(alias="with", description="EXPLANATION.CLASS, as often as there are maps.")]
SAFETENSORS = "application/octet-stream"
INPUTS: Mapping[Kind, str] = {"image": "image/png", "text": TEXT}


class Ask(BaseModel):
    """A picture or text and how to explain it; everything else has a default."""

    model_config = ConfigDict(extra="forbid")

    asset: Annotated[str, Field(description="Id of a picture, a text or an example.")]
    model: str | None = None
    method: str = FIRST_METHOD
    params: dict[str, JsonValue] = {}
    output: Annotated[
        Output | None, Field(description="When missing: logit for a picture, log_probability for a text.")
    ] = None
    seed: int = 0
    target: Annotated[int | str | None, Field(description="Class index or label; the likeliest when missing.")] = None
    against: Annotated[
        int | str | None, Field(description="Class index or label: why the target and not this one.")
    ] = None


class Beside(BaseModel):
    """One class of an explanation, to be compared with another."""

    id: str
    target: int


class View(BaseModel):
    """How an explanation is looked at; nothing here is computed again."""

    target: int
    compare: Annotated[
        list[Beside] | None, Field(description="What lies beside it, of the same input; as it was when missing.")
    ] = None


class Edits(BaseModel):
    """Words of an explained text, by their numbers."""

    model_config = ConfigDict(extra="forbid")

    off: Annotated[list[int], Field(max_length=100_000, description="Words that are switched off.")] = []
    replace: Annotated[dict[int, str], Field(description="New texts in the place of words.")] = {}


@router.post("", status_code=201)
def ask(body: Ask, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Queue an explanation, or find the one that is stored under the same key."""
    question = Question(kind=desk.asset(owner, body.asset).kind, **body.model_dump(exclude={"asset"}))
    return describe(desk, desk.ask(owner, body.asset, question))


@router.get("/{id}")
def get(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    return describe(desk, desk.explanation(owner, id))


@router.put("/{id}/view", status_code=204)
def look_at(id: str, body: View, desk: Desk, owner: Owner) -> None:
    comparison.tile(desk, owner, id, body.target)  # both are refused before either is changed
    if body.compare is not None:
        comparison.lay(desk, owner, desk.explanation(owner, id), [(tile.id, tile.target) for tile in body.compare])
    desk.look_at(owner, id, body.target)


@router.get("/{id}/agreement")
def agreement(id: str, desk: Desk, owner: Owner, beside: Named = ()) -> dict[str, Any]:
    """Rank correlation of each pair of finished maps over the same cells: of this one, and of those named beside it."""
    explanation = desk.explanation(owner, id)
    tiles = comparison.together(desk, owner, explanation, [_named(tile) for tile in beside])
    return comparison.agreement(desk, owner, tiles)


@router.post("/{id}/probe")
def probe(id: str, body: Edits, desk: Desk, owner: Owner) -> dict[str, Any]:
    """The probabilities of an edited text, and the band in which those without random other words lie.

    Words are numbered as in the explanation. One that is off is replaced as the explanation's baseline says; the text
    with its replacements is read anew.
    """
    return edited(desk, owner, id, body.off, body.replace)


@router.post("/{id}/cancel", status_code=204)
def cancel(id: str, desk: Desk, owner: Owner) -> None:
    """Stop waiting. The computation stops when nobody else waits for it."""
    desk.cancel(owner, id)


@router.get("/{id}/events", response_class=StreamingResponse)
async def events(id: str, desk: Desk, owner: Owner) -> StreamingResponse:
    """Server-sent events `progress` until the state is done, failed or cancelled; then the stream ends."""
    explanation = await run_in_threadpool(desk.explanation, owner, id)
    return follow.events(desk, explanation.run)


@router.post("/{id}/trust", status_code=201)
def judge(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Judge the map of the class looked at, or find the judgement that is stored."""
    return judged(desk, desk.judge(owner, id))


@router.get("/{id}/trust")
def judgement(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    """The judgement of the class looked at, while it is made as far as it has come."""
    return judged(desk, found(desk.judgement(desk.explanation(owner, id)), "judgement"))


@router.get("/{id}/trust/events", response_class=StreamingResponse)
async def judgement_events(id: str, desk: Desk, owner: Owner) -> StreamingResponse:
    """Server-sent events `progress` as for explanations; a new preview is a report with more checks."""
    explanation = await run_in_threadpool(desk.explanation, owner, id)
    run = found(await run_in_threadpool(desk.judgement, explanation), "judgement")
    return follow.events(desk, run.key)


@router.get("/{id}/preview", response_class=Response)
def preview(id: str, desk: Desk, owner: Owner) -> Response:
    """The newest coarse map of a running job: safetensors, one tensor (h, w) or (d,) per class, named by its index.

    204 where there is none: the run may have ended since its preview was told of, and that is no error.
    """
    coarse = desk.preview(owner, id)
    if coarse is None:
        return Response(status_code=204)
    return Response(coarse, media_type=SAFETENSORS, headers={"Cache-Control": "no-store"})


@router.get("/{id}/blobs/{sha256}", response_class=Response)
def blob(id: str, sha256: str, desk: Desk, owner: Owner) -> Response:
    """A part of the result: safetensors `values` and `stderr`, (h, w) or (d,), of one class; or the input.

    A picture comes as PNG, a text as it was sent.
    """
    data = desk.blob(owner, id, sha256)
    run = desk.run(desk.explanation(owner, id))
    media = INPUTS[run.spec.kind] if sha256 == run.input else SAFETENSORS
    return Response(data, media_type=media, headers=PRIVATE)


def _named(tile: str) -> tuple[str, int]:
    id, _, target = tile.partition(".")
    if not target.isdecimal() or len(target) > 9:
        raise RequestError(f"with must be EXPLANATION.CLASS; got {tile!r:.100}")
    return id, int(target)
