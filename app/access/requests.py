"""One line of JSON for each request, with the id that errors are logged with; nothing of what was asked or sent."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.failures import REQUEST
from app.settings import Settings

LOG = logging.getLogger("whylens.requests")
ID = re.compile("[0-9a-f]{32}")
SIGNS = ("/healthz", "/readyz")  # of life, asked for every few seconds
PUBLIC = re.compile(r"[a-z][a-z0-9_.-]{0,24}")  # a part of an address that is ours: ids, hashes and tokens are not


class Requests:
    """Outermost. Of a server that one person runs for themselves, failures only."""

    def __init__(self, app: ASGIApp, settings: Callable[[], Settings]) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        settings = self._settings()
        request = _id(scope, settings)
        REQUEST.set(request)
        began, status = time.monotonic(), 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request
            await send(message)

        try:
            await self._app(scope, receive, told)
        finally:
            if scope["path"] not in SIGNS and (settings.guard == "header" or status >= 500):
                line = {
                    "request": request,
                    "method": scope.get("method", "SOCKET"),
                    "path": shown(scope["path"]),
                    "status": status,
                    "milliseconds": round(1000 * (time.monotonic() - began)),
                }
                LOG.info(json.dumps(line))


def shown(path: str) -> str:
    """With a star for each part that could name somebody's thing, or be a secret."""
    parts = path.split("/")
    return "/".join(
        part if not part or _ours(part, before) else "*" for before, part in zip(["", *parts[:-1]], parts, strict=True)
    )


def _ours(part: str, before: str) -> bool:
    return before != "s" and PUBLIC.fullmatch(part) is not None and ID.match(part) is None


def _id(scope: Scope, settings: Settings) -> str:
    """The proxy's, so that its log and ours tell of the same."""
    peer = scope.get("client")
    given = Headers(scope=scope).get("x-request-id", "")
    return given if peer and settings.trusts(peer[0]) and ID.fullmatch(given) else uuid.uuid4().hex
