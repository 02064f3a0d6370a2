"""Painting on an explained picture: what becomes of its classes, beside the same area elsewhere."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import painting
from app.api import bodies
from app.api.assets import PRIVATE
from app.api.identity import Desk, Owner
from app.jobs.spec import JobSpec
from app.storage.runs import Run
from explainers.painting import Fill, Mode

router = APIRouter(prefix="/explanations/{id}", tags=["painting"])

BYTES = "application/octet-stream"
RAW = {"requestBody": {"required": True, "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}}
Removing = Annotated[Mode, Query(description="Whether the painted area goes, or everything else.")]
Filling = Annotated[Fill, Query(description="What stands in the place of what is gone.")]
Part = Annotated[int, Query(description="Which of the parts in which the other places are tried.")]


class Off(BaseModel):
    """Cells of the model's concept layer, by their numbers, row by row."""

    model_config = ConfigDict(extra="forbid")

    off: Annotated[list[int], Field(max_length=100_000)] = []


@router.post("/paint", openapi_extra=RAW)
async def paint(
    id: str, request: Request, desk: Desk, owner: Owner, mode: Removing = "remove", fill: Filling = "blur"
) -> dict[str, Any]:
    """The probabilities of the picture without the painted area, or with nothing else.

    The body is how much of the brush lies on each pixel that the model sees, a byte each, row by row.
    """
    run, amount = await _painted(request, desk, owner, id)
    return await run_in_threadpool(painting.paint, desk, run, amount, mode, fill)


@router.post("/paint/control", openapi_extra=RAW)
async def control(
    id: str, request: Request, desk: Desk, owner: Owner, part: Part, mode: Removing = "remove", fill: Filling = "blur"
) -> dict[str, Any]:
    """The same with the same area and shape at 4 of 20 other places: a row of probabilities for each.

    Parts 0 to 4 are all of them; asked one by one, they can be left when nobody waits any more.
    """
    run, amount = await _painted(request, desk, owner, id)
    return await run_in_threadpool(painting.control, desk, run, amount, mode, fill, part)


@router.post("/paint/fills", openapi_extra=RAW)
async def fills(id: str, request: Request, desk: Desk, owner: Owner, mode: Removing = "remove") -> dict[str, Any]:
    """The same under every fill: a row of probabilities for each."""
    run, amount = await _painted(request, desk, owner, id)
    return await run_in_threadpool(painting.fills, desk, run, amount, mode)


@router.post("/paint/score", openapi_extra=RAW)
async def score(id: str, request: Request, desk: Desk, owner: Owner, target: int) -> dict[str, Any]:
    """An edited map judged as an explanation: areas under its insertion and deletion, beside the machine's and chance.

    The body is what is added to the map, a byte for each pixel, (byte − 128) / 127 of its largest absolute value.
    """
    run, added = await _painted(request, desk, owner, id)
    return await run_in_threadpool(painting.score, desk, run, added, target)


@router.get("/paint/regions", response_class=Response)
def regions(id: str, desk: Desk, owner: Owner) -> Response:
    """The regions of the explanation, or superpixels: the number of each pixel's, 16 bits each, low byte first."""
    return Response(painting.regions(desk, painting.canvas(desk, owner, id)), media_type=BYTES, headers=PRIVATE)


@router.post("/cells")
def cells(id: str, body: Off, desk: Desk, owner: Owner) -> dict[str, Any]:
    """The probabilities with cells of the concept layer off, and the band in which those without other cells lie.

    Off cells take the mean of those that are on.
    """
    return painting.cells(desk, painting.canvas(desk, owner, id), body.off)


async def _painted(request: Request, desk: Desk, owner: Owner, id: str) -> tuple[Run[JobSpec], bytes]:
    """The explanation and the body: nothing is read for who may not paint, and no more than there are pixels."""
    run = await run_in_threadpool(painting.canvas, desk, owner, id)
    h, w = painting.size(run)
    return run, await bodies.read(request, h * w, "body")
