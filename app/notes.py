"""Notes: what somebody says about a place of an explanation, or a part of a study."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app import concepts
from app.failures import RequestError, refuse_outside
from app.service import Service, found, minted
from app.storage.names import displayed
from app.storage.notes import About, Note

LONGEST = 500  # characters


class Point(BaseModel):
    """Of a picture, in fractions of its width and height."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["point"]
    x: float
    y: float


class Rectangle(BaseModel):
    """As above."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["rectangle"]
    left: float
    top: float
    right: float
    bottom: float


class Part(BaseModel):
    """A word of a text by its place, a concept or strategy by its index."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["word", "concept", "strategy"]
    number: int


Place = Annotated[Point | Rectangle | Part, Field(discriminator="kind")]


def of_explanation(desk: Service, owner: str, id: str) -> list[dict[str, Any]]:
    """In the order in which they were made."""
    return [told(note) for note in desk.store.notes.of("explanation", desk.explanation(owner, id).id)]


def of_study(desk: Service, owner: str, id: str) -> list[dict[str, Any]]:
    return [told(note) for note in desk.store.notes.of("concepts", concepts.get(desk, owner, id).id)]


def on_explanation(desk: Service, owner: str, id: str, place: Place, text: str) -> dict[str, Any]:
    """Raises RequestError for a place that is not on it."""
    explanation = desk.explanation(owner, id)
    run = desk.run(explanation)
    kind = run.spec.kind
    if isinstance(place, Part):
        if kind != "text" or place.kind != "word":
            raise RequestError(f"place must be {PLACES[kind]}; got a {place.kind}")
        refuse_outside("number", place.number, len(run.look["words"]))
    elif kind != "image":
        raise RequestError(f"place must be {PLACES[kind]}; got a {place.kind}")
    else:
        _inside(place)
    return _put(desk, "explanation", explanation.id, owner, place, text)


def on_study(desk: Service, owner: str, id: str, place: Place, text: str) -> dict[str, Any]:
    """As above, of a study."""
    study = concepts.get(desk, owner, id)
    result = concepts.run_of(desk, study).result
    if result is None:
        raise RequestError("A study can be noted on when its concepts are found.")
    if not isinstance(place, Part) or place.kind == "word":
        raise RequestError(f"place must be {PLACES['concepts']}; got a {place.kind}")
    refuse_outside("number", place.number, len(result["concepts" if place.kind == "concept" else "clusters"]))
    return _put(desk, "concepts", study.id, owner, place, text)


def off_explanation(desk: Service, owner: str, id: str, note: str) -> None:
    gone = desk.store.notes.delete("explanation", desk.explanation(owner, id).id, minted(note))
    found(gone or None, "note")


def off_study(desk: Service, owner: str, id: str, note: str) -> None:
    gone = desk.store.notes.delete("concepts", concepts.get(desk, owner, id).id, minted(note))
    found(gone or None, "note")


def told(note: Note) -> dict[str, Any]:
    """As the API has it. Whoever reads it is its author or has been given a link: no name goes with it."""
    return {"id": note.id, "number": note.number, "place": note.place, "text": note.text, "created": note.created}


def _put(desk: Service, about: About, id: str, owner: str, place: Place, text: str) -> dict[str, Any]:
    shown = displayed(" ".join(text.split()), len(text))
    if not 1 <= len(shown) <= LONGEST:
        raise RequestError(f"text must have 1 to {LONGEST} characters, not blank; got {len(shown):,}")
    return told(desk.store.notes.put(about, id, owner, place.model_dump(), shown))


def _inside(place: Point | Rectangle) -> None:
    for field, value in place.model_dump(exclude={"kind"}).items():
        if not (math.isfinite(value) and 0 <= value <= 1):
            raise RequestError(f"{field} must lie in [0, 1]; got {value:.6g}")
    if isinstance(place, Rectangle) and not (place.left < place.right and place.top < place.bottom):
        raise RequestError("A rectangle must have its left side left of its right one, and its top above its bottom.")


PLACES = {
    "image": "a point or a rectangle of the picture",
    "text": "a word of the text",
    "concepts": "a concept or a strategy of the study",
}
