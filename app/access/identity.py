"""Who is asking: an owner, or whoever a link has let in; told by the gate in a header that only it can set."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from app.access.owner import LOCAL_USER
from app.settings import Settings

HEADER = "x-whylens-identity"
NOBODY = "-"  # no owner is called that


@dataclass(frozen=True)
class Identity:
    """`owner` is None without a name of one's own; `shares` are ids of the links that this browser has opened."""

    owner: str | None = None
    shares: frozenset[str] = frozenset()

    @property
    def told(self) -> str:
        """As the header's value."""
        return " ".join([self.owner or NOBODY, *sorted(self.shares)])


def read(value: str | None, settings: Settings) -> Identity:
    """Of the header. Without one nobody is asking, unless everybody who can is the one user."""
    if not value:
        return Identity() if settings.guarded else Identity(LOCAL_USER)
    owner, *shares = value.split(" ")
    return Identity(None if owner == NOBODY else owner, frozenset(shares))


def owner_of(name: str) -> str:
    """The owner of what a proxy calls by this name: as long for all names, and never the local user."""
    return f"user-{hashlib.sha256(name.encode()).hexdigest()[:48]}"
