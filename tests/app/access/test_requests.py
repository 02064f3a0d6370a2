"""What is written down of a request (S21, S31): an id, and nothing that is anybody's."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app.access.requests import Requests, shown
from app.failures import REQUEST
from app.settings import Settings

BEHIND = Settings(identity_header="x-user", trusted_proxies="10.0.0.1")
ID = "0123456789abcdef" * 2
Asked = Callable[..., list[dict[str, object]]]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", "/"),
        (f"/api/v1/explanations/{ID}/blobs/{ID}{ID}", "/api/v1/explanations/*/blobs/*"),
        ("/s/abcdefgh", "/s/*"),
        ("/api/v1/models/Somebody's name", "/api/v1/models/*"),
        ("/_stcore/stream", "/*/stream"),
        ("/s/../s/token", "/s/*/s/*"),
    ],
)
def test_s21_a_path_without_what_it_is_about(path: str, said: str) -> None:
    assert shown(path) == said


def client(settings: Settings, address: str) -> TestClient:
    def answer(request: Request) -> Response:
        return PlainTextResponse(REQUEST.get(), 500 if "fail" in request.url.path else 200)

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    return TestClient(Requests(app, lambda: settings), client=(address, 1))


def test_s31_one_line_with_the_id_and_nothing_of_the_user(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "whylens.requests"):
        answer = client(BEHIND, "10.0.0.1").post(
            f"/api/v1/explanations/{ID}?q=private",
            content=b"private",
            headers={"x-user": "private", "x-request-id": ID},
        )
    (record,) = caplog.records
    line = json.loads(record.message)
    assert line.pop("milliseconds") >= 0
    assert line == {"request": ID, "method": "POST", "path": "/api/v1/explanations/*", "status": 200}
    assert answer.text == answer.headers["x-request-id"] == ID


@pytest.mark.parametrize(("address", "id"), [("10.0.0.2", ID), ("10.0.0.1", 'x"} private'), ("10.0.0.1", ID + "0")])
def test_an_id_is_the_proxys_or_ours(address: str, id: str) -> None:
    answer = client(BEHIND, address).get("/", headers={"x-request-id": id})
    assert len(answer.headers["x-request-id"]) == 32
    assert answer.headers["x-request-id"] != id


def test_for_oneself_only_failures_are_written(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "whylens.requests"):
        alone = client(Settings(), "127.0.0.1")
        alone.get("/well")
        alone.get("/fail")
    assert [json.loads(record.message)["status"] for record in caplog.records] == [500]
