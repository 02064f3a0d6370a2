"""Explanations, edits and studies as files."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.api.assets import UNKEPT
from app.api.identity import Desk, Owner
from app.export import kept
from app.export.kept import File

router = APIRouter(tags=["exports"])


@router.get("/explanations/{id}/exports/{format}", response_class=Response)
def explanation(id: str, format: str, desk: Desk, owner: Owner) -> Response:
    """`png` or `svg` of a picture, `html`, `csv`, `npz`, or a methods paragraph as `txt`, of the class looked at.

    The same explanation gives the same bytes, here and by `python -m app explain` or `export`.
    """
    return _file(kept.explanation(desk, owner, id).file(format))


@router.get("/explanations/{id}/revisions/{revision}/exports/{format}", response_class=Response)
def revision(id: str, revision: str, format: str, desk: Desk, owner: Owner) -> Response:
    """An edited map as `png`, `svg`, `html`, `csv`, `npz`, or a methods paragraph as `txt`, told from the machine's.

    `html` and `txt` ask the model what it answers to the edit, which takes some seconds. Edits of texts are not kept:
    there is no such file of words.
    """
    return _file(kept.revision(desk, owner, id, revision).file(format))


@router.get("/concepts/{id}/exports/{format}", response_class=Response)
def study(id: str, format: str, desk: Desk, owner: Owner) -> Response:
    """A study as `html`, its graph as `svg` or `png`, its tables as `csv`, its arrays as `npz`, or methods as `txt`."""
    return _file(kept.study(desk, owner, id).file(format))


def _file(file: File) -> Response:
    headers = UNKEPT | {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.data, media_type=file.media, headers=headers)
