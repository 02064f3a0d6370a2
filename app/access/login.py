"""The password: asked for, kept as a signed cookie, forgotten."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.access import notices
from app.access.attempts import Attempts
from app.access.gate import SESSION, password_signs
from app.access.identity import HEADER, read
from app.access.owner import LOCAL_USER
from app.access.passwords import PasswordHash
from app.access.signing import signer
from app.api import bodies
from app.failures import RequestError
from app.service import Service

SECONDS = 7 * 24 * 3600
MOST = 5_000  # bytes of the form
PLACE = re.compile(r"/(concepts)?(\?[\w=&%.~+-]*)?")  # of ours, so that nobody is led elsewhere
FORM = """<h1>Whylens</h1>
<form method="post" action="/login">
<label for="password">Password</label>
<input id="password" name="password" type="password" required autofocus autocomplete="current-password">
<input type="hidden" name="next" value="{place}">
<button>Sign in</button>
<p role="alert">{fault}</p>
</form>"""
LEAVE = """<h1>Whylens</h1>
<p>You are signed in. <a href="/">To the workbench</a></p>
<form method="post" action="/logout"><button>Sign out</button></form>"""


@dataclass
class Login:
    desk: Callable[[], Service]
    attempts: Attempts = field(default_factory=Attempts)
    _one: anyio.CapacityLimiter | None = None  # hashes take memory and time: one after the other

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/login", self.show),
            Route("/login", self.enter, methods=["POST"]),
            Route("/logout", self.leave, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        settings = self.desk().settings
        if settings.guard != "password":
            return notices.gone()
        if read(request.headers.get(HEADER), settings).owner is not None:
            return _sealed(notices.page(LEAVE))
        return _form(request.query_params.get("next", "/"), "", 200)

    async def enter(self, request: Request) -> Response:
        settings = self.desk().settings
        if settings.guard != "password":
            return notices.gone()
        try:
            sent = parse_qs((await bodies.read(request, MOST, "form")).decode(errors="replace"))
        except RequestError as error:
            return _form("/", str(error), 413)
        place = sent.get("next", ["/"])[0]
        address = request.client.host if request.client else ""
        if not self.attempts.allow(address):
            seconds = round(self.attempts.seconds)
            answer = _form(place, f"Too many tries. Wait {seconds} seconds, then try again.", 429)
            answer.headers["Retry-After"] = str(seconds)
            return answer
        self._one = self._one or anyio.CapacityLimiter(1)
        stored, tried = PasswordHash.read(settings.password_hash), sent.get("password", [""])[0]
        if not await anyio.to_thread.run_sync(stored.matches, tried, limiter=self._one):
            return _form(place, "That is not the password.", 403)
        self.attempts.forget(address)
        answer = RedirectResponse(place if PLACE.fullmatch(place) else "/", 303, notices.SEALED)
        expires = time.time() + SECONDS
        cookie = signer(settings.home).sign(password_signs(settings), LOCAL_USER, expires)
        answer.set_cookie(
            SESSION, cookie, max_age=SECONDS, httponly=True, samesite="lax", secure=request.url.scheme == "https"
        )
        return answer

    async def leave(self, request: Request) -> Response:  # noqa: ARG002
        answer = RedirectResponse("/login", 303, notices.SEALED)
        answer.delete_cookie(SESSION, httponly=True, samesite="lax")
        return answer


def _form(place: str, fault: str, status: int) -> Response:
    place = place if PLACE.fullmatch(place) else "/"
    return _sealed(notices.page(FORM.format(place=html.escape(place), fault=html.escape(fault)), status))


def _sealed(answer: Response) -> Response:
    answer.headers["Referrer-Policy"] = "same-origin"  # without, a browser sends a form's origin as null
    return answer
