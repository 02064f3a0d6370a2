"""Sets of pictures: sent in, listed, looked at, deleted."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.api import parts
from app.api.identity import Desk, Owner
from app.sets import image_sets
from app.sets.gathering import Gathering

router = APIRouter(prefix="/sets", tags=["sets of pictures"])

AROUND = 1_000  # bytes of form beside each file
AN_HOUR = {"Cache-Control": "private, max-age=3600"}  # a folder of the operator's may change
FORM = {
    "type": "object",
    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
    "required": ["files"],
}


@router.get("")
def sets(desk: Desk, owner: Owner) -> list[dict[str, Any]]:
    """One's own, the newest first, then those that are there for everybody."""
    return [asdict(each) for each in image_sets.listed(desk, owner)]


@router.post(
    "",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": FORM}}}},
)
async def send(
    request: Request, desk: Desk, owner: Owner, name: Annotated[str, Query(max_length=200)] = "pictures"
) -> dict[str, Any]:
    """Send PNG, JPEG or WebP files, or zip files of them; a file's folder is its label.

    Files that are no pictures are skipped and named. Pictures are kept at most 1,024 pixels wide and high.
    """
    gathering = Gathering(desk.settings)
    limit = desk.settings.max_set_bytes + 2 * desk.settings.max_set_images * AROUND
    try:
        async with aclosing(parts.files(request, limit)) as files:
            async for file_name, file in files:
                await run_in_threadpool(gathering.add, file_name, file)
        kept = await run_in_threadpool(image_sets.keep, desk, owner, name, gathering)
        return asdict(kept) | {"skipped": [asdict(skipped) for skipped in gathering.skipped]}
    finally:
        gathering.close()


@router.get("/{id}")
def get(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    members = image_sets.manifest(desk, owner, id).members
    told = [{"index": i, "name": member.name, "label": member.label} for i, member in enumerate(members)]
    return asdict(image_sets.get(desk, owner, id)) | {"members": told}


@router.get("/{id}/images/{index}", response_class=Response)
def image(
    id: str, index: int, desk: Desk, owner: Owner, side: Annotated[int, Query(description="Pixels, 16 to 256.")] = 96
) -> Response:
    """A square from the middle of a picture, as WebP."""
    data = image_sets.thumbnail(desk, owner, id, index, side)
    return Response(data, media_type="image/webp", headers=AN_HOUR)


@router.delete("/{id}", status_code=204)
def delete(id: str, desk: Desk, owner: Owner) -> None:
    """Concepts that were made of it can still be read."""
    image_sets.delete(desk, owner, id)
