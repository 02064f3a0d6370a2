"""Through the proxy: who it is, which replica, what is let through, and what the other replica knows."""

from __future__ import annotations

import base64
import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2 as httpx
import pytest
from websockets import Origin, Subprotocol
from websockets.sync.client import connect

from scripts.topology.loopback import USERS, Topology
from tests.server import PATIENCE, free_port, until
from tests.topology.conftest import Lab, described, trusting

pytestmark = pytest.mark.topology

SHORT: dict[str, Any] = {"method": "rise", "model": "planted_shortcut", "params": {"n_masks": 64}}
LONG: dict[str, Any] = {
    "method": "rise",
    "model": "planted_shortcut",
    "params": {"n_masks": 8000, "estimator": "centred"},
}


AWAY = "A server has just gone away. Nothing was lost; try again in a minute."


def ask(client: httpx.Client, example: str = "coffee", **question: Any) -> dict[str, Any]:
    asset = described(client.post(f"/api/v1/examples/{example}"))["id"]
    explanation: dict[str, Any] = described(client.post("/api/v1/explanations", json={"asset": asset, **question}))
    return explanation


def reach(client: httpx.Client, id: str, state: str) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        now: dict[str, Any] = described(client.get(f"/api/v1/explanations/{id}"))
        return now if now["progress"]["state"] == state else None

    found: dict[str, Any] = until(there, f"explanation {id} is {state}")
    return found


@pytest.fixture
def ann(lab: Lab) -> Iterator[httpx.Client]:
    with lab.user("ann") as client:
        yield client


@pytest.fixture
def bob(lab: Lab) -> Iterator[httpx.Client]:
    with lab.user("bob") as client:
        yield client


def test_nobody_comes_in_without_a_password(lab: Lab) -> None:
    with lab.stranger() as stranger:
        assert stranger.get("/").status_code == 401
        assert stranger.get("/", headers={"x-whylens-user": "ann"}).status_code == 401
        assert stranger.get("/", headers={"cookie": "whylens_share_0=1"}).status_code != 200
        assert stranger.get("/", auth=("ann", "guess")).status_code == 401
        assert stranger.get("/healthz").status_code == 200


def test_each_has_things_of_their_own(ann: httpx.Client, bob: httpx.Client) -> None:
    id = ask(ann, **SHORT)["id"]
    assert described(ann.get(f"/api/v1/explanations/{id}"))["id"] == id
    assert bob.get(f"/api/v1/explanations/{id}").status_code == 404
    # who it is is what the proxy says, whatever the client says of itself
    forged = {"x-whylens-user": "ann", "x-whylens-identity": "ann", "x-forwarded-user": "ann"}
    assert bob.get(f"/api/v1/explanations/{id}", headers=forged).status_code == 404


def test_a_replica_believes_the_proxy_only(lab: Lab) -> None:
    with lab.replica("web-1") as proxy:
        assert proxy.get("/readyz").status_code == 200
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.9")
    who = {"x-whylens-user": "ann", "host": "127.0.0.1"}
    with httpx.Client(base_url=lab.topology.web("web-1"), headers=who, transport=elsewhere) as other:
        assert other.get("/readyz").status_code == 401


def test_the_page_and_its_socket_come_through(lab: Lab, ann: httpx.Client) -> None:
    page = ann.get("/")
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    assert "max-age" in page.headers["strict-transport-security"]
    password = base64.b64encode(f"ann:{USERS['ann']}".encode()).decode()
    with connect(
        f"{lab.topology.url.replace('https', 'wss')}/_stcore/stream",
        ssl=trusting(),
        origin=Origin(lab.topology.url),
        additional_headers={"Authorization": f"Basic {password}"},
        subprotocols=[Subprotocol("streamlit")],
        open_timeout=PATIENCE,
    ) as line:
        assert line.subprotocol == "streamlit"


def test_a_browser_stays_at_its_replica(lab: Lab) -> None:
    used: set[str] = set()
    for _ in range(12):  # the chance that all twelve go the same way is one in two thousand
        with lab.user("ann") as client:
            marks = [client.get("/healthz").headers["x-whylens-replica"] for _ in range(4)]
            assert len(set(marks)) == 1
            assert set(client.cookies) == {"whylens_way"}
            used.add(marks[0])
    assert len(used) == 2


def test_another_replica_sees_the_progress(lab: Lab) -> None:
    with lab.replica("web-1") as one, lab.replica("web-2") as two:
        id = ask(one, **LONG, seed=1)["id"]
        with two.stream("GET", f"/api/v1/explanations/{id}/events") as stream:
            assert any(event["state"] == "running" and event["done"] > 0 for event in events(stream))
        two.post(f"/api/v1/explanations/{id}/cancel")
        assert reach(one, id, "cancelled")


def test_progress_comes_through_while_it_happens(ann: httpx.Client) -> None:
    id = ask(ann, **LONG, seed=2)["id"]
    with ann.stream("GET", f"/api/v1/explanations/{id}/events") as stream:
        for event in events(stream):  # a proxy that gathers would give all at the end, which this job does not reach
            if event["done"] > 0:
                break
    assert described(ann.get(f"/api/v1/explanations/{id}"))["progress"]["state"] == "running"
    ann.post(f"/api/v1/explanations/{id}/cancel")


def events(stream: httpx.Response) -> Iterator[dict[str, Any]]:
    assert stream.status_code == 200
    for line in stream.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_s2_what_is_too_large_is_refused_at_the_door(ann: httpx.Client) -> None:
    answer = ann.post("/api/v1/assets", content=bytes(23_000_000))
    assert answer.status_code == 413


def test_answers_are_compressed(ann: httpx.Client) -> None:
    with ann.stream("GET", "/api/v1/openapi.json", headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert "paths" in json.loads(gzip.decompress(raw))


def test_the_door_without_tls_leads_to_the_other(lab: Lab) -> None:
    answer = httpx.get(f"http://{lab.topology.host('proxy')}:8080/concepts")
    assert answer.status_code == 308
    assert answer.headers["location"].startswith("https://")


@pytest.fixture
def door() -> Iterator[Lab]:
    """The proxy alone, with nobody behind it."""
    folder = Path(tempfile.mkdtemp(prefix="whylens-door-"))
    topology = Topology(folder, 2 + free_port() % 250)
    try:
        topology.prepare()
        topology.start("proxy")
        until(lambda: listens(topology), "the proxy listens")
        yield Lab(topology)
    finally:
        topology.stop("proxy")
        shutil.rmtree(folder)


def listens(topology: Topology) -> bool:
    with socket.socket() as line:
        return line.connect_ex((topology.host("proxy"), 8443)) == 0


def test_s25_where_no_replica_is_left_the_door_says_so(door: Lab) -> None:
    with door.user("ann") as client:
        told = client.get("/api/v1/explanations")
        assert (told.status_code, told.headers["retry-after"]) == (503, "60")
        assert told.json() == {"error": {"status": 503, "message": AWAY}}
        page = client.get("/concepts")
        assert (page.status_code, page.headers["retry-after"]) == (503, "60")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert AWAY in page.text
        assert "max-age" in page.headers["strict-transport-security"]
        assert client.get("/away/api").status_code != 200  # nobody asks for it by name


def test_s25_a_replica_that_dies_while_it_answers(door: Lab) -> None:
    """What changes something is not asked of the other, which would do it twice, and the user is told."""
    asked: list[str] = []

    class Dying(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.close_connection = True  # without a word

    with (
        HTTPServer((door.topology.host("web-1"), 8501), Dying) as one,
        HTTPServer((door.topology.host("web-2"), 8501), Dying) as two,
    ):
        for server in (one, two):
            Thread(target=server.serve_forever, daemon=True).start()
        with door.user("ann") as client:
            told = client.post("/api/v1/explanations", json={})
        for server in (one, two):
            server.shutdown()
    assert asked == ["/api/v1/explanations"]
    assert told.status_code == 503
    assert told.json() == {"error": {"status": 503, "message": AWAY}}


def test_numbers_are_for_those_inside(lab: Lab, ann: httpx.Client) -> None:
    assert ann.get("/metrics").status_code == 403
    with lab.replica("web-1") as inside:
        assert "whylens_runs" in inside.get("/metrics").text


def test_s31_no_log_names_what_was_asked_or_the_password(lab: Lab, ann: httpx.Client) -> None:
    id = ask(ann, **SHORT)["id"]
    said = "".join(lab.topology.log(name) for name in lab.topology.services)
    assert id not in said
    assert lab.topology.postgres.password not in said


@pytest.mark.thorough
def test_ray_asks_for_the_token(lab: Lab, tmp_path: Any) -> None:
    address = f"{lab.topology.host('head')}:6379"
    code = f"import ray; ray.init({address!r}); print('connected')"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")} | {"HOME": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert answer.returncode != 0
    assert "token" in answer.stderr.lower()
    assert "connected" not in answer.stdout
