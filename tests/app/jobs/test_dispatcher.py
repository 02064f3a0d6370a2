"""What runs beside what waits; Ray is played by tasks that end when the test says so."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pytest
from ray import exceptions

from app.jobs.dispatcher import DEATHS, DIED, Dispatcher
from app.jobs.question import Question
from app.service import Service
from app.storage.explanations import Explanation
from tests.app.conftest import picture
from tests.app.inline import HeldPool


class Task:
    def __init__(self, key: str) -> None:
        self.key, self.outcome = key, Future[Any]()

    def future(self) -> Future[Any]:
        return self.outcome

    def end(self, error: Exception | None = None) -> None:
        if error is None:
            self.outcome.set_result(None)
        else:
            self.outcome.set_exception(error)


@dataclass
class PlayedRay:
    tasks: list[Task] = field(default_factory=list)
    interrupted: list[Task] = field(default_factory=list)
    killed: list[Task] = field(default_factory=list)

    def start(self, _settings: object, _work: object, *key: str, retries: int) -> Task:  # noqa: ARG002
        task = Task(*key or ("warm",))
        if key:
            self.tasks.append(task)
        return task

    def cancel(self, task: Task, force: bool) -> None:
        (self.killed if force else self.interrupted).append(task)

    @property
    def running(self) -> list[str]:
        return [task.key for task in self.tasks if not task.outcome.done()]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> PlayedRay:
    played = PlayedRay()
    monkeypatch.setattr("app.jobs.dispatcher._remote", played.start)
    monkeypatch.setattr("ray.cancel", played.cancel)
    monkeypatch.setattr(Dispatcher, "_sweep", lambda _: None)
    return played


@pytest.fixture
def dispatcher(slow_desk: Service, played: PlayedRay) -> Iterator[Dispatcher]:  # noqa: ARG001  (played before)
    """With one slot; what the service asks for goes nowhere but into the database."""
    dispatcher = Dispatcher(slow_desk.settings)
    yield dispatcher
    dispatcher._store.database.close()


def explained(desk: Service, owner: str, seed: int) -> Explanation:
    asset = desk.upload(owner, picture(seed), "a").id
    return desk.ask(owner, asset, Question(method="rise", params={"n_masks": 16}, seed=seed))


def asked(desk: Service, owner: str, seed: int) -> str:
    return explained(desk, owner, seed).run


def judgement(desk: Service, held: HeldPool, owner: str, seed: int) -> str:
    """Of a map that is done."""
    explanation = explained(desk, owner, seed)
    computed(held, explanation.run)
    return desk.judge(owner, explanation.id).key


def computed(held: HeldPool, key: str) -> None:
    """As a worker leaves it; what was found is of no matter here."""
    attempt = held.store.runs.claim(key)
    assert attempt is not None
    assert held.store.runs.finish(key, attempt, 1, {}, {})


def test_a_judgement_under_way_gives_way_to_what_its_owner_asks_for(
    slow_desk: Service, held: HeldPool, dispatcher: Dispatcher, played: PlayedRay
) -> None:
    runs, judging = held.store.runs, judgement(slow_desk, held, "ann", 1)
    dispatcher.submit(judging, "ann")
    attempt = runs.claim(judging)
    assert attempt is not None
    wanted, next_ = asked(slow_desk, "ann", 2), asked(slow_desk, "ann", 3)
    dispatcher.submit(wanted, "ann")
    dispatcher.submit(next_, "ann")
    assert [task.key for task in played.interrupted] == [judging], "once"
    assert not runs.report(judging, attempt, 1, 2, b""), "what it may still write is refused"
    played.tasks[0].end(exceptions.TaskCancelledError())
    assert played.running == [wanted]
    computed(held, wanted)
    played.tasks[1].end()
    assert played.running == [next_]
    computed(held, next_)
    played.tasks[2].end()
    assert played.running == [judging], "it begins again when nothing is asked"


def test_nothing_else_gives_way(slow_desk: Service, held: HeldPool, dispatcher: Dispatcher, played: PlayedRay) -> None:
    judging = judgement(slow_desk, held, "ann", 1)
    dispatcher.submit(judging, "ann")
    dispatcher.submit(asked(slow_desk, "bob", 2), "bob")
    assert played.interrupted == [], "to somebody else: everybody has their turns"
    dispatcher.submit(asked(slow_desk, "ann", 3), "ann")
    assert played.interrupted == [], "where it would be somebody else's turn"
    played.tasks[0].end(exceptions.TaskCancelledError())
    dispatcher.submit(judgement(slow_desk, held, "bob", 4), "bob")
    assert played.interrupted == [], "what is asked for to what can wait"


def test_who_does_not_feel_the_interrupt_is_killed_which_is_no_death_of_its_own(
    slow_desk: Service, held: HeldPool, dispatcher: Dispatcher, played: PlayedRay
) -> None:
    judging = judgement(slow_desk, held, "ann", 1)
    dispatcher.submit(judging, "ann")
    for seed in range(DEATHS + 1):
        wanted = asked(slow_desk, "ann", 10 + seed)
        dispatcher.submit(wanted, "ann")
        interrupted = played.interrupted[-1]
        dispatcher._kill(interrupted)
        assert played.killed[-1] is interrupted
        interrupted.end(exceptions.WorkerCrashedError())
        computed(held, wanted)
        played.tasks[-1].end()
        assert played.running == [judging]
    assert held.store.runs.get(judging).state == "queued"


def test_s23_a_run_whose_worker_dies_again_and_again_fails_with_a_sentence(
    slow_desk: Service, held: HeldPool, dispatcher: Dispatcher, played: PlayedRay
) -> None:
    key = asked(slow_desk, "ann", 1)
    dispatcher.submit(key, "ann")
    for _ in range(DEATHS):
        assert played.running == [key]
        assert held.store.runs.claim(key)
        played.tasks[-1].end(exceptions.WorkerCrashedError())
    run = held.store.runs.get(key)
    assert (run.state, run.error, run.attempt) == ("failed", DIED, DEATHS)
    assert played.running == []
