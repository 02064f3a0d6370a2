"""What is kept, by its id and the ending of a file's name: API and command line write the same bytes from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from app.export import finding, formats
from app.export.edits import edited
from app.export.edits import formats as of_edits
from app.export.format import Format, named
from app.export.studies import formats as of_studies
from app.export.studies import study as studies
from app.failures import NotFoundError
from app.jobs.look import INPUTS
from app.service import Service, minted

T = TypeVar("T")


@dataclass(frozen=True)
class File:
    """`name` is minted: nothing that a user has named is in it."""

    name: str
    media: str
    data: bytes


@dataclass(frozen=True)
class Offer(Generic[T]):
    """Something kept and the formats that it can take; `what` it is, in a sentence. `called` makes a file's name."""

    what: str
    thing: T
    formats: tuple[Format[T], ...]
    called: Callable[[T, str], str]

    def file(self, suffix: str) -> File:
        """Raises RequestError."""
        chosen = named(self.formats, suffix, self.what)
        return File(self.called(self.thing, suffix), chosen.media, chosen.written(self.thing))


def explanation(desk: Service, owner: str, id: str) -> Offer[finding.Finding]:
    """Of the class looked at. Raises RequestError and NotFoundError, as all of these."""
    thing = finding.of_explanation(desk, owner, id)
    return Offer(INPUTS[thing.spec.kind], thing, formats.FORMATS[thing.spec.kind], formats.filename)


def revision(desk: Service, owner: str, id: str, revision_id: str) -> Offer[edited.Edited]:
    return Offer("an edit", edited.of_revision(desk, owner, id, revision_id), of_edits.FORMATS, of_edits.filename)


def study(desk: Service, owner: str, id: str) -> Offer[studies.Study]:
    return Offer("a study", studies.of_study(desk, owner, id), of_studies.FORMATS, of_studies.filename)


def anything(desk: Service, owner: str, id: str) -> Offer[Any]:
    """Whatever of the owner's has this id."""
    id = minted(id)
    if desk.store.explanations.get(owner, id) is not None:
        return explanation(desk, owner, id)
    if desk.store.concepts.get(owner, id) is not None:
        return study(desk, owner, id)
    kept = desk.store.revisions.get(id)
    if kept is not None and desk.store.explanations.get(owner, kept.explanation) is not None:
        return revision(desk, owner, kept.explanation, id)
    raise NotFoundError("There is no such explanation, edit or study, or it is not yours.")
