"""Who comes in: spoofed headers, forged and swapped cookies, passwords; and how far a link leads."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.access.attempts import Attempts
from app.access.gate import LONGEST, SESSION, SHARE, Gate, share_signs
from app.access.guard import SameOrigin, SecureHeaders
from app.access.identity import HEADER, owner_of
from app.access.login import Login
from app.access.passwords import PasswordHash
from app.access.signing import signer
from app.access.sockets import OpenSockets
from app.api import api
from app.jobs.question import Question
from app.service import Service
from app.sharing import links, shares
from app.storage.explanations import Explanation
from tests.app.conftest import picture

PASSWORD = "a long password"
HASH = str(PasswordHash.of(PASSWORD))
ROOT = "/api/v1"
PROXY = ("10.0.0.1", 1)
PROXIED = {"identity_header": "x-user", "trusted_proxies": "10.0.0.1"}
ORIGIN = {"origin": "http://localhost"}
NOW = 1_000_000.0


def whoami(request: Request) -> Response:
    """What those behind the gate are told."""
    told = {"who": request.headers.getlist(HEADER), "header": request.headers.get("x-user")}
    return JSONResponse(told | {"client": request.client and request.client.host, "scheme": request.url.scheme})


async def stream(socket: WebSocket) -> None:
    """As the framework's: says who is there, then listens for ever."""
    await socket.accept()
    await socket.send_text(socket.headers[HEADER])
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


def plain(_: Request) -> Response:
    return PlainTextResponse("ok")


def application(desk: Service, attempts: Attempts | None = None, sockets: OpenSockets | None = None) -> Starlette:
    routes = [
        Route("/healthz", plain),
        Route("/readyz", plain),
        Route("/metrics", plain),
        Route("/s/{token}", links.opened),
        *Login(lambda: desk, attempts or Attempts()).routes,
        Mount(ROOT, api()),
        Route("/", whoami, methods=["GET", "POST"]),
        Route("/concepts", whoami),
        WebSocketRoute("/_stcore/stream", stream),
        Route("/_stcore/upload_file/x/y", whoami, methods=["PUT"]),
        Route("/static/app.js", plain),
    ]
    middleware = [
        Middleware(SecureHeaders),
        Middleware(SameOrigin, hosts=lambda: desk.settings.hosts),
        Middleware(Gate, desk=lambda: desk, sockets=sockets or OpenSockets()),
    ]
    return Starlette(routes=routes, middleware=middleware)


def guarded(desk: Service, **settings: Any) -> Service:
    object.__setattr__(desk, "settings", desk.settings.model_copy(update=settings))
    return desk


def browser(app: Starlette, peer: tuple[str, int] = ("192.0.2.7", 1)) -> TestClient:
    return TestClient(app, "http://localhost", client=peer, follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def open_desk(desk: Service) -> Service:
    return desk


@pytest.fixture
def locked(desk: Service) -> Service:
    """Asks for the password."""
    return guarded(desk, password_hash=HASH)


@pytest.fixture
def proxied(desk: Service) -> Service:
    """Believes a proxy."""
    return guarded(desk, **PROXIED)


def explained(desk: Service, owner: str = "local", seed: int = 0) -> Explanation:
    asset = desk.upload(owner, picture(seed), "mine.png")
    return desk.ask(owner, asset.id, Question(params={"n_masks": 32, "cells": 4}))


@pytest.fixture
def link(locked: Service) -> tuple[str, str]:
    """(id of a share, its token)."""
    share, token = shares.give_explanation(locked, "local", explained(locked).id, 1)
    return share.id, token


def owner(client: TestClient, **headers: str) -> list[str]:
    answer = client.get("/", headers=headers)
    assert answer.status_code == 200, answer.text
    told: list[str] = answer.json()["who"]
    return told


# who is asking


def test_on_one_machine_everybody_is_the_one_user(open_desk: Service) -> None:
    client = browser(application(open_desk))
    assert owner(client) == ["local"]
    spoofed = {HEADER: "user-1", HEADER.upper(): "user-2"}
    assert client.get("/", headers=list(spoofed.items())).json()["who"] == ["local"]


@pytest.mark.parametrize("peer", [("192.0.2.7", 1), ("127.0.0.1", 1), ("10.0.0.2", 1)])
def test_only_the_proxy_says_who_is_asking(proxied: Service, peer: tuple[str, int]) -> None:
    stranger = browser(application(proxied), peer)
    for headers in ({"x-user": "ann"}, {HEADER: "local"}, {"x-user": "ann", "x-forwarded-for": "10.0.0.1"}):
        assert stranger.get("/", headers=headers).status_code == 401
        assert stranger.get(f"{ROOT}/models", headers=headers).status_code == 401
    through = browser(application(proxied), PROXY)
    told = through.get("/", headers={"x-user": "ann", HEADER: "local"}).json()
    assert told["who"] == [owner_of("ann")]
    assert told["header"] is None


def test_owners_are_their_names_and_never_the_local_user(proxied: Service) -> None:
    through = browser(application(proxied), PROXY)
    names = ["ann", "Ann", "local", "ann@example.org", "user-1", "-", "a b", "x" * LONGEST]
    owners = [owner(through, **{"x-user": name})[0] for name in names]
    assert len(set(owners)) == len(names)
    assert owners == [owner(through, **{"x-user": name})[0] for name in names], "stable"
    assert not {"local", "-"} & set(owners)
    assert {len(each) for each in owners} == {len("user-") + 48}
    for wrong in ({"x-user": ""}, {"x-user": " "}, {"x-user": "x" * (LONGEST + 1)}, {}):
        assert through.get("/", headers=wrong).status_code == 401
    assert through.get("/", headers=[("x-user", "ann"), ("x-user", "bob")]).status_code == 401


def test_what_a_proxy_says_of_the_client(proxied: Service) -> None:
    headers = {"x-user": "ann", "x-forwarded-for": "198.51.100.1, 192.0.2.9, 10.0.0.1", "x-forwarded-proto": "https"}
    told = browser(application(proxied), PROXY).get("/", headers=headers).json()
    assert (told["client"], told["scheme"]) == ("192.0.2.9", "https")


def test_one_cannot_see_what_is_anothers(proxied: Service) -> None:
    ann = owner_of("ann")
    mine = explained(proxied, ann)
    share, _ = shares.give_explanation(proxied, ann, mine.id, 1)
    through = browser(application(proxied), PROXY)
    reads = [f"{ROOT}/explanations/{mine.id}", f"{ROOT}/assets/{mine.asset}/image", f"{ROOT}/shares/{share.id}"]
    for name, status in (("ann", 200), ("bob", 404)):
        assert [through.get(path, headers={"x-user": name}).status_code for path in reads] == [status] * len(reads)
    given = through.post(f"{ROOT}/explanations/{mine.id}/shares", headers={"x-user": "ann"}, json={})
    assert given.status_code == 201
    for verb, path in (
        ("POST", f"explanations/{mine.id}/shares"),
        ("DELETE", f"shares/{share.id}"),
        ("POST", f"shares/{share.id}/copy"),
    ):
        body = {"days": 1} if path.endswith("shares") else None
        assert through.request(verb, f"{ROOT}/{path}", headers={"x-user": "bob"}, json=body).status_code == 404
        assert browser(application(proxied)).request(verb, f"{ROOT}/{path}", json=body).status_code == 401
    assert through.get(f"{ROOT}/shares", headers={"x-user": "bob"}).json() == []
    assert through.delete(f"{ROOT}/shares/{share.id}", headers={"x-user": "ann"}).status_code == 204
    states = {row["id"]: row["state"] for row in through.get(f"{ROOT}/shares", headers={"x-user": "ann"}).json()}
    assert states == {share.id: "revoked", given.json()["id"]: "live"}


# the password


def test_without_the_password_only_these_answer(locked: Service) -> None:
    client = browser(application(locked))
    assert client.get("/healthz").status_code == 200
    assert client.get("/login").status_code == 200
    assert client.get("/s/x").status_code == 404
    for path in ("/readyz", "/metrics", f"{ROOT}/models", f"{ROOT}/docs", "/static/app.js", "/nothing"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert answer.json() == {"error": {"status": 401, "message": "Who is asking?"}}
    asked = client.get("/?e=1&x=%2F")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=%2F%3Fe%3D1%26x%3D%252F")
    assert client.post("/", headers=ORIGIN).status_code == 401
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/_stcore/stream", headers=host()):
        pass
    assert closed.value.code == 1008


def host(client: TestClient | None = None) -> dict[str, str]:
    """Of a socket: the test client would call itself testserver, and keep its cookies."""
    cookies = {} if client is None else dict(client.cookies)
    return {"host": "localhost", "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def enter(client: TestClient, password: str = PASSWORD, place: str = "/") -> Any:
    return client.post("/login", data={"password": password, "next": place}, headers=ORIGIN)


def test_the_password_opens_a_session_and_leaving_ends_it(locked: Service) -> None:
    client = browser(application(locked))
    answer = enter(client, place="/?e=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?e=1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie, "over plain http the browser would not send it back"
    assert owner(client) == ["local"]
    with client.websocket_connect("/_stcore/stream", headers=host(client)) as socket:
        assert socket.receive_text() == "local"
    assert client.post("/logout", headers=ORIGIN).headers["location"] == "/login"
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    "password",
    ["", PASSWORD + " ", PASSWORD.upper(), HASH, "\ud83d", "x" * 4_000],
    ids=["none", "longer", "louder", "hash", "half", "long"],  # the hash has salt: no name for a test
)
def test_a_wrong_password(locked: Service, password: str) -> None:
    answer = browser(application(locked)).post(
        "/login", data={"password": password.encode("utf-8", "replace").decode()}, headers=ORIGIN
    )
    assert answer.status_code == 403
    assert "That is not the password." in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example", "/\\evil", "/x", "", "/?e=1\r\nx: y", '/?"']
)
def test_nobody_is_led_elsewhere(locked: Service, place: str) -> None:
    client = browser(application(locked))
    assert enter(client, place=place).headers["location"] == "/"
    shown = browser(application(locked)).get("/login", params={"next": place}).text
    assert 'name="next" value="/"' in shown


def test_a_form_too_large_is_not_read(locked: Service) -> None:
    assert enter(browser(application(locked)), "x" * 6_000).status_code == 413


def test_a_foreign_page_cannot_sign_in_or_out(locked: Service) -> None:
    client = browser(application(locked))
    for path in ("/login", "/logout"):
        assert (
            client.post(path, data={"password": PASSWORD}, headers={"origin": "http://evil.example"}).status_code == 403
        )


def test_ten_tries_a_minute(locked: Service) -> None:
    now = [0.0]
    app = application(locked, Attempts(clock=lambda: now[0]))
    client, other = browser(app), browser(app, ("192.0.2.8", 1))
    assert [enter(client, "wrong").status_code for _ in range(11)] == [403] * 10 + [429]
    refused = enter(client)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60"), "the right one too"
    spoofed = client.post("/login", data={"password": PASSWORD}, headers={**ORIGIN, "x-forwarded-for": "192.0.2.99"})
    assert spoofed.status_code == 429
    assert enter(other).status_code == 303
    now[0] = 60.0
    assert enter(client).status_code == 303


def test_a_forged_or_old_session_is_none(locked: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser(application(locked))
    enter(client)
    cookie = client.cookies[SESSION]
    value, until, seal = cookie.split(".")
    for forged in (f"user-1.{until}.{seal}", f"{value}.{int(until) + 9}.{seal}", value, "", "x" * 5_000):
        assert browser(application(locked)).get("/", headers={"cookie": f"{SESSION}={forged}"}).status_code == 303
    kept = {"cookie": f"{SESSION}={cookie}"}
    with monkeypatch.context() as later:
        later.setattr("app.access.gate.time.time", lambda: float(until))
        assert browser(application(locked)).get("/", headers=kept).status_code == 303, "its week is over"
    assert client.get("/").status_code == 200
    guarded(locked, password_hash=str(PasswordHash.of("another password")))
    assert client.get("/").status_code == 303, "another password ends every session"


def test_where_no_password_is_asked_there_is_no_page_for_it(open_desk: Service) -> None:
    client = browser(application(open_desk))
    assert client.get("/login").status_code == 404
    assert enter(client).status_code == 404


# links


def followed(client: TestClient, token: str) -> str:
    """The id of the share that a link leads to."""
    answer = client.get(f"/s/{token}")
    assert answer.status_code == 303, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    location: str = answer.headers["location"]
    assert location.startswith("/?s=")
    return location.removeprefix("/?s=")


def test_s21_a_link_lets_in_to_its_page_and_no_further(locked: Service, link: tuple[str, str]) -> None:
    app = application(locked)
    guest = browser(app)
    id = followed(guest, link[1])
    assert id == link[0]
    assert guest.get(f"/?s={id}").json()["who"] == [f"- {id}"]
    assert guest.get(f"/concepts?s={id}").status_code == 200
    assert guest.get("/static/app.js").status_code == 200
    told = guest.get(f"{ROOT}/shares/{id}")
    assert told.status_code == 200
    for part in (told.json()["input"], *told.json()["maps"].values()):
        assert guest.get(f"{ROOT}/{part}").status_code == 200
    for path in ("/", "/concepts", "/?s=", f"/?s={'0' * 32}", "/readyz", "/metrics", "/nothing"):
        assert guest.get(path).status_code == 404, path
    assert guest.post(f"/?s={id}", headers=ORIGIN).status_code == 404
    assert guest.put("/_stcore/upload_file/x/y", headers=ORIGIN).status_code == 404


def test_every_route_of_the_api_but_two_is_shut(locked: Service, link: tuple[str, str]) -> None:
    """Asked for what there is: ids of the owner's own."""
    app = application(locked)
    guest = browser(app)
    id = followed(guest, link[1])
    mine = explained(locked)
    run = locked.run(mine)
    document = api().openapi()
    given = {
        "sha256": run.input, "index": "0", "concept": "0", "name": "coffee", "format": "png",
        "revision": mine.id, "note": mine.id,
    }  # fmt: skip
    tried = 0
    for path, verbs in document["paths"].items():
        for verb in verbs:
            if (verb, path) in (("get", "/shares/{id}"), ("get", "/shares/{id}/blobs/{sha256}")):
                continue
            for there in (mine.id, mine.asset, id):
                answer = guest.request(verb, ROOT + path.format(id=there, **given), headers=ORIGIN, json={"days": 1})
                assert answer.status_code == 404, (verb, path)
                assert answer.json() == {"error": {"status": 404, "message": "There is nothing here."}}
                tried += 1
    assert tried > 100
    for path in ("docs", "docs/start.js", "openapi.json", "shares/", f"shares/{id}/", f"shares/{id}/blobs/"):
        assert guest.get(f"{ROOT}/{path}").status_code == 404
    assert [each["state"] for each in shares.listed(locked, "local")] == ["live"]


def test_another_share_is_not_this_one(locked: Service, link: tuple[str, str]) -> None:
    other, _ = shares.give_explanation(locked, "local", explained(locked, seed=1).id, 1)
    guest = browser(application(locked))
    id = followed(guest, link[1])
    assert guest.get(f"{ROOT}/shares/{other.id}").status_code == 404
    foreign = shares.describe_share(other)["input"].rpartition("/")[2]
    assert guest.get(f"{ROOT}/shares/{id}/blobs/{foreign}").status_code == 404


def test_forged_swapped_and_old_cookies_open_nothing(
    locked: Service, link: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, (id, token) = application(locked), link
    guest = browser(app)
    followed(guest, token)
    good = guest.cookies[SHARE + id]
    other, _ = shares.give_explanation(locked, "local", explained(locked, seed=1).id, 1)
    signed = signer(locked.settings.home)
    now = time.time()
    wrong = {
        "another share's name": (other.id, good),
        "another share's seal": (id, signed.sign(share_signs(other.id), id, now + 9)),
        "another value": (id, signed.sign(share_signs(id), other.id, now + 9)),
        "over": (id, signed.sign(share_signs(id), id, now - 1)),
        "cut": (id, good[:-1]),
        "nothing": (id, ""),
        "for a session": (id, signed.sign(f"session {HASH}", id, now + 9)),
    }
    for why, (name, cookie) in wrong.items():
        stranger = browser(app)
        answer = stranger.get(f"{ROOT}/shares/{name}", headers={"cookie": f"{SHARE}{name}={cookie}"})
        assert answer.status_code == 401, why
    assert browser(app).get("/", headers={"cookie": f"{SESSION}={good}"}).status_code == 303
    monkeypatch.setattr("app.access.gate.time.time", lambda: time.monotonic() + 10**10)
    assert guest.get(f"{ROOT}/shares/{id}").status_code == 401


def test_the_cookie_lives_no_longer_than_the_share(locked: Service, link: tuple[str, str]) -> None:
    answer = browser(application(locked)).get(f"/s/{link[1]}")
    share = locked.store.shares.get(link[0])
    assert share is not None
    assert int(answer.cookies[SHARE + link[0]].split(".")[1]) == int(share.expires)
    cookie = answer.headers["set-cookie"]
    assert share.until.strftime("%d %b %Y %H:%M:%S GMT") in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_s20_unknown_over_and_taken_back_look_alike(
    locked: Service, link: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    _, token = link
    app = application(locked)
    mine = explained(locked, seed=1)
    revoked, revoked_token = shares.give_explanation(locked, "local", mine.id, 1)
    shares.revoke(locked, "local", revoked.id)
    over, over_token = shares.give_explanation(locked, "local", mine.id, 1)
    with locked.store.database.write() as session:
        session.execute(text("UPDATE shares SET expires = 1 WHERE id = :id"), {"id": over.id})
    seen = [
        browser(app).get(f"/s/{tried}")
        for tried in (revoked_token, over_token, "x" * 43, token[:-1], token.swapcase(), "%00", "%ff")
    ]
    assert {answer.status_code for answer in seen} == {404}
    assert len({answer.text for answer in seen}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in seen}) == 1
    assert not [
        r for r in caplog.records if token in r.getMessage() and r.name.startswith(("whylens", "app", "uvicorn"))
    ]


def test_s21_a_token_is_not_told_where_something_goes_wrong(
    locked: Service, link: tuple[str, str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(shares, "redeem", broken)
    answer = browser(application(locked)).get(f"/s/{link[1]}")
    assert answer.status_code == 500
    assert link[1] not in answer.text
    assert link[1] not in caplog.text.replace(f"GET http://localhost/s/{link[1]}", "")  # the client's own log


def test_a_share_taken_back_is_gone_for_whoever_has_it_open(locked: Service, link: tuple[str, str]) -> None:
    guest = browser(application(locked))
    id = followed(guest, link[1])
    part = guest.get(f"{ROOT}/shares/{id}").json()["input"]
    shares.revoke(locked, "local", id)
    assert guest.get(f"/?s={id}").status_code == 404
    assert guest.get(f"{ROOT}/shares/{id}").status_code == 401, "as if there had never been one"
    assert guest.get(f"{ROOT}/{part}").status_code == 401
    assert guest.get(f"/s/{link[1]}").status_code == 404
    with pytest.raises(WebSocketDisconnect), guest.websocket_connect("/_stcore/stream", headers=host(guest)):
        pass


def test_who_has_a_name_keeps_it_beside_a_link(locked: Service, link: tuple[str, str]) -> None:
    client = browser(application(locked))
    enter(client)
    id = followed(client, link[1])
    assert owner(client) == [f"local {id}"]
    assert client.get(f"{ROOT}/models").status_code == 200
    shares.revoke(locked, "local", id)
    assert owner(client) == ["local"]


def test_an_open_page_is_cut_off_and_others_are_not(locked: Service, link: tuple[str, str]) -> None:
    sockets = OpenSockets()
    app = application(locked, sockets=sockets)
    id, token = link
    other, other_token = shares.give_explanation(locked, "local", explained(locked, seed=1).id, 1)
    guests = [browser(app), browser(app)]
    for guest, opened in zip(guests, (token, other_token), strict=True):
        followed(guest, opened)
    with (
        browser(app) as client,  # one loop for both, as in a server
        client.websocket_connect("/_stcore/stream", headers=host(guests[0])) as cut,
        client.websocket_connect("/_stcore/stream", headers=host(guests[1])) as kept,
    ):
        assert (cut.receive_text(), kept.receive_text()) == (f"- {id}", f"- {other.id}")
        cut.send_text("hello")
        assert cut.receive_text() == "hello"
        assert sockets.shares == {id, other.id}
        shares.revoke(locked, "local", id)
        assert client.portal is not None
        client.portal.call(sockets.look, locked.store.shares.live)
        with pytest.raises(WebSocketDisconnect) as closed:
            cut.receive_text()
        assert closed.value.code == 1008
        kept.send_text("still here")
        assert kept.receive_text() == "still here"
    assert sockets.shares == frozenset()


@pytest.fixture(autouse=True)
def _no_known_signer() -> Iterator[None]:
    yield
    signer.cache_clear()
