"""Batches of the server, a few pictures at a time, in the queue that all explanations share.

A batch of the server uses the workers, models and results that are there; the command line, which has no server,
spreads over processes of its own by Ray Data. Both run the same code on each picture.

A picture takes two turns: one to look at it, which tells the key of its run; one to compute that run, if nobody has.
"""

from __future__ import annotations

from app.failures import sentence
from app.jobs.look import look, specify
from app.jobs.question import Question
from app.jobs.queue import Patience
from app.jobs.shelf import Shelf
from app.jobs.spec import TrustSpec
from app.storage.store import Store
from app.unavailable import UnavailableError

MARK = "/"  # in the place of a picture, as it is queued: BATCH/NUMBER; keys of runs have none


class Feed:
    """Which pictures are next. Not thread-safe; its owner holds the lock."""

    def __init__(self, store: Store) -> None:
        self._batches = store.batches
        self._looked_at: set[tuple[str, int]] = set()

    def next(self, ahead: int) -> list[tuple[str, str]]:
        """(owner, place) of pictures to queue; `ahead` of a batch are under way, the others take nobody's turn."""
        self._batches.settle()
        found = self._batches.next(ahead, self._looked_at)
        self._looked_at |= {(batch, number) for _, batch, number in found}
        return [(owner, f"{batch}{MARK}{number}") for owner, batch, number in found]

    def ended(self, place: str) -> None:
        """It has been looked at, or was not: what the database does not know of is next again."""
        self._looked_at.discard(_read(place))

    def failed(self, place: str, sentence: str) -> None:
        """Nobody can look at it."""
        batch, number = _read(place)
        wanted = self._batches.picture(batch, number)
        if wanted is not None:
            self._batches.fail(batch, number, wanted.file, sentence)


def patience_of(store: Store, key: str) -> Patience:
    """Of a run, by what it is and by who wants it."""
    if isinstance(store.runs.get(key).spec, TrustSpec):
        return Patience.LOOKED_AT
    return Patience.BATCH if store.batches.alone(key) else Patience.ASKED


def is_place(key: str) -> bool:
    return MARK in key


def look_at(store: Store, shelf: Shelf, place: str) -> str | None:
    """The key of the picture's run, where it has yet to be computed. What is wrong with a picture is its own error."""
    batch, number = _read(place)
    wanted = store.batches.picture(batch, number)
    if wanted is None:
        return None
    try:
        question = Question(**wanted.question)
        answer = look(shelf.get(wanted.question["model"]), store.image_sets.picture(wanted.sha256), question)
        spec = specify(question, wanted.sha256, answer)
    except UnavailableError:  # no fault of the picture's
        raise
    except Exception as error:
        store.batches.fail(batch, number, wanted.file, sentence(error))
        return None
    return store.batches.enter(batch, number, wanted.file, spec, answer.as_dict(), answer.input, answer.target)


def _read(place: str) -> tuple[str, int]:
    batch, _, number = place.partition(MARK)
    return batch, int(number)
