"""A user's own classifiers of texts: an encoder under prompts, or under a head fitted to labelled texts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.api import bodies
from app.api.identity import Desk, Owner
from app.description import head

router = APIRouter(prefix="/heads", tags=["heads"])

Base = Annotated[str | None, Query(description="An encoder of texts; the first text model when missing.")]
Column = Annotated[str | None, Query(max_length=200, description="By its name in the header.")]
TABLES = ("text/csv", "text/tab-separated-values")


class Prompted(BaseModel):
    """Labels, each with sentences that stand for it."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=200)]
    base: Annotated[str | None, Field(description="An encoder of texts; the first text model when missing.")] = None
    prompts: dict[str, list[str]]


@router.post(
    "",
    status_code=201,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": Prompted.model_json_schema()}}}
    },
)
async def prompt(request: Request, desk: Desk, owner: Owner) -> dict[str, Any]:
    """A classifier that chooses the label to whose prompts a text is closest. Ask with its `model`."""
    body = bodies.parsed(Prompted, await bodies.read(request, desk.settings.max_upload_bytes, "request"))
    return head(await run_in_threadpool(desk.prompt_head, owner, body.name, body.base, body.prompts))


@router.post(
    "/fit",
    status_code=201,
    openapi_extra={
        "requestBody": {"required": True, "content": {kind: {"schema": {"type": "string"}} for kind in TABLES}}
    },
)
async def fit(
    request: Request,
    desk: Desk,
    owner: Owner,
    name: Annotated[str, Query(max_length=200)],
    base: Base = None,
    text_column: Column = None,
    label_column: Column = None,
) -> dict[str, Any]:
    """Send a CSV or TSV of labelled texts as the body; wait for the fit, about a minute for 3,000 sentences.

    `accuracy` and `confusion`, a row for each true label, are of texts that were held out.
    """
    data = await bodies.read(request, desk.settings.max_upload_bytes, "table")
    return head(await run_in_threadpool(desk.fit_head, owner, name, base, data, text_column, label_column))


@router.get("")
def heads(desk: Desk, owner: Owner) -> list[dict[str, Any]]:
    """The newest first."""
    return [head(own) for own in desk.heads(owner)]


@router.delete("/{id}", status_code=204)
def delete(id: str, desk: Desk, owner: Owner) -> None:
    """Explanations made with it can still be read."""
    desk.delete_head(owner, id)
