"""What a pool promises. RayPool's own behaviour is tested with real processes, in tests/topology."""

from __future__ import annotations

import inspect
import subprocess
import sys
from contextlib import ExitStack
from threading import BoundedSemaphore

import pytest

from app.failures import RequestError
from app.jobs import pool
from app.jobs.pool import Pool, RayPool
from app.jobs.workshop import THREADS, Workshop, group_of
from app.service import Service
from tests.app.inline import HeldPool, InlinePool

ROLES = [name for name in vars(Pool) if not name.startswith("_")]


@pytest.mark.parametrize("kind", [RayPool, InlinePool, HeldPool])
def test_a_pool_answers_to_every_name_of_the_protocol(kind: type) -> None:
    assert set(ROLES) == {"ask", "submit", "feed", "cancel", "position", "memory", "ready", "close"}
    for name in ROLES:
        asked = list(inspect.signature(getattr(Pool, name)).parameters)
        assert list(inspect.signature(getattr(kind, name)).parameters) == asked


def test_every_question_waits_in_a_group_that_there_is() -> None:
    questions = [name for name in vars(Workshop) if not name.startswith("_") and name != "warm"]
    assert {group_of(getattr(Workshop, name)) for name in questions} == set(THREADS)


def test_importing_the_protocol_starts_nothing() -> None:
    code = (
        "from app.jobs.pool import Pool\n"
        "import ray, psutil\n"
        "assert not ray.is_initialized()\n"
        "assert not psutil.Process().children()\n"
        # nor does it make whoever starts wait for what few questions need
        "import sys\n"
        "assert not {'scipy.stats', 'sklearn', 'torchvision', 'transformers'} & set(sys.modules)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_only_so_many_wait_for_a_head() -> None:
    """Each holds a thread of the web process until it is made."""
    waiting = object.__new__(RayPool)  # without its processes
    waiting._heads = BoundedSemaphore(pool.HEADS)

    for _ in range(2):  # whoever was refused holds nothing
        with ExitStack() as rooms:
            for _ in range(pool.HEADS):
                rooms.enter_context(waiting._room())
            with pytest.raises(RequestError, match="Other classifiers are being made; ask again in a minute"):
                rooms.enter_context(waiting._room())


def test_a_service_works_on_the_inline_pools(desk: Service, held: HeldPool) -> None:
    def accepted(pool: Pool) -> bool:  # mypy is the test: a pool that does not fit the protocol is not accepted
        return pool.ready()

    assert accepted(desk.pool)
    assert accepted(held)
