"""What a pool promises. RayPool's own behaviour is tested with real processes, in tests/topology."""

from __future__ import annotations

import inspect
import subprocess
import sys
from threading import BoundedSemaphore
from typing import Any

import pytest

from app.failures import RequestError
from app.jobs import pool
from app.jobs.pool import Pool, RayPool
from app.service import Service
from tests.app.inline import HeldPool, InlinePool

ROLES = [name for name in vars(Pool) if not name.startswith("_")]


@pytest.mark.parametrize("kind", [RayPool, InlinePool, HeldPool])
def test_a_pool_answers_to_every_name_of_the_protocol(kind: type) -> None:
    quick = {
        "look",
        "edit",
        "pair",
        "cards",
        "fits",
        "prompt_head",
        "fit_head",
        "settle",
        "plan",
        "intervene",
        "sizes",
        "brush",
    }
    assert quick | {"submit", "cancel", "position", "ready", "close"} == set(ROLES)
    for name in ROLES:
        asked = list(inspect.signature(getattr(Pool, name)).parameters)
        assert list(inspect.signature(getattr(kind, name)).parameters) == asked


def test_importing_the_protocol_starts_nothing() -> None:
    code = (
        "from app.jobs.pool import Pool\n"
        "import ray, psutil\n"
        "assert not ray.is_initialized()\n"
        "assert not psutil.Process().children()\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_only_so_many_wait_for_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each holds a thread of the web process until it is made."""
    monkeypatch.setattr(pool, "_answer", lambda answer: answer)
    waiting = object.__new__(RayPool)  # without its processes
    waiting._heads = BoundedSemaphore(pool.HEADS)

    def one_more() -> Any:
        return waiting._head(one_more)

    for _ in range(2):  # whoever was refused holds nothing
        with pytest.raises(RequestError, match="Other classifiers are being made; ask again in a minute"):
            waiting._head(one_more)


def test_a_service_works_on_the_inline_pools(desk: Service, held: HeldPool) -> None:
    def accepted(pool: Pool) -> bool:  # mypy is the test: a pool that does not fit the protocol is not accepted
        return pool.ready()

    assert accepted(desk.pool)
    assert accepted(held)
