"""Pictures and texts: sending one in, getting back what was kept of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.api import bodies
from app.api.identity import Desk, Owner

router = APIRouter(tags=["pictures and texts"])

UNKEPT = {"Cache-Control": "private, no-store"}  # what is taken back, or may change, must not lie in a browser
PRIVATE = {"Cache-Control": "private, max-age=31536000, immutable"}
TEXT = "text/plain; charset=utf-8"
ESCAPED = 12  # bytes of a character in JSON, at most: two halves of a surrogate pair
AROUND = 10_000  # bytes of JSON beside the text itself


class Written(BaseModel):
    """A text to be explained."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(description="Kept exactly as it is: offsets are those of this string.")]
    name: Annotated[str, Field(max_length=200)] = "text"


@router.post(
    "/assets",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/png", "image/*")},
        }
    },
)
async def upload(
    request: Request, desk: Desk, owner: Owner, name: Annotated[str, Query(max_length=200)] = "picture"
) -> dict[str, Any]:
    """Send a PNG, JPEG or WebP as the body. It is decoded by content, turned upright and stripped of metadata."""
    data = await bodies.read(request, desk.settings.max_upload_bytes)
    return asdict(await run_in_threadpool(desk.upload, owner, data, name))


@router.post(
    "/texts",
    status_code=201,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": Written.model_json_schema()}}}
    },
)
async def write(request: Request, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Send a text. `width` and `height` of the answer are its numbers of characters and of lines."""
    data = await bodies.read(request, ESCAPED * desk.settings.max_text_chars + AROUND, "text")
    body = bodies.parsed(Written, data)
    return asdict(await run_in_threadpool(desk.upload_text, owner, body.text, body.name))


@router.get("/assets/{id}/image", response_class=Response)
def image(id: str, desk: Desk, owner: Owner) -> Response:
    """The picture as it was kept: RGB, PNG, no metadata."""
    return Response(desk.asset_data(owner, id, "image"), media_type="image/png", headers=PRIVATE)


@router.get("/assets/{id}/text", response_class=Response)
def text(id: str, desk: Desk, owner: Owner) -> Response:
    """The text as it was sent, in UTF-8."""
    return Response(desk.asset_data(owner, id, "text"), media_type=TEXT, headers=PRIVATE)
