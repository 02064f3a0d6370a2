"""The library: everything of one's own, found again, named and deleted."""

from __future__ import annotations

from typing import Annotated, Any, cast, get_args

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app import deletion, library
from app.api.assets import PRIVATE, UNKEPT
from app.api.identity import Desk, Owner
from app.failures import RequestError
from app.storage.library import Kind

router = APIRouter(tags=["library"])

KINDS = get_args(Kind)
Things = Annotated[list[str], Query(description="KIND.ID of each thing.")]


class Called(BaseModel):
    """What one calls it; an empty name takes the name away."""

    model_config = ConfigDict(extra="forbid")

    name: str


class Gone(BaseModel):
    """What is to be deleted: KIND.ID of each thing, kinds as in the library."""

    model_config = ConfigDict(extra="forbid")

    of: Annotated[list[str], Field(max_length=deletion.MOST)]


@router.get("/library")
def listed(
    desk: Desk,
    owner: Owner,
    kind: Kind | None = None,
    model: str | None = None,
    method: str | None = None,
    search: Annotated[str, Query(max_length=200, description="Words, all of which are found in it.")] = "",
    sort: library.Order = "newest",
    page: int = 1,
) -> dict[str, Any]:
    """A page of 24 things. Searched are names, inputs, classes, labels, models, methods and notes."""
    wanted = library.Wanted(kind=kind, model=model, method=method, search=search, sort=sort, page=page)
    return library.listed(desk, owner, wanted)


@router.get("/library/dependants")
def dependants(desk: Desk, owner: Owner, of: Things) -> list[dict[str, Any]]:
    """What would go with each of these, and what stays although it was made of it; `told` says it in a sentence."""
    return deletion.dependants(desk, owner, [_thing(each) for each in of])


@router.post("/library/delete")
def delete_all(body: Gone, desk: Desk, owner: Owner) -> dict[str, int]:
    """Delete these with what depends on them. Of what is gone already nothing is said."""
    return {"deleted": deletion.all_of(desk, owner, [_thing(each) for each in body.of])}


@router.patch("/explanations/{id}", status_code=204)
def rename(id: str, body: Called, desk: Desk, owner: Owner) -> None:
    """Call an explanation something."""
    library.rename(desk, owner, id, body.name)


@router.patch("/concepts/{id}", status_code=204)
def rename_study(id: str, body: Called, desk: Desk, owner: Owner) -> None:
    """Call a study something."""
    library.rename_study(desk, owner, id, body.name)


@router.delete("/explanations/{id}", status_code=204)
def delete(id: str, desk: Desk, owner: Owner) -> None:
    """With its revisions and notes. Links to it go on working until they end."""
    deletion.explanation(desk, owner, id)


@router.get("/explanations/{id}/dependants")
def dependants_of(id: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    """What would go with it, and what stays although it was made of it."""
    (told,) = deletion.dependants(desk, owner, [(library.kind_of(desk, owner, id), id)])
    return told


@router.get("/explanations/{id}/thumbnail", response_class=Response)
def thumbnail(id: str, desk: Desk, owner: Owner, target: int | None = None) -> Response:
    """The picture with the map of a class over it, small, as WebP: of the class looked at, when none is named."""
    data = library.thumbnail(desk, owner, id, target)
    return Response(data, media_type="image/webp", headers=PRIVATE if target is not None else UNKEPT)


@router.delete("/explanations/{id}/revisions/{revision}", status_code=204)
def delete_revision(id: str, revision: str, desk: Desk, owner: Owner) -> None:
    """Those made from it are, from now on, made from the one that it was made from."""
    deletion.revision(desk, owner, id, revision)


def _thing(thing: str) -> deletion.Thing:
    kind, _, id = thing.partition(".")
    if kind in KINDS:
        return cast("Kind", kind), id
    raise RequestError(f"of must be KIND.ID, with a kind among {', '.join(KINDS)}; got {thing!r:.100}")
