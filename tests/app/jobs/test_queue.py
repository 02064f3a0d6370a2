"""Users in turn, each user's own jobs in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.jobs.queue import FairQueue, Job, Patience

jobs = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), max_size=40)


def filled(*pairs: tuple[str, str]) -> FairQueue:
    queue = FairQueue()
    for owner, key in pairs:
        queue.put(owner, key)
    return queue


def taken(queue: FairQueue) -> list[str]:
    keys = []
    while job := queue.take():
        keys.append(job.key)
    return keys


def test_s24_a_heavy_user_does_not_starve_another() -> None:
    queue = filled(*(("heavy", f"h{i}") for i in range(5)), ("light", "l0"), ("light", "l1"))
    assert taken(queue) == ["h0", "l0", "h1", "l1", "h2", "h3", "h4"]


def test_a_user_who_comes_later_waits_for_one_job_of_each_before() -> None:
    queue = filled(("a", "a0"), ("a", "a1"), ("b", "b0"))
    assert queue.take() == Job("a", "a0", Patience.ASKED)
    queue.put("c", "c0")
    assert taken(queue) == ["b0", "a1", "c0"]


def test_what_can_wait_comes_after_its_owners_others_and_holds_up_nobody_else() -> None:
    queue = filled(("a", "a0"))
    queue.put("a", "picture 0", Patience.BATCH)
    queue.put("a", "judgement", Patience.LOOKED_AT)
    queue.put("a", "a1")
    queue.put("a", "picture 1", Patience.BATCH)
    queue.put("a", "of what is looked at now", Patience.LOOKED_AT)
    queue.put("b", "b0")
    order = ["a0", "b0", "a1", "of what is looked at now", "judgement", "picture 0", "picture 1"]
    assert [queue.position(key) for key in order] == list(range(7))
    assert taken(queue) == order
    queue.put("a", "again", Patience.LOOKED_AT)
    assert queue.take() == Job("a", "again", Patience.LOOKED_AT)


def test_the_same_key_is_queued_once() -> None:
    assert taken(filled(("a", "a0"), ("a", "a0"))) == ["a0"]


def test_empty() -> None:
    queue = FairQueue()
    assert queue.take() is None
    assert queue.position("a0") is None
    assert not queue.drop("a0")


@given(jobs)
def test_position_counts_the_jobs_that_start_before(pairs: list[tuple[str, int]]) -> None:
    queue = filled(*((owner, f"{owner}{i}") for owner, i in pairs))
    places = {f"{owner}{i}": queue.position(f"{owner}{i}") for owner, i in pairs}
    order = taken(queue)
    assert places == {key: order.index(key) for key in order}


@given(jobs, st.tuples(st.sampled_from("abc"), st.integers(0, 30)))
def test_a_dropped_key_is_gone_and_the_others_keep_their_order(
    pairs: list[tuple[str, int]], drop: tuple[str, int]
) -> None:
    dropped = f"{drop[0]}{drop[1]}"
    queue = filled(*((owner, f"{owner}{i}") for owner, i in pairs))
    assert queue.drop(dropped) is (drop in pairs)
    assert queue.position(dropped) is None
    order = taken(queue)
    assert set(order) == {f"{owner}{i}" for owner, i in pairs} - {dropped}
    for owner in "abc":
        own = list(dict.fromkeys(f"{o}{i}" for o, i in pairs if o == owner))
        assert [key for key in order if key[0] == owner] == [key for key in own if key != dropped]
