"""A real server in a process of its own, on a home folder of its own, for browser and topology tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil

from app.access.passwords import PasswordHash

ROOT = Path(__file__).parents[1]
PATIENCE = 120.0  # seconds; generous, since machines are shared: tests assert the order of events, not their speed
CLIENT = httpx.Client(timeout=PATIENCE)  # one for all: each would read the certificates anew


def until(holds: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """The first true answer of `holds`; fails the test by name when there is none in time."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if answer := holds():
            return answer
        time.sleep(0.05)  # between two looks at another process, which has no other way to tell
    raise AssertionError(f"not in {patience:.0f} s: {what}")


@dataclass
class Server:
    """`start` and `stop` may be called again: the home folder stays, as it does for a user."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    password: str = ""  # of a guarded server; its session is kept by the client
    process: subprocess.Popen[bytes] | None = None
    headers: dict[str, str] = field(default_factory=dict)  # what a proxy would say

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.url}/api/v1"

    def start(self) -> None:
        """Returns once the pool takes jobs. The port stays the same over restarts: links hold it."""
        self.port = self.port or free_port()
        given = {"WHYLENS_HOME": str(self.home), "WHYLENS_PORT": str(self.port), **self.environment}
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", "serve"],
                cwd=ROOT,
                env={**os.environ, **given},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self.ready, f"the server is ready; its log: {self.log()[-2000:]}")

    def ready(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError(f"the server ended: {self.log()[-2000:]}")
        try:
            if self.password and CLIENT.get(f"{self.url}/readyz").status_code == 401:
                CLIENT.post(f"{self.url}/login", data={"password": self.password})
            return bool(CLIENT.get(f"{self.url}/readyz", headers=self.headers).status_code == 200)
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE)
            self.process = None

    def kill(self) -> None:
        """As a crash would: nothing is said to anybody."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process = None

    def log(self) -> str:
        file = self.home / "server.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def processes(self, name: str) -> list[psutil.Process]:
        """The pool's, by the name that Ray gives them."""
        assert self.process is not None
        return [p for p in psutil.Process(self.process.pid).children(recursive=True) if name in p.name() + title(p)]

    def get(self, path: str) -> Any:
        answer = CLIENT.get(f"{self.api}/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        answer = CLIENT.post(f"{self.api}/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def ask(self, example: str = "coffee", **question: Any) -> dict[str, Any]:
        """Explain an example; the described explanation."""
        asset = self.post(f"examples/{example}")["id"]
        explanation: dict[str, Any] = self.post("explanations", {"asset": asset, **question})
        return explanation

    def under_way(self, id: str) -> None:
        """Wait until some of an explanation is computed, and not all."""

        def there() -> bool:
            progress = self.get(f"explanations/{id}")["progress"]
            return bool(progress["state"] == "running" and progress["done"] > 0)

        until(there, f"explanation {id} is under way")

    def reach(self, id: str, state: str) -> dict[str, Any]:
        """Wait until an explanation is in a state."""

        def there() -> dict[str, Any] | None:
            explanation: dict[str, Any] = self.get(f"explanations/{id}")
            return explanation if explanation["progress"]["state"] == state else None

        found: dict[str, Any] = until(there, f"explanation {id} is {state}")
        return found


def title(process: psutil.Process) -> str:
    """Its command line; of one that has just ended, nothing."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@contextmanager
def serving(home: Path, password: str = "", **environment: str) -> Iterator[Server]:
    if password:
        environment["WHYLENS_PASSWORD_HASH"] = str(PasswordHash.of(password))
    server = Server(home, environment, password=password)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
