"""Who comes in, and how far: one place for requests and sockets. Everything behind it reads `identity.HEADER`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access import notices
from app.access.identity import HEADER, Identity, owner_of
from app.access.owner import LOCAL_USER
from app.access.signing import Signer, signer
from app.access.sockets import CLOSED, OpenSockets
from app.service import Service
from app.settings import Settings

SESSION = "whylens_session"
SHARE = "whylens_share_"  # and the share's id
SHARES = 50  # of one browser, at most
LONGEST = 1_000  # characters of a name that a proxy gives
OPEN = re.compile(r"/healthz|/login|/logout|/s/[^/]*")
PAGES = frozenset({"/", "/concepts"})
# what a page is made of: the same for everybody
PARTS = re.compile(r"/favicon\.png|/static/.*|(/concepts)?/_stcore/(health|host-config)|/_stcore/bidi-components/.*")
SOCKET = "/_stcore/stream"
SHARED = re.compile(r"/api/v1/shares/(?P<id>[0-9a-f]{32})(/blobs/[0-9a-f]{64})?")


class Gate:
    """Strips what a client says it is, says what it is, and refuses what that does not allow."""

    def __init__(self, app: ASGIApp, desk: Callable[[], Service], sockets: OpenSockets) -> None:
        self._app = app
        self._desk = desk
        self._sockets = sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        desk = self._desk()
        who = await self._identify(desk, scope)
        told = _told(scope, who, desk.settings)
        if scope["type"] == "websocket":
            await self._connect(who, told, receive, send)
        elif OPEN.fullmatch(scope["path"]) or _may(who, scope):
            await self._app(told, receive, send)
        else:
            await _refusal(who, scope, desk.settings)(told, receive, send)

    async def _connect(self, who: Identity, scope: Scope, receive: Receive, send: Send) -> None:
        if not _may(who, scope):
            await receive()
            await send(CLOSED)
            return
        if not who.shares:
            await self._app(scope, receive, send)
            return
        with self._sockets.opened(who.shares, receive, send) as socket:
            await self._app(scope, socket.hear, socket.say)

    async def _identify(self, desk: Service, scope: Scope) -> Identity:
        headers = Headers(scope=scope)
        cookies = cookie_parser(headers.get("cookie", ""))
        signed, now = signer(desk.settings.home), time.time()
        owner = _owner(desk.settings, signed, scope, headers, cookies, now)
        shares = frozenset(_shares(signed, cookies, now))
        if shares:
            shares = await run_in_threadpool(desk.store.shares.live, shares, now)
        return Identity(owner, shares)


def password_signs(settings: Settings) -> str:
    """The purpose of a session's signature: another password ends every session."""
    return f"session {settings.password_hash}"


def share_signs(id: str) -> str:
    return f"share {id}"


def _owner(
    settings: Settings, signed: Signer, scope: Scope, headers: Headers, cookies: dict[str, str], now: float
) -> str | None:
    match settings.guard:
        case "none":
            return LOCAL_USER
        case "password":
            return signed.read(password_signs(settings), cookies.get(SESSION, ""), now)
        case "header":
            named = headers.getlist(settings.identity_header) if settings.trusts(_peer(scope)) else []
            name = named[0].strip() if len(named) == 1 else ""  # of two, one is not the proxy's
            return owner_of(name) if 0 < len(name) <= LONGEST else None


def _shares(signed: Signer, cookies: dict[str, str], now: float) -> list[str]:
    named = [name.removeprefix(SHARE) for name in cookies if name.startswith(SHARE)][:SHARES]
    return [id for id in named if signed.read(share_signs(id), cookies[SHARE + id], now) == id]


def _may(who: Identity, scope: Scope) -> bool:
    if who.owner is not None:
        return True
    if not who.shares:
        return False
    path = scope["path"]
    if scope["type"] == "websocket":
        return bool(path == SOCKET)
    if scope["method"] not in ("GET", "HEAD"):
        return False
    if path in PAGES:
        return _named(scope) in who.shares
    seen = SHARED.fullmatch(path)
    return seen["id"] in who.shares if seen else PARTS.fullmatch(path) is not None


def _refusal(who: Identity, scope: Scope, settings: Settings) -> Response:
    """Whoever a link has let in is told that there is nothing; others, to say who they are."""
    path = scope["path"]
    if path in PAGES and scope["method"] in ("GET", "HEAD"):
        if who.shares or _named(scope) is not None:
            return notices.gone()
        if settings.guard == "password":
            query = scope["query_string"].decode("latin-1")
            place = path + (f"?{query}" if query else "")
            return RedirectResponse("/login" + ("" if place == "/" else f"?next={quote(place, safe='')}"), 303)
        return notices.page(notices.UNKNOWN, 401)
    status, message = (404, "There is nothing here.") if who.shares else (401, "Who is asking?")
    return JSONResponse({"error": {"status": status, "message": message}}, status, notices.SEALED)


def _named(scope: Scope) -> str | None:
    """The share in a page's address."""
    found = parse_qs(scope["query_string"].decode("latin-1")).get("s")
    return found[0] if found else None


def _told(scope: Scope, who: Identity, settings: Settings) -> Scope:
    """The request as those behind the gate see it: who asks, and what a proxy that is believed says of the client."""
    stripped = {HEADER, settings.identity_header}
    kept = [(name, value) for name, value in scope["headers"] if name.decode("latin-1").lower() not in stripped]
    told = {**scope, "headers": [*kept, (HEADER.encode(), who.told.encode())]}
    if not settings.trusts(_peer(scope)):
        return told
    headers = Headers(scope=scope)
    address = next((a for a in reversed(_listed(headers, "x-forwarded-for")) if not settings.trusts(a)), None)
    if address is not None:
        told["client"] = (address, 0)
    if _listed(headers, "x-forwarded-proto")[-1:] == ["https"]:
        told["scheme"] = {"http": "https", "websocket": "wss"}[scope["type"]]
    return told


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _listed(headers: Headers, name: str) -> list[str]:
    return [part.strip() for value in headers.getlist(name) for part in value.split(",") if part.strip()]
