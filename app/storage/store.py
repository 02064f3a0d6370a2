"""The repositories of one database, together."""

from __future__ import annotations

from dataclasses import dataclass

from app.storage.assets import Assets
from app.storage.batches import Batches
from app.storage.concepts import ConceptsOfUsers
from app.storage.database import Database
from app.storage.explanations import Explanations
from app.storage.heads import Heads
from app.storage.image_sets import ImageSets
from app.storage.library import Library
from app.storage.notes import Notes
from app.storage.revisions import Revisions
from app.storage.runs import Runs
from app.storage.shares import Shares
from app.storage.thumbnails import Thumbnails


@dataclass(frozen=True)
class Store:
    database: Database
    assets: Assets
    runs: Runs
    explanations: Explanations
    heads: Heads
    image_sets: ImageSets
    concepts: ConceptsOfUsers
    batches: Batches
    shares: Shares
    revisions: Revisions
    notes: Notes
    thumbnails: Thumbnails
    library: Library

    @classmethod
    def at(cls, url: str) -> Store:
        return cls.of(Database(url))

    @classmethod
    def of(cls, database: Database) -> Store:
        return cls(
            database,
            Assets(database),
            Runs(database),
            Explanations(database),
            Heads(database),
            ImageSets(database),
            ConceptsOfUsers(database),
            Batches(database),
            Shares(database),
            Revisions(database),
            Notes(database),
            Thumbnails(database),
            Library(database),
        )
