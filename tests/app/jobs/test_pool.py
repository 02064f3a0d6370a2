"""What a pool promises. RayPool's own behaviour is tested with real processes, in tests/topology."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from app.jobs.pool import Pool, RayPool
from app.service import Service
from tests.app.inline import HeldPool, InlinePool

ROLES = [name for name in vars(Pool) if not name.startswith("_")]


@pytest.mark.parametrize("pool", [RayPool, InlinePool, HeldPool])
def test_a_pool_answers_to_every_name_of_the_protocol(pool: type) -> None:
    quick = {"look", "edit", "cards", "fits", "prompt_head", "fit_head"}
    assert quick | {"submit", "cancel", "position", "ready", "close"} == set(ROLES)
    for name in ROLES:
        asked = list(inspect.signature(getattr(Pool, name)).parameters)
        assert list(inspect.signature(getattr(pool, name)).parameters) == asked


def test_importing_the_protocol_starts_nothing() -> None:
    code = (
        "from app.jobs.pool import Pool\n"
        "import ray, psutil\n"
        "assert not ray.is_initialized()\n"
        "assert not psutil.Process().children()\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_a_service_works_on_the_inline_pools(desk: Service, held: HeldPool) -> None:
    def accepted(pool: Pool) -> bool:  # mypy is the test: a pool that does not fit the protocol is not accepted
        return pool.ready()

    assert accepted(desk.pool)
    assert accepted(held)
