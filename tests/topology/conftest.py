"""The services of docker-compose.yml, started once for all tests that need them."""

from __future__ import annotations

import functools
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
import pytest

from app.storage.store import Store
from scripts.topology.loopback import USERS, Topology, missing
from tests.server import PATIENCE, free_port, title, until
from tests.topology.clock import Clock

PATIENCE_TO_START = 2 * PATIENCE  # Ray's processes start one after the other, on cores that are shared


@dataclass
class Lab:
    """A running topology, and its users."""

    topology: Topology

    @property
    def clock(self) -> Clock:
        """The worker's."""
        return Clock(self.topology.folder)

    def up(self, name: str) -> None:
        """Start a service, again where it ends too early, as compose would."""
        besides = self.clock.environment if name == "worker" else None

        def there() -> bool:
            if not self.topology.running(name) and not self.topology.services[name].once:
                self.topology.start(name, besides)
            return self.topology.healthy(name)

        self.topology.start(name, besides)
        until(there, f"{name} is healthy", PATIENCE_TO_START)

    def mend(self) -> None:
        """Whatever a test has killed is there again."""
        for name, service in self.topology.services.items():
            if not service.once and not (self.topology.running(name) and self.topology.healthy(name)):
                self.topology.stop(name)
                self.up(name)
        with self.user("ann") as ann:
            until(lambda: ready(ann), "the pool takes jobs", PATIENCE_TO_START)

    def user(self, name: str) -> httpx.Client:
        """As a browser has it: through the proxy, with a password and with cookies."""
        return httpx.Client(base_url=self.topology.url, auth=(name, USERS[name]), verify=trusting(), timeout=PATIENCE)

    def stranger(self) -> httpx.Client:
        return httpx.Client(base_url=self.topology.url, verify=trusting(), timeout=PATIENCE)

    def replica(self, name: str, user: str = "ann") -> httpx.Client:
        """Straight to one replica, from the address of the proxy."""
        who = {"x-whylens-user": user, "host": "127.0.0.1"}
        return httpx.Client(base_url=self.topology.web(name), headers=who, timeout=PATIENCE)

    def store(self) -> Store:
        return Store.at(self.topology.postgres.url)

    def processes(self, service: str, name: str) -> list[psutil.Process]:
        """Those of a service by the name that Ray gives them."""
        parent = psutil.Process(self.topology.processes[service].pid)
        return [p for p in parent.children(recursive=True) if name in title(p)]


@functools.cache
def trusting() -> ssl.SSLContext:
    """Of a certificate that was made for this test."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def ready(client: httpx.Client) -> bool:
    try:
        return bool(client.get("/readyz").status_code == 200)
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Skips where a server is not installed."""
    if lacking := missing():
        pytest.skip(lacking)
    folder = Path(tempfile.mkdtemp(prefix="whylens-lab-"))
    # two numbers cannot be asked for at once: one that is free tells of a network that nobody else has
    topology = Topology(
        folder, 2 + free_port() % 250, {"WHYLENS_MODEL": "planted_shortcut", "WHYLENS_JOBS_PER_OWNER": "500"}
    )
    running = Lab(topology)
    try:
        topology.prepare()
        running.clock.set()
        for name in topology.services:
            running.up(name)
        running.mend()
        yield running
    finally:
        for name in reversed(list(topology.processes)):
            topology.kill(name)
        topology.postgres.kill()
        shutil.rmtree(folder)


def described(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None
