"""What a user has made, to be found again: explanations, edits, studies, batches, sets, classifiers,
links.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image

from app import concepts, uploads
from app.export.overlay import laid
from app.failures import NotFoundError, RequestError
from app.jobs.spec import JobSpec
from app.service import Service, found
from app.storage import codec
from app.storage.library import Entry, Kind
from app.storage.names import LONGEST, displayed
from app.storage.runs import Run
from app.views import colours
from app.views.names import EXTRACTORS, title

Order = Literal["newest", "name", "method"]
PAGE = 24
SIDE = 192  # pixels of a thumbnail
WORDS = 16  # of a text's
CROPS = 4
SHOWN = 6  # labels and names on a card


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which things, and in what order; pages are counted from 1."""

    kind: Kind | None = None
    model: str | None = None
    method: str | None = None
    search: str = ""
    sort: Order = "newest"
    page: int = 1


def listed(desk: Service, owner: str, wanted: Wanted) -> dict[str, Any]:
    """One page of what fits, and what there is to choose from. A page beyond the last is the last."""
    everything = desk.store.library.of(owner)
    own = called(everything)
    fitting = [entry for entry in everything if _fits(entry, wanted, own)]
    fitting.sort(key=ORDERS[wanted.sort])  # stable: the newest first among equals
    pages = max(1, -(-len(fitting) // PAGE))
    page = min(max(1, wanted.page), pages)
    return {
        "entries": [_told(desk, entry, own) for entry in fitting[(page - 1) * PAGE : page * PAGE]],
        "total": len(fitting),
        "page": page,
        "pages": pages,
        "kinds": {kind: sum(entry.kind == kind for entry in everything) for kind in get_args(Kind)},
        "models": {model: own.get(model, model) for model in sorted({e.model for e in everything if e.model})},
        "methods": {m: _method(m) for m in sorted({entry.method for entry in everything if entry.method}, key=_method)},
    }


def rename(desk: Service, owner: str, id: str, name: str) -> None:
    """What the user calls an explanation; an empty name takes the name away."""
    desk.store.explanations.rename(owner, desk.explanation(owner, id).id, _named(name))


def kind_of(desk: Service, owner: str, id: str) -> Kind:
    """Of an explanation: what it is about."""
    return "text" if desk.run(desk.explanation(owner, id)).spec.kind == "text" else "picture"


def rename_study(desk: Service, owner: str, id: str, name: str) -> None:
    desk.store.concepts.rename(owner, concepts.get(desk, owner, id).id, _named(name))


def thumbnail(desk: Service, owner: str, id: str, target: int | None = None) -> bytes:
    """The input with the map of a class over it, as WebP: of the class looked at, when none is named."""
    explanation = desk.explanation(owner, id)
    return mapped(desk, desk.run(explanation), explanation.view["target"] if target is None else target)


def mapped(desk: Service, run: Run[JobSpec], target: int) -> bytes:
    """The same, of a run. Raises NotFoundError where it has no such map."""
    if run.spec.kind != "image" or run.result is None or str(target) not in run.result["blobs"]:
        raise NotFoundError("There is no such picture, or it is not yours.")
    kept = desk.store.thumbnails.get(run.key, target)
    if kept is not None:
        return kept
    part = found(desk.store.runs.blob(run.key, run.result["blobs"][str(target)]), "part")
    drawn = laid(codec.decode(run.result, target, part), np.asarray(_input(desk, run.key, run.input)))
    drawn.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    drawn.save(out, "WEBP", quality=80)
    desk.store.thumbnails.put(run.key, target, out.getvalue())
    return out.getvalue()


def _input(desk: Service, run: str, sha256: str) -> Image.Image:
    return uploads.image(found(desk.store.runs.blob(run, sha256), "picture"))


def _named(name: str) -> str:
    shown = displayed(name, len(name)).strip()
    if len(shown) > LONGEST:
        raise RequestError(f"name must have at most {LONGEST} characters; got {len(shown)}")
    return shown


def called(entries: Iterable[Entry]) -> dict[str, str]:
    """Names of the user's own classifiers, by what questions call them."""
    return {entry.more["asked"]: entry.about for entry in entries if entry.kind == "classifier"}


def _fits(entry: Entry, wanted: Wanted, own: Mapping[str, str]) -> bool:
    if wanted.kind not in (None, entry.kind) or wanted.method not in (None, entry.method):
        return False
    if wanted.model not in (None, entry.model):
        return False
    if not wanted.search.strip():
        return True
    told = (entry.name, entry.about, entry.words, entry.method, _method(entry.method), entry.model)
    text = " ".join((*told, own.get(entry.model, ""))).casefold()
    missing = [term for term in wanted.search.casefold().split() if term not in text]
    return not missing or all(term in entry.label.casefold() for term in missing)


def _method(method: str) -> str:
    return EXTRACTORS.get(method) or title(method)


def usual(entry: Entry, own: Mapping[str, str]) -> str:
    """What a thing is called where its user has given it no name."""
    if entry.name:
        return entry.name
    match entry.kind:
        case "picture" | "text":
            return f"Why {entry.label}? {_method(entry.method)} on {entry.about}"
        case "edit":
            return f"Edit {entry.more['number']} of {entry.about}"
        case "study":
            return f"What {own.get(entry.model, entry.model)} sees in {entry.about}"
        case "batch":
            return f"{_method(entry.method)} on all of {entry.about}"
        case _:
            return entry.about


def _told(desk: Service, entry: Entry, own: Mapping[str, str]) -> dict[str, Any]:
    """A card: who it is, what may be said of it in a line, where it leads, and what it looks like."""
    more = entry.more
    model = own.get(entry.model, entry.model)
    facts: list[str]
    href: str | None = None
    looks: dict[str, Any] = {}
    state = entry.state
    match entry.kind:
        case "picture" | "text":
            facts, href = [entry.label, _method(entry.method), model, entry.about], f"/?e={entry.id}"
            if more["notes"]:
                facts.append(many("note", more["notes"]))
            if entry.state == "done" and entry.kind == "picture":
                looks = {"picture": f"explanations/{entry.id}/thumbnail?target={more['target']}"}
            elif entry.state == "done":
                looks = {"words": _words(desk, entry)}
        case "edit":
            facts = [f"Edit {more['number']}", f"{100 * more['area']:.1f} % painted", entry.about, model]
            href = f"/?e={more['explanation']}"
            looks = {"picture": f"explanations/{more['explanation']}/thumbnail?target={more['target']}"}
        case "study":
            facts, href = [entry.label, _method(entry.method), model, entry.about], f"/concepts?c={entry.id}"
            looks = {"crops": _crops(desk, entry), "chips": [*more["strategies"], *more["concepts"]][:SHOWN]}
        case "batch":
            facts = [many("picture", more["images"]), _method(entry.method), model, entry.about]
            href = f"/batch?b={entry.id}"
            there = [f"batches/{entry.id}/images/{i}/thumbnail" for i in range(min(CROPS, more["images"]))]
            looks = {"pictures": there}
        case "set":
            facts = [many("picture", more["images"]), many("label", len(more["labels"]))]
            there = [f"sets/{entry.id}/images/{i}" for i in range(min(CROPS, more["images"]))]
            looks = {"pictures": there, "chips": list(more["labels"])[:SHOWN]}
        case "classifier":
            facts = [f"on {model}"]
            if more["accuracy"] is not None:
                facts.append(f"{more['accuracy']:.1%} right while held out")
            looks = {"chips": more["labels"][:SHOWN]}
        case "link":
            over = more["expires"] <= time.time()
            state = "expired" if entry.state == "live" and over else entry.state
            facts = [f"until {day(more['expires'])}" if state == "live" else state]
            href = f"/{'concepts' if more['of'] == 'concepts' else ''}?s={entry.id}" if state == "live" else None
    return {
        "kind": entry.kind,
        "id": entry.id,
        "name": entry.name,
        "title": usual(entry, own),
        "facts": [fact for fact in facts if fact],
        "created": entry.created,
        "state": state,
        "href": href,
        "looks": looks,
    }


def _words(desk: Service, entry: Entry) -> list[dict[str, Any]]:
    """The first words, each with its colour of the whole scale."""
    run = desk.store.runs.get(entry.more["run"])
    assert run.result is not None
    part = found(desk.store.runs.blob(run.key, run.result["blobs"][str(entry.more["target"])]), "part")
    attribution = codec.decode(run.result, entry.more["target"], part)
    painted = colours.paint(attribution.values[None], signed=attribution.signed)[0]
    return [
        {"text": word.text[:80], "colour": colour}
        for word, colour in zip(attribution.words[:WORDS], painted.tolist(), strict=False)
    ]


def _crops(desk: Service, entry: Entry) -> dict[str, Any] | None:
    """The strongest crop of each of the first concepts."""
    result = desk.store.runs.get(entry.more["run"]).result
    if result is None:
        return None
    first = [concept["crops"][0] for concept in result["concepts"] if concept["crops"]][:CROPS]
    return {
        "size": result["size"],
        "crops": [{"picture": f"concepts/{entry.id}/images/{crop['image']}", "box": crop["box"]} for crop in first],
    }


def many(noun: str, count: int) -> str:
    plural = {"study": "studies", "batch": "batches"}.get(noun, f"{noun}s")
    return f"{count:,} {noun if count == 1 else plural}"


def day(seconds: float) -> str:
    day = datetime.fromtimestamp(seconds, UTC)
    return f"{day.day} {day:%B %Y}"


ORDERS: Mapping[Order, Callable[[Entry], tuple[object, ...]]] = {
    "newest": lambda entry: (-entry.created,),
    "name": lambda entry: (entry.called.casefold(),),
    "method": lambda entry: (not entry.method, _method(entry.method)),
}
