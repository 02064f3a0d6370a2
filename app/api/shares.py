"""Shares: links to an explanation or a study as it is now, for whoever has the link."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from app import concepts
from app.api.assets import UNKEPT
from app.api.identity import Desk, Owner, Who
from app.description import describe
from app.sharing import shares
from app.storage.concepts import Concepts
from app.storage.shares import Share

router = APIRouter(tags=["shares"])


class Give(BaseModel):
    """How long the link works."""

    model_config = ConfigDict(extra="forbid")

    days: int = 7


@router.post("/explanations/{id}/shares", status_code=201)
def give_explanation(id: str, body: Give, request: Request, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Freeze a finished explanation, its judgement and what lies beside it. The link is told once and never again."""
    return _given(request, *shares.give_explanation(desk, owner, id, body.days))


@router.post("/concepts/{id}/shares", status_code=201)
def give_concepts(id: str, body: Give, request: Request, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Freeze a finished study with its names and marks. The link is told once and never again."""
    return _given(request, *shares.give_concepts(desk, owner, id, body.days))


@router.get("/shares")
def listed(desk: Desk, owner: Owner) -> list[dict[str, Any]]:
    """One's own links, the newest first: what they show, until when, and whether they are live."""
    return shares.listed(desk, owner)


@router.get("/shares/{id}")
def get(id: str, response: Response, desk: Desk, who: Who) -> dict[str, Any]:
    """What was shared, for whoever has opened the link. Blob addresses are relative to the API's root."""
    response.headers.update(UNKEPT)
    return shares.describe_share(shares.get(desk, who, id))


@router.get("/shares/{id}/blobs/{sha256}", response_class=Response)
def blob(id: str, sha256: str, desk: Desk, who: Who) -> Response:
    """A part of what was shared."""
    media, data = shares.blob(desk, who, id, sha256)
    return Response(data, media_type=media, headers=UNKEPT)


@router.delete("/shares/{id}", status_code=204)
def revoke(id: str, desk: Desk, owner: Owner) -> None:
    """Take the link back: it leads nowhere, and open pages are cut off within seconds."""
    shares.revoke(desk, owner, id)


@router.post("/shares/{id}/copy", status_code=201)
def copy(id: str, desk: Desk, who: Who, owner: Owner) -> dict[str, Any]:  # noqa: ARG001  (for those who have a name)
    """Ask the same of the same input as one's own explanation, or study of pictures that everybody may study."""
    own = shares.copy(desk, who, id)
    return concepts.describe(desk, own) if isinstance(own, Concepts) else describe(desk, own)


def _given(request: Request, share: Share, token: str) -> dict[str, Any]:
    url = f"{request.url.scheme}://{request.headers['host']}/s/{token}"
    return {"id": share.id, "url": url, "expires": share.expires}
