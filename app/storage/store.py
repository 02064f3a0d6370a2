"""The repositories of one database, together."""

from __future__ import annotations

from dataclasses import dataclass

from app.storage.assets import Assets
from app.storage.database import Database
from app.storage.explanations import Explanations
from app.storage.heads import Heads
from app.storage.runs import Runs


@dataclass(frozen=True)
class Store:
    database: Database
    assets: Assets
    runs: Runs
    explanations: Explanations
    heads: Heads

    @classmethod
    def at(cls, url: str) -> Store:
        database = Database(url)
        return cls(database, Assets(database), Runs(database), Explanations(database), Heads(database))
