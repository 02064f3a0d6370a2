"""Deleting what a user has made, after what depends on it has been told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from app import batches, concepts, library, painting
from app.failures import NotFoundError, RequestError
from app.library import day, many
from app.service import Service, found, minted
from app.sets import image_sets
from app.storage.library import Entry, Kind

MOST = 100  # at a time
Thing = tuple[Kind, str]


def explanation(desk: Service, owner: str, id: str) -> None:
    """With its revisions and notes; what was computed goes with the last who has asked for it."""
    for run in found(desk.store.explanations.delete(owner, minted(id)), "explanation"):
        desk.pool.cancel(run)


def revision(desk: Service, owner: str, id: str, revision: str) -> None:
    desk.store.revisions.delete(painting.revision(desk, owner, id, revision).id)


def link(desk: Service, owner: str, id: str) -> None:
    """Taken back, and not listed any more."""
    if not desk.store.shares.delete(owner, minted(id)):
        found(None, "link")


def dependants(desk: Service, owner: str, things: Sequence[Thing]) -> list[dict[str, Any]]:
    """Each by its name, with what goes with it and what stays although it is made of it, in numbers and in words."""
    _few(things)
    everything = desk.store.library.of(owner)
    own = library.called(everything)
    there = {(entry.kind, entry.id): entry for entry in everything}
    told = []
    for thing in things:
        entry = found(there.get(thing), NOUNS[thing[0]])
        name = {"kind": entry.kind, "id": entry.id, "name": library.usual(entry, own)}
        told.append(name | _dependants(desk, owner, entry, everything, {id for _, id in things}))
    return told


def all_of(desk: Service, owner: str, things: Sequence[Thing]) -> int:
    """Each of these; one that is gone meanwhile is no error. How many were there."""
    _few(things)
    gone = 0
    for kind, id in things:
        try:
            DELETED[kind](desk, owner, id)
            gone += 1
        except NotFoundError:
            continue
    return gone


def _few(things: Sequence[Thing]) -> None:
    if not 1 <= len(things) <= MOST:
        raise RequestError(f"of must name 1 to {MOST} things; got {len(things)}")


def _dependants(
    desk: Service, owner: str, entry: Entry, everything: Sequence[Entry], going: Set[str]
) -> dict[str, Any]:
    """`going` are all that are to be deleted together: a link among them does not go on working."""
    match entry.kind:
        case "picture" | "text":
            edits = sum(other.kind == "edit" and other.more["explanation"] == entry.id for other in everything)
            beside = sum(any(id == entry.id for id, _ in other.more.get("beside", ())) for other in everything)
            links = [ends for id, ends in desk.store.library.links(owner, entry.id, time.time()) if id not in going]
            return _told({"revision": edits, "note": entry.more["notes"]}, {"comparison": beside}, links)
        case "study":
            names = len(entry.more["concepts"]) + len(entry.more["strategies"])
            links = [ends for id, ends in desk.store.library.links(owner, entry.id, time.time()) if id not in going]
            return _told({"name": names, "note": entry.more["notes"]}, {}, links)
        case "set":
            made, asked = (
                sum(other.kind == kind and other.more["set"] == entry.id for other in everything)
                for kind in ("study", "batch")
            )
            return _told({"picture": entry.more["images"]}, {"study": made, "batch": asked})
        case "batch":
            return _told({}, {}) | {"told": "Its summary goes; explanations opened from it stay."}
        case "classifier":
            asked = entry.more["asked"]
            made = sum(other.kind in ("picture", "text") and other.model == asked for other in everything)
            return _told({}, {"explanation": made})
        case "link":
            shuts = entry.state == "live" and entry.more["expires"] > time.time()
            return _told({}, {}) | ({"told": "Whoever has it is shut out at once."} if shuts else {})
        case _:
            return _told({}, {})


def _told(goes: Mapping[str, int], stays: Mapping[str, int], links: Sequence[float] = ()) -> dict[str, Any]:
    going = [many(noun, count) for noun, count in goes.items() if count]
    sentences = []
    if going:
        one = sum(goes.values()) == 1
        sentences.append(f"{' and '.join(going)} {'goes' if one else 'go'} with it.")
    if links:
        last = f"until {day(links[-1])}"
        several = f"{len(links)} links go on working, the last {last}."
        sentences.append(f"1 link goes on working {last}." if len(links) == 1 else several)
    if beside := stays.get("comparison"):
        sentences.append(f"{many('comparison', beside)} will do without it.")
    if asked := stays.get("batch"):
        kept = "keeps its pictures and goes on" if asked == 1 else "keep their pictures and go on"
        sentences.append(f"{many('batch', asked)} of it {kept}.")
    for noun in ("study", "explanation"):
        if made := stays.get(noun):
            verb = "stays" if made == 1 else "stay"
            sentences.append(f"{many(noun, made)} made of it {verb} readable, but nothing new can be asked of it.")
    return {"goes": dict(goes), "stays": {**stays, "link": len(links)}, "told": " ".join(sentences)}


def _edit(desk: Service, owner: str, id: str) -> None:
    kept = found(desk.store.revisions.get(minted(id)), "revision")
    revision(desk, owner, kept.explanation, kept.id)


def _classifier(desk: Service, owner: str, id: str) -> None:
    desk.delete_head(owner, id)


NOUNS: Mapping[Kind, str] = {
    "picture": "explanation",
    "text": "explanation",
    "edit": "revision",
    "study": "study of concepts",
    "batch": "batch",
    "set": "set of pictures",
    "classifier": "classifier",
    "link": "link",
}
DELETED: Mapping[Kind, Callable[[Service, str, str], None]] = {
    "picture": explanation,
    "text": explanation,
    "edit": _edit,
    "study": concepts.delete,
    "batch": batches.delete,
    "set": image_sets.delete,
    "classifier": _classifier,
    "link": link,
}
