"""Revisions of an explanation: what was painted on it, kept with a note."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import painting
from app.api import bodies
from app.api.assets import PRIVATE
from app.api.identity import Desk, Owner
from app.api.paint import BYTES, RAW, Filling, Removing

router = APIRouter(prefix="/explanations/{id}/revisions", tags=["revisions"])


@router.get("")
def revisions(id: str, desk: Desk, owner: Owner) -> list[dict[str, Any]]:
    """The newest first; `area` is the painted share of the picture."""
    return painting.revisions(desk, owner, id)


@router.post("", status_code=201, openapi_extra=RAW)
async def keep(
    id: str,
    request: Request,
    desk: Desk,
    owner: Owner,
    target: Annotated[int, Query(description="The class whose map was edited.")],
    parent: Annotated[str | None, Query(description="The revision that this was made from.")] = None,
    note: str = "",
    mode: Removing = "remove",
    fill: Filling = "blur",
    branch: Annotated[bool, Query(description="Keep it although another has been saved meanwhile.")] = False,
) -> dict[str, Any]:
    """Keep what was painted. 409 when `parent` is not the newest: nobody's work is overwritten in silence.

    The body is two planes of a byte for each pixel that the model sees: the brush's amount as in `paint`, then what is
    added to the map as in `paint/score`.
    """
    run = await run_in_threadpool(painting.canvas, desk, owner, id)
    h, w = painting.size(run)
    planes = await bodies.read(request, 2 * h * w, "body")
    sketch = painting.sketch(planes[: h * w], target, mode, fill, note)
    return await run_in_threadpool(painting.keep, desk, owner, id, planes, sketch, parent, branch=branch)


@router.get("/{revision}/mask", response_class=Response)
def mask(id: str, revision: str, desk: Desk, owner: Owner) -> Response:
    """The two planes as they were sent."""
    return Response(painting.planes(desk, owner, id, revision), media_type=BYTES, headers=PRIVATE)
