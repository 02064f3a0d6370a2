"""All that is a user's own, as rows light enough to be searched and sorted by the thousand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.jobs.heads import PREFIX
from app.storage.database import Database
from app.storage.tables import (
    AssetRow,
    BatchRow,
    ConceptsRow,
    ExplanationRow,
    HeadRow,
    ImageSetRow,
    NoteRow,
    RevisionRow,
    RunRow,
    ShareRow,
)

Kind = Literal["picture", "text", "edit", "study", "batch", "set", "classifier", "link"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing. `name` is the user's own for it, `about` what it is of: an input, a set.

    `state` is that of its run or link, `words` all else that is searched, and `more` what only one kind has. The class
    looked at, `of`, is the label itself, or (index, indices, labels) with JSON that is read for whoever asks only.
    """

    kind: Kind
    id: str
    created: float
    name: str = ""
    about: str = ""
    of: str | tuple[int, str, str] = ""
    model: str = ""
    method: str = ""
    state: str = "done"
    words: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        if isinstance(self.of, str):
            return self.of
        target, classes, labels = self.of
        found: dict[int, str] = dict(zip(json.loads(classes), json.loads(labels), strict=True))
        return found.get(target, "")

    @property
    def called(self) -> str:
        return self.name or self.label or self.about


@dataclass(frozen=True)
class Library:
    database: Database

    def of(self, owner: str) -> list[Entry]:
        """Everything, the newest first."""
        with self.database.read() as session:
            entries = [entry for shelf in SHELVES for entry in shelf(session, owner)]
        return sorted(entries, key=lambda entry: (-entry.created, entry.id))

    def links(self, owner: str, id: str, now: float) -> list[tuple[str, float]]:
        """The live links to an explanation or a study, and when they end, the last one last."""
        query = select(ShareRow.id, ShareRow.expires).where(
            ShareRow.owner == owner,
            ShareRow.revoked.is_(None),
            ShareRow.expires > now,
            ShareRow.snapshot["id"].as_string() == id,
        )
        with self.database.read() as session:
            return sorted(((link, ends) for link, ends in session.execute(query)), key=lambda link: link[1])


def _notes(
    session: Session,
    about: InstrumentedAttribute[str | None],
    row: type[ExplanationRow] | type[ConceptsRow],
    owner: str,
) -> dict[str, list[str]]:
    """By what they are about."""
    notes: dict[str, list[str]] = {}
    query = select(about, NoteRow.text).join(row, row.id == about).where(row.owner == owner)
    for id, text in session.execute(query):
        notes.setdefault(id or "", []).append(text)
    return notes


def _explanations(session: Session, owner: str) -> Iterator[Entry]:
    notes = _notes(session, NoteRow.explanation, ExplanationRow, owner)
    query = (
        select(
            ExplanationRow.id,
            ExplanationRow.created,
            ExplanationRow.name,
            ExplanationRow.view,
            AssetRow.name,
            RunRow.key,
            RunRow.state,
            RunRow.spec["kind"].as_string(),
            RunRow.spec["model"].as_string(),
            RunRow.spec["method"].as_string(),
            RunRow.look["classes"].as_string(),
            RunRow.look["labels"].as_string(),
        )
        .join(RunRow, RunRow.key == ExplanationRow.run)
        .join(AssetRow, AssetRow.id == ExplanationRow.asset)
        .where(ExplanationRow.owner == owner)
    )
    for id, created, name, view, about, run, state, kind, model, method, classes, labels in session.execute(query):
        yield Entry(
            kind="text" if kind == "text" else "picture",
            id=id,
            created=created,
            name=name or "",
            about=about,
            of=(view["target"], classes, labels),
            model=model,
            method=method,
            state=state,
            words=" ".join(notes.get(id, ())),
            more={
                "run": run,
                "target": view["target"],
                "notes": len(notes.get(id, ())),
                "beside": view.get("compare", []),
            },
        )


def _edits(session: Session, owner: str) -> Iterator[Entry]:
    query = (
        select(RevisionRow, ExplanationRow.name, AssetRow.name, RunRow.key, RunRow.spec["model"].as_string())
        .join(ExplanationRow, ExplanationRow.id == RevisionRow.explanation)
        .join(RunRow, RunRow.key == ExplanationRow.run)
        .join(AssetRow, AssetRow.id == ExplanationRow.asset)
        .where(ExplanationRow.owner == owner)
    )
    for row, name, about, run, model in session.execute(query):
        yield Entry(
            kind="edit",
            id=row.id,
            created=row.created,
            name=row.note,
            about=name or about,
            model=model,
            more={
                "explanation": row.explanation,
                "run": run,
                "target": row.target,
                "number": row.number,
                "area": row.area,
                "parent": row.parent,
            },
        )


def _studies(session: Session, owner: str) -> Iterator[Entry]:
    notes = _notes(session, NoteRow.concepts, ConceptsRow, owner)
    query = (
        select(
            ConceptsRow,
            RunRow.state,
            RunRow.spec["model"].as_string(),
            RunRow.spec["factorizer"].as_string(),
            RunRow.result["label"].as_string(),
        )
        .join(RunRow, RunRow.key == ConceptsRow.run)
        .where(ConceptsRow.owner == owner)
    )
    for row, state, model, factorizer, label in session.execute(query):
        named = {part: [told["name"] for told in row.view[part].values() if told["name"]] for part in PARTS}
        yield Entry(
            kind="study",
            id=row.id,
            created=row.created,
            name=row.view.get("name", ""),
            about=row.name,
            of=label or "",
            model=model,
            method=factorizer,
            state=state,
            words=" ".join([*named["concepts"], *named["strategies"], *notes.get(row.id, ())]),
            more={"run": row.run, "set": row.image_set, "notes": len(notes.get(row.id, ()))} | named,
        )


def _batches(session: Session, owner: str) -> Iterator[Entry]:
    for row in session.scalars(select(BatchRow).where(BatchRow.owner == owner)):
        yield Entry(
            kind="batch",
            id=row.id,
            created=row.created,
            about=row.name,
            model=row.question["model"],
            method=row.question["method"],
            state=row.state,
            more={"images": row.images, "set": row.image_set},
        )


def _sets(session: Session, owner: str) -> Iterator[Entry]:
    for row in session.scalars(select(ImageSetRow).where(ImageSetRow.owner == owner)):
        more = {"images": row.images, "labels": row.labels}
        yield Entry(kind="set", id=row.id, created=row.created, about=row.name, words=" ".join(row.labels), more=more)


def _classifiers(session: Session, owner: str) -> Iterator[Entry]:
    query = select(HeadRow.id, HeadRow.created, HeadRow.name, HeadRow.base, HeadRow.labels, HeadRow.report)
    for id, created, name, base, labels, report in session.execute(query.where(HeadRow.owner == owner)):
        yield Entry(
            kind="classifier",
            id=id,
            created=created,
            about=name,
            model=base,
            words=" ".join(labels),
            more={"labels": labels, "accuracy": (report or {}).get("accuracy"), "asked": f"{PREFIX}{id}"},
        )


def _links(session: Session, owner: str) -> Iterator[Entry]:
    title = ShareRow.snapshot["title"].as_string()
    query = select(ShareRow.id, ShareRow.kind, ShareRow.created, ShareRow.expires, ShareRow.revoked, title)
    for id, kind, created, expires, revoked, about in session.execute(query.where(ShareRow.owner == owner)):
        state = "live" if revoked is None else "revoked"
        more = {"expires": expires, "of": kind}
        yield Entry(kind="link", id=id, created=created, about=about, state=state, more=more)


PARTS = ("concepts", "strategies")
SHELVES = (_explanations, _edits, _studies, _batches, _sets, _classifiers, _links)
