"""Who may talk to us, and what a browser may do with our answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.access.guard import SameOrigin, SecureHeaders, policy

HERE = "http://localhost:8501"
FOREIGN = [
    "http://evil.example",
    "https://localhost.evil.example:8501",
    "http://localhost:3000",
    "http://localhost",
    "http://127.0.0.1:8501",  # another name than the one in the address bar is another origin
    "http://evil.example/http://localhost:8501",
    "http://localhost:8501@evil.example",
    "null",
    "",
    "http://[",
]
FOREIGN_HOSTS = [
    "evil.example",
    "localhost.evil.example",
    "evil.example:8501",
    "10.0.0.1",
    "",
    "[",
    "[::1",
    "x@evil.example",
]
OURS = ["localhost", "localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST:8501"]


def answer(_: Request) -> Response:
    return PlainTextResponse("done")


def stumble(_: Request) -> Response:
    raise HTTPException(418, "no")


async def stream(_: Request) -> Response:
    async def parts() -> Iterator[bytes]:  # type: ignore[misc]  # an async generator
        for part in (b"a", b"b"):
            yield part

    return StreamingResponse(parts())


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


@pytest.fixture
def client() -> Iterator[TestClient]:
    routes = [
        Route("/", answer, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
        Route("/stumble", stumble),
        Route("/stream", stream),
        WebSocketRoute("/socket", talk),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(SecureHeaders), Middleware(SameOrigin)])
    with TestClient(app, HERE, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE", "PATCH"])
def test_s16_a_foreign_page_cannot_write(client: TestClient, verb: str, origin: str) -> None:
    refused = client.request(verb, "/", headers={"origin": origin})
    assert refused.status_code == 403
    assert refused.json() == {"error": {"status": 403, "message": f"origin must be this server; got {origin!r}"}}


@pytest.mark.parametrize("origin", FOREIGN)
def test_s16_a_foreign_page_cannot_open_a_socket(client: TestClient, origin: str) -> None:
    headers = {"origin": origin, "host": "localhost:8501"}  # the test client would call itself testserver
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/socket", headers=headers):
        pass
    assert closed.value.code == 1008


def test_our_own_page_may_write_and_talk(client: TestClient) -> None:
    assert client.post("/", headers={"origin": HERE}).text == "done"
    with client.websocket_connect("/socket", headers={"origin": HERE, "host": "localhost:8501"}) as socket:
        assert socket.receive_text() == "hello"


def test_programs_without_a_page_may_write(client: TestClient) -> None:
    assert client.post("/").text == "done"


@pytest.mark.parametrize("headers", [{}, {"origin": "http://evil.example"}])
def test_reading_needs_no_origin(client: TestClient, headers: dict[str, str]) -> None:
    # a foreign page may send this request, and Cross-Origin-Resource-Policy keeps the answer from it
    assert client.get("/", headers=headers).text == "done"


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("verb", ["GET", "HEAD", "OPTIONS", "POST"])
def test_s16_a_name_that_is_not_ours_is_refused(client: TestClient, verb: str, host: str) -> None:
    refused = client.request(verb, "/", headers={"host": host})
    assert refused.status_code == 403
    if verb != "HEAD":
        message = f"host must be one of 127.0.0.1, ::1, localhost; got {host!r}"
        assert refused.json() == {"error": {"status": 403, "message": message}}


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_socket_to_a_name_that_is_not_ours_is_refused(client: TestClient, host: str) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/socket", headers={"host": host}):
        pass


@pytest.mark.parametrize("host", OURS)
def test_our_names(client: TestClient, host: str) -> None:
    assert client.post("/", headers={"host": host, "origin": f"http://{host}"}).text == "done"


@pytest.mark.parametrize(
    ("verb", "path", "headers", "status"),
    [
        ("GET", "/", {}, 200),
        ("HEAD", "/", {}, 200),
        ("GET", "/stream", {}, 200),
        ("GET", "/nothing", {}, 404),
        ("DELETE", "/stream", {}, 405),
        ("GET", "/stumble", {}, 418),
        ("POST", "/", {"origin": "http://evil.example"}, 403),
        ("GET", "/", {"host": "evil.example"}, 403),
    ],
)
def test_s15_headers_on_every_answer(
    client: TestClient, verb: str, path: str, headers: dict[str, str], status: int
) -> None:
    answered = client.request(verb, path, headers=headers)
    assert answered.status_code == status
    expected = {
        "content-security-policy": policy(),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    assert {name: answered.headers.get(name) for name in expected} == expected
    assert "camera=()" in answered.headers["permissions-policy"]
    assert len(answered.headers.get_list("content-security-policy")) == 1


def test_s15_the_policy_lets_nothing_in_from_elsewhere() -> None:
    directives = {name: values for name, _, values in (part.strip().partition(" ") for part in policy().split(";"))}
    assert directives["default-src"] == "'self'"
    allowed = re.compile(r"'self'|'none'|'unsafe-inline'|'wasm-unsafe-eval'|'sha256-[A-Za-z0-9+/]{43}='|data:|blob:")
    for name, values in directives.items():
        assert values, name
        for value in values.split():
            assert allowed.fullmatch(value), f"{name} {value}"
    scripts = directives["script-src"].split()
    assert not {"'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"} & set(scripts)
    assert [name for name, values in directives.items() if "'unsafe-inline'" in values] == ["style-src"]
    for name in ("object-src", "frame-ancestors"):
        assert directives[name] == "'none'"
    for name in ("base-uri", "form-action", "connect-src"):
        assert directives[name] == "'self'"
    # what default-src does not cover must be named
    assert {"base-uri", "form-action", "frame-ancestors"} <= set(directives)
