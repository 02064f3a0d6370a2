"""Whose job is next: users in turn, each user's own jobs in order, those that can wait after the others.

One heavy user cannot starve another.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import NamedTuple


class Job(NamedTuple):
    """`patient`: one that starts after all others of its owner, and gives way to them."""

    owner: str
    key: str
    patient: bool


class FairQueue:
    """Keys by owner. Not thread-safe; its owner holds the lock."""

    def __init__(self) -> None:
        self._turns: OrderedDict[str, deque[str]] = OrderedDict()
        self._patient: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return any(key in keys for keys in self._turns.values())

    def put(self, owner: str, key: str, patient: bool = False) -> None:
        keys = self._turns.setdefault(owner, deque())
        if key in keys:
            return
        if patient:
            self._patient.add(key)
            keys.append(key)
        else:
            keys.insert(sum(queued not in self._patient for queued in keys), key)

    def take(self) -> Job | None:
        """The next job; its owner goes to the end of the line."""
        if not self._turns:
            return None
        owner, keys = self._turns.popitem(last=False)
        key = keys.popleft()
        patient = key in self._patient
        self._patient.discard(key)
        if keys:
            self._turns[owner] = keys
        return Job(owner, key, patient)

    def pressing(self, key: str) -> bool:
        """Whether it waits, and cannot wait."""
        return key in self and key not in self._patient

    def drop(self, key: str) -> bool:
        """Forget a key; False when it was not there."""
        self._patient.discard(key)
        for owner, keys in self._turns.items():
            if key in keys:
                keys.remove(key)
                if not keys:
                    del self._turns[owner]
                return True
        return False

    def position(self, key: str) -> int | None:
        """How many jobs start before this one; None when it is not queued."""
        order = self._order()
        return order.index(key) if key in order else None

    def _order(self) -> list[str]:
        lines = [list(keys) for keys in self._turns.values()]
        rounds = max((len(line) for line in lines), default=0)
        return [line[i] for i in range(rounds) for line in lines if i < len(line)]
