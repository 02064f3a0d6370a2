"""Notes on explanations and studies: read, made, deleted."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from app import notes
from app.api.identity import Desk, Owner

router = APIRouter(tags=["notes"])


class Said(BaseModel):
    """A note and where it belongs."""

    model_config = ConfigDict(extra="forbid")

    place: notes.Place
    text: str


@router.get("/explanations/{id}/notes")
def of_explanation(id: str, desk: Desk, owner: Owner) -> list[dict[str, Any]]:
    """In the order in which they were made; numbers stay when others are deleted."""
    return notes.of_explanation(desk, owner, id)


@router.post("/explanations/{id}/notes", status_code=201)
def on_explanation(id: str, body: Said, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Say something about a point or rectangle of a picture, in fractions of what the model sees, or about a word."""
    return notes.on_explanation(desk, owner, id, body.place, body.text)


@router.delete("/explanations/{id}/notes/{note}", status_code=204)
def off_explanation(id: str, note: str, desk: Desk, owner: Owner) -> None:
    notes.off_explanation(desk, owner, id, note)


@router.get("/concepts/{id}/notes")
def of_study(id: str, desk: Desk, owner: Owner) -> list[dict[str, Any]]:
    """As of explanations."""
    return notes.of_study(desk, owner, id)


@router.post("/concepts/{id}/notes", status_code=201)
def on_study(id: str, body: Said, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Say something about a concept or a strategy, by its index."""
    return notes.on_study(desk, owner, id, body.place, body.text)


@router.delete("/concepts/{id}/notes/{note}", status_code=204)
def off_study(id: str, note: str, desk: Desk, owner: Owner) -> None:
    notes.off_study(desk, owner, id, note)
