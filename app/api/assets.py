"""Pictures: sending one in, getting back what was kept of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.api.identity import Desk, Owner
from app.failures import RequestError

router = APIRouter(tags=["pictures"])

PRIVATE = {"Cache-Control": "private, max-age=31536000, immutable"}


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
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > desk.settings.max_upload_bytes:  # before the rest is read
            raise RequestError(f"The file is larger than {desk.settings.max_upload_bytes:,} bytes, which is the limit.")
    return asdict(await run_in_threadpool(desk.upload, owner, bytes(data), name))


@router.get("/assets/{id}/image", response_class=Response)
def image(id: str, desk: Desk, owner: Owner) -> Response:
    """The picture as it was kept: RGB, PNG, no metadata."""
    return Response(desk.asset_png(owner, id), media_type="image/png", headers=PRIVATE)
