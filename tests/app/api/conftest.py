"""The API behind its guard, without Streamlit and without a pool of processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient

from app.access.guard import SameOrigin, SecureHeaders
from app.api import api
from app.service import Service

ROOT = "/api/v1"

Refused = Callable[[Any, int], str]


def application() -> Starlette:
    return Starlette(routes=[Mount(ROOT, api())], middleware=[Middleware(SecureHeaders), Middleware(SameOrigin)])


@pytest.fixture
def client(desk: Service) -> Iterator[TestClient]:  # noqa: ARG001
    """Answers at once."""
    with TestClient(application(), "http://localhost", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def slow_client(slow_desk: Service) -> Iterator[TestClient]:  # noqa: ARG001
    """Queues, until `held.work()`."""
    with TestClient(application(), "http://localhost", raise_server_exceptions=False) as client:
        yield client


def refusal(answer: Any, status: int) -> str:
    """The one sentence of an error, in the one shape that errors have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"status", "message"}
    assert body["error"]["status"] == status
    message: str = body["error"]["message"]
    assert message.strip()
    assert "\n" not in message
    assert "Traceback" not in message
    return message
