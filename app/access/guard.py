"""Middleware: who may talk to us, and what a browser may do with our answers. Pure ASGI: streams stay streams."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import LOCAL

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOrigin:
    """Refuse foreign writes, and names that are not ours: a page elsewhere may make its name mean this machine."""

    def __init__(self, app: ASGIApp, hosts: Callable[[], frozenset[str]] = lambda: LOCAL) -> None:
        self._app = app
        self._hosts = hosts  # known once the settings are

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or (refusal := _refusal(scope, self._hosts())) is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            body = {"error": {"status": 403, "message": refusal}}
            await JSONResponse(body, 403)(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})


class SecureHeaders:
    """Content-Security-Policy and its companions on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": policy(),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("Referrer-Policy", "no-referrer")  # a form's own: with this, it has no origin
            await send(message)

        await self._app(scope, receive, sealed)


def policy() -> str:
    """Nothing from elsewhere, no inline script but those that Streamlit's own page carries, known by their hashes."""
    page = Path(streamlit.__file__).parent.joinpath("static", "index.html").read_text(encoding="utf-8")
    inline = " ".join(f"'sha256-{_sha256(script)}'" for script in re.findall(r"<script>(.*?)</script>", page, re.S))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'wasm-unsafe-eval' {inline}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _refusal(scope: Scope, hosts: frozenset[str]) -> str | None:
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if _name(host) not in hosts:
        return f"host must be one of {', '.join(sorted(hosts))}; got {host!r:.100}"
    origin = headers.get("origin")
    writing = scope["type"] == "websocket" or scope["method"] not in READING
    if writing and origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        return f"origin must be this server; got {origin!r:.100}"
    return None


def _name(host: str) -> str | None:
    """Without the port; None where there is no making sense of it."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
