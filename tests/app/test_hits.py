"""What is answered from what was stored: counted, and remembered as used."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from app.jobs.dispatcher import Dispatcher
from app.jobs.question import Question
from app.service import Service
from app.storage import room
from app.storage.room import make_room
from app.storage.runs import SECONDS_BETWEEN_USES, Runs
from app.unavailable import UnavailableError
from tests.app.inline import HeldPool

ASKED = Question(method="rise", params={"n_masks": 16})


def hits(method: str) -> float:
    return REGISTRY.get_sample_value("whylens_cache_hits_total", {"method": method}) or 0.0


def test_a_stored_answer_is_a_hit_for_whoever_asks(desk: Service, png: bytes) -> None:
    before = hits("rise")
    for owner, counted in (("ann", 0), ("ann", 1), ("bob", 2)):
        desk.ask(owner, desk.upload(owner, png, "a").id, ASKED)
        assert hits("rise") - before == counted


def test_one_that_is_still_computed_is_no_hit(slow_desk: Service, held: HeldPool, png: bytes) -> None:
    before, asset = hits("rise"), slow_desk.upload("ann", png, "a").id
    slow_desk.ask("ann", asset, ASKED)
    slow_desk.ask("ann", asset, ASKED)
    assert hits("rise") == before
    held.work()
    slow_desk.ask("ann", asset, ASKED)
    assert hits("rise") == before + 1


def test_what_made_room_is_computed_again_to_the_byte(desk: Service, png: bytes) -> None:
    asked = desk.ask("ann", desk.upload("ann", png, "a").id, ASKED)
    first = desk.run(asked)
    assert make_room(desk.store.database, 0, (first.used or 0) + room.SAFE_SECONDS + 1) == 1
    gone = desk.run(asked)
    assert (gone.state, gone.result, gone.error) == ("cancelled", None, room.EVICTED)
    again = desk.again("ann", asked.id)
    second = desk.run(again)
    assert (again.id, second.key, second.state) == (asked.id, first.key, "done")
    assert first.result is not None
    assert second.result is not None
    assert second.result["blobs"] == first.result["blobs"], "equal hashes are equal bytes"


def test_looking_is_possible_where_it_cannot_be_remembered(
    desk: Service, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = desk.ask("ann", desk.upload("ann", png, "a").id, ASKED)
    used = desk.run(asked).used
    assert used is not None

    def full(*_: object) -> None:
        raise UnavailableError("The database is not to be had at the moment: its disk is full.")

    monkeypatch.setattr("app.storage.runs.time.time", lambda: used + SECONDS_BETWEEN_USES)
    with monkeypatch.context() as away:
        away.setattr(Runs, "look_at", full)
        assert desk.run(asked).state == "done"
    desk.run(asked)
    assert desk.run(asked).used == used + SECONDS_BETWEEN_USES


@pytest.mark.parametrize(("most", "state"), [(0, "done"), (1_000_000_000, "done"), (1, "cancelled")])
def test_the_dispatcher_makes_room_above_the_limit(
    desk: Service, png: bytes, monkeypatch: pytest.MonkeyPatch, most: int, state: str
) -> None:
    """No limit is no limit of zero."""
    asked = desk.ask("ann", desk.upload("ann", png, "a").id, ASKED)
    run = desk.run(asked)
    dispatcher = Dispatcher.__new__(Dispatcher)  # without its thread and Ray
    dispatcher._store = desk.store
    dispatcher._settings = desk.settings.model_copy(update={"max_stored_bytes": most})
    dispatcher._clear()
    assert desk.store.runs.get(run.key).state == "done", "just used"
    later = (run.used or 0) + room.SAFE_SECONDS + 1
    monkeypatch.setattr("app.jobs.dispatcher.time.time", lambda: later)
    dispatcher._clear()
    assert desk.store.runs.get(run.key).state == state
