"""Whose job is next: users in turn, each user's own jobs in order, those that can wait after the others.

One heavy user cannot starve another.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import IntEnum
from typing import NamedTuple


class Patience(IntEnum):
    """Which of one owner's jobs are first: the least patient."""

    ASKED = 0
    LOOKED_AT = 1  # a judgement, made because a map is looked at; of several the newest first: it is looked at now
    BATCH = 2


class Job(NamedTuple):
    owner: str
    key: str
    patience: Patience


class FairQueue:
    """Jobs by owner, each key once. Not thread-safe; its owner holds the lock."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, list[Job]] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return self._find(key) is not None

    def put(self, owner: str, key: str, patience: Patience = Patience.ASKED) -> None:
        line = self._lines.setdefault(owner, [])
        if any(job.key == key for job in line):
            return
        ahead = patience if patience is Patience.LOOKED_AT else patience + 1
        line.insert(sum(job.patience < ahead for job in line), Job(owner, key, patience))

    def first(self) -> Job | None:
        """The one that `take` would give."""
        return next((line[0] for line in self._lines.values()), None)

    def take(self) -> Job | None:
        """The next job; its owner goes to the end of the line."""
        if not self._lines:
            return None
        owner, line = self._lines.popitem(last=False)
        job = line.pop(0)
        if line:
            self._lines[owner] = line
        return job

    def drop(self, key: str) -> bool:
        """Forget a key; False when it was not there."""
        job = self._find(key)
        if job is None:
            return False
        self._lines[job.owner].remove(job)
        if not self._lines[job.owner]:
            del self._lines[job.owner]
        return True

    def position(self, key: str) -> int | None:
        """How many jobs start before this one; None when it is not queued."""
        order = self.keys()
        return order.index(key) if key in order else None

    def keys(self) -> list[str]:
        """All of them, in the order in which they would start."""
        lines = self._lines.values()
        turns = range(max(map(len, lines), default=0))
        return [line[turn].key for turn in turns for line in lines if turn < len(line)]

    def _find(self, key: str) -> Job | None:
        return next((job for line in self._lines.values() for job in line if job.key == key), None)
