"""Batches in the queue: the order of events, and what is left of them when somebody dies."""

from __future__ import annotations

import pytest

from app import batches
from app.failures import RequestError
from app.jobs.feed import Feed, is_place, look_at
from app.jobs.question import Question
from app.jobs.spec import JobSpec
from app.service import Service
from app.sets import image_sets
from app.sets.gathering import Gathering
from app.storage.batches import Batch
from app.storage.store import Store
from tests.app.conftest import picture
from tests.app.inline import HeldPool

PICTURES = 10
SMALL = Question(method="occlusion", params={"window": 32, "stride": 32})


def kept(desk: Service, owner: str) -> str:
    gathering = Gathering(desk.settings)
    for seed in range(PICTURES):
        gathering.take(f"kind 1/{seed}.png", picture(seed))
    own = image_sets.keep(desk, owner, "roses", gathering)
    gathering.close()
    return own.id


def asked(desk: Service, owner: str = "ann", question: Question = SMALL) -> Batch:
    return batches.ask(desk, owner, kept(desk, owner), question)


def single(desk: Service, owner: str, seed: int) -> str:
    """The key of the run of an explanation outside every batch."""
    asset = desk.upload(owner, picture(100 + seed), "photo.png")
    return desk.ask(owner, asset.id, SMALL).run


def worked(held: HeldPool, jobs: int) -> list[str]:
    """What the next jobs were: `look` and `map` of a batch, `single` of a user's other questions."""
    told = []
    for _ in range(jobs):
        key = held.queue.keys()[0]
        alone = not is_place(key) and held.store.batches.alone(key)
        told.append("look" if is_place(key) else "map" if alone else "single")
        held.work()
    return told


def numbers(store: Store, batch: Batch) -> list[int]:
    return [item.number for item in store.batches.items(batch.id) if item.state == "done"]


def test_a_few_pictures_are_under_way_whatever_the_size_of_the_set(slow_desk: Service, held: HeldPool) -> None:
    batch = asked(slow_desk)
    for _ in range(2 * PICTURES):
        assert len(held.queue.keys()) <= 2
        held.work()
    assert held.queue.take() is None
    assert numbers(slow_desk.store, batch) == list(range(PICTURES))
    assert batches.get(slow_desk, "ann", batch.id).state == "done"


def test_whose_batch_it_is_asks_for_one_explanation_and_has_it_next(slow_desk: Service, held: HeldPool) -> None:
    """And may ask for as many as without a batch."""
    asked(slow_desk)
    worked(held, 3)
    for seed in range(slow_desk.settings.jobs_per_owner):
        single(slow_desk, "ann", seed)
    with pytest.raises(RequestError, match="explanations waiting, which is the limit"):
        single(slow_desk, "ann", 99)
    assert worked(held, 4) == ["single", "single", "single", "map"]


def test_nobody_else_waits_for_more_than_one_of_its_jobs(slow_desk: Service, held: HeldPool) -> None:
    asked(slow_desk)
    worked(held, 3)
    keys = [single(slow_desk, "bob", seed) for seed in range(2)]
    assert [held.queue.position(key) for key in keys] == [1, 3]
    assert worked(held, 4)[1::2] == ["single", "single"]


def test_two_batches_take_turns(slow_desk: Service, held: HeldPool) -> None:
    anns, bobs = asked(slow_desk), asked(slow_desk, "bob", Question(method="saliency"))
    for _ in range(16):
        held.work()
    assert abs(len(numbers(slow_desk.store, anns)) - len(numbers(slow_desk.store, bobs))) <= 1


def test_a_picture_of_a_batch_is_the_run_of_a_single_explanation(desk: Service) -> None:
    """By key and by bytes; who asks alone finds it done."""
    batch = asked(desk)
    item = desk.store.batches.items(batch.id)[3]
    alone = desk.ask("bob", desk.upload("bob", picture(3), "photo.png").id, SMALL)
    assert alone.run == item.run
    spec = desk.run(alone).spec
    assert isinstance(spec, JobSpec)
    assert desk.run(alone).attempt == 1, "it was computed once"


@pytest.mark.parametrize("jobs", range(6))
def test_a_dispatcher_that_dies_loses_nothing(slow_desk: Service, held: HeldPool, jobs: int) -> None:
    """Wherever it dies: what the database says is unfinished is queued again, the rest is fed again."""
    batch = asked(slow_desk)
    worked(held, jobs)
    before = numbers(slow_desk.store, batch)
    again = HeldPool(slow_desk.store, held.shelf)
    for key, owner in slow_desk.store.runs.unfinished():
        slow_desk.store.runs.requeue(key)
        again.submit(key, owner)
    again.feed()
    while again.queue.keys():
        again.work()
    assert numbers(slow_desk.store, batch) == list(range(PICTURES))
    for item in slow_desk.store.batches.items(batch.id)[: len(before)]:
        assert item.run is not None
        assert slow_desk.store.runs.get(item.run).attempt == 1, "what was done is not computed again"


def test_a_worker_that_dies_while_it_looks_is_no_loss(slow_desk: Service, held: HeldPool) -> None:
    batch = asked(slow_desk)
    feed = Feed(slow_desk.store)
    (_, first), (_, second) = feed.next(2)
    assert feed.next(2) == [], "they are under way"
    feed.ended(first)
    assert [place for _, place in feed.next(2)] == [first]
    feed.failed(second, "The worker died.")
    feed.ended(second)
    assert look_at(slow_desk.store, held.shelf, second) is None, "it is settled"
    (item,) = slow_desk.store.batches.items(batch.id)
    assert (item.state, item.row.error) == ("failed", "The worker died.")


def test_a_cancelled_batch_takes_no_further_turn(slow_desk: Service, held: HeldPool) -> None:
    batch = asked(slow_desk)
    worked(held, 5)
    done = numbers(slow_desk.store, batch)
    batches.cancel(slow_desk, "ann", batch.id)
    while held.queue.keys():
        held.work()
    assert numbers(slow_desk.store, batch) == done
    batches.resume(slow_desk, "ann", batch.id)
    while held.queue.keys():
        held.work()
    assert numbers(slow_desk.store, batch) == list(range(PICTURES))


def test_what_is_wrong_with_a_picture_is_its_own_error(
    slow_desk: Service, held: HeldPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = asked(slow_desk)
    whole = slow_desk.store.image_sets.picture
    broken = slow_desk.store.batches.picture(batch.id, 1)
    assert broken is not None

    def read(_: object, sha256: str) -> bytes:
        if sha256 == broken.sha256:
            raise RequestError("This one is broken.")
        return whole(sha256)

    monkeypatch.setattr("app.storage.image_sets.ImageSets.picture", read)
    while held.queue.keys():
        held.work()
    states = [item.state for item in slow_desk.store.batches.items(batch.id)]
    assert states == ["done", "failed", *["done"] * (PICTURES - 2)]
    assert slow_desk.store.batches.items(batch.id)[1].row.error == "This one is broken."
