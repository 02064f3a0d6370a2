"""Explanations as files: one class, as it is looked at."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.api.assets import UNKEPT
from app.api.identity import Desk, Owner
from app.export import finding, formats

router = APIRouter(tags=["exports"])


@router.get("/explanations/{id}/exports/{format}", response_class=Response)
def export(id: str, format: str, desk: Desk, owner: Owner) -> Response:
    """`png` or `svg` of a picture, `html`, `csv`, `npz`, or a methods paragraph as `txt`, of the class looked at.

    The same explanation gives the same bytes, here and by `python -m app explain`.
    """
    exported = finding.of_explanation(desk, owner, id)
    chosen = formats.named(format, exported.spec.kind)
    headers = UNKEPT | {"Content-Disposition": f'attachment; filename="{formats.filename(exported, chosen)}"'}
    return Response(chosen.written(exported), media_type=chosen.media, headers=headers)
