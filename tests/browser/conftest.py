"""Real Chromium against a real server; every page is watched for errors and foreign requests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.server import PATIENCE, Server, serving

CHROMIUM = shutil.which("chromium-headless-shell")  # Debian's; without it the one that Playwright brings
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    installed = {"executable_path": CHROMIUM} if CHROMIUM else {}
    return {**browser_type_launch_args, "args": FLAGS, **installed}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With a small model: what these look at is not what a model sees."""
    with serving(tmp_path_factory.mktemp("home"), WHYLENS_MODEL="planted_shortcut") as running:
        yield running


class Watch:
    """What went wrong on a page: console errors, uncaught exceptions, requests to anywhere else."""

    def __init__(self, context: BrowserContext, server: Server) -> None:
        self.server = server
        self.wrong: list[str] = []
        self.expected: list[str] = []  # parts of messages that a test provokes
        context.on("console", self._console)
        context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        context.on("request", lambda request: self._request(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.wrong.append(f"{message.text} [{message.location.get('url', '')}]")

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != f"127.0.0.1:{self.server.port}":
            self.wrong.append(f"foreign request: {url}")
        if parts.path.startswith("/media/"):
            self.wrong.append(f"Streamlit's media store forgets with its session: {url}")

    def unexpected(self) -> list[str]:
        return [text for text in self.wrong if not any(part in text for part in self.expected)]


@pytest.fixture
def watch(context: BrowserContext, server: Server) -> Iterator[Watch]:
    watching = Watch(context, server)
    yield watching
    assert watching.unexpected() == []


@pytest.fixture
def page(browser: Browser, context: BrowserContext, watch: Watch) -> Page:  # noqa: ARG001  (ordered before the page)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE * 1000)
    return opened


@pytest.fixture
def guest(browser: Browser, server: Server) -> Iterator[Page]:
    """Somebody else, in a browser that knows nothing."""
    with browser.new_context() as context:
        watch = Watch(context, server)
        watch.expected += ["401", "404", "403", "WebSocket", "ERR_"]  # what a guest meets once the link is gone
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE * 1000)
        yield opened
        assert watch.unexpected() == []
