"""A link given, opened by somebody else, and taken back, on a server that asks for a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from app.access.sockets import SECONDS_BETWEEN_LOOKS
from tests.browser.conftest import Watch
from tests.server import CLIENT, PATIENCE, Server, serving, until

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

PASSWORD = "a long password"
DRAWN = "[data-drawn]"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home"), PASSWORD, WHYLENS_MODEL="planted_shortcut") as running:
        yield running


@pytest.fixture(scope="module")
def explained(server: Server) -> str:
    explanation = server.ask(params={"n_masks": 64})
    id: str = server.reach(explanation["id"], "done")["id"]
    server.post(f"explanations/{id}/trust")
    until(lambda: server.get(f"explanations/{id}/trust")["progress"]["state"] == "done", "the map is judged")
    return id


def signed_in(page: Page, server: Server, place: str = "/") -> None:
    page.goto(f"{server.url}{place}")
    expect(page).to_have_url(re.compile(r"/login"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_the_password_leads_to_the_page_that_was_asked_for(
    page: Page, watch: Watch, server: Server, explained: str
) -> None:
    watch.expected.append("403")  # the wrong one
    page.goto(f"{server.url}/?e={explained}")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(DRAWN)
    assert urlsplit(page.url).query == f"e={explained}"
    page.goto(f"{server.url}/login")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{server.url}/?e={explained}")
    expect(page).to_have_url(re.compile(r"/login"))


def test_given_opened_and_taken_back(page: Page, guest: Page, server: Server, explained: str) -> None:
    signed_in(page, server, f"/?e={explained}")
    page.wait_for_selector(DRAWN)
    amount = bytes([255]) * (32 * 64) + bytes(32 * 64)  # the upper half
    kept = f"{server.api}/explanations/{explained}/revisions?target={target(server, explained)}&mode=remove&fill=blur"
    CLIENT.post(f"{kept}&note={HOSTILE}", content=amount + bytes([128]) * len(amount)).raise_for_status()
    page.get_by_role("button", name="Share").click()
    page.get_by_text("1 day", exact=True).click()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_role("textbox", name="Link")
    expect(link).to_have_value(re.compile(rf"^{re.escape(server.url)}/s/[\w-]{{43}}$"))

    with guest.expect_websocket() as connected:
        guest.goto(link.input_value())
    socket = connected.value
    assert urlsplit(guest.url).path == "/"
    id = urlsplit(guest.url).query.removeprefix("s=")
    guest.wait_for_selector(DRAWN)
    expect(guest.get_by_text(re.compile(r"Shared by a link, read only, until \d+ \w+ \d{4}\."))).to_be_visible()
    expect(guest.get_by_role("heading", name="Why square?")).to_be_visible()
    guest.wait_for_selector("[data-judged]")
    for name in ("Explain", "Share", "Copy link", "Add maps", "Copy into my own session"):
        expect(guest.get_by_role("button", name=name)).to_have_count(0)
    expect(guest.locator("[data-testid=stSidebar]")).to_have_count(0)
    # what was kept of it is seen, with what the model answered
    edits = guest.get_by_role("list", name="Edits, the newest first")
    expect(edits.get_by_text(HOSTILE)).to_be_visible()
    edits.get_by_role("button", name=re.compile("^Revision 1")).click()
    expect(guest.get_by_role("img", name="The picture with revision 1")).to_be_visible()
    expect(guest.get_by_text("Without 50.0 % of the picture")).to_be_visible()
    expect(guest.get_by_role("list", name="Classes, before and after").get_by_text("square")).to_be_visible()
    # another class of the same run can be looked at
    guest.get_by_role("button", name=re.compile("^circle")).click()
    expect(guest.get_by_role("heading", name="Why circle?")).to_be_visible()
    # what its owner can do with it, the guest cannot, by hand either
    for verb, path in (
        ("GET", f"/api/v1/explanations/{explained}"),
        ("POST", f"/api/v1/explanations/{explained}/probe"),
        ("POST", f"/api/v1/shares/{id}/copy"),
        ("DELETE", f"/api/v1/shares/{id}"),
        ("GET", "/api/v1/shares"),
        ("GET", "/api/v1/models"),
    ):
        assert guest.request.fetch(f"{server.url}{path}", method=verb).status == 404, path
    assert guest.request.get(f"{server.url}/api/v1/shares/{id}").status == 200

    with socket.expect_event("close", timeout=PATIENCE * 1000):  # the open page is cut off
        page.get_by_role("button", name="Take back").first.click()
    assert guest.request.get(f"{server.url}/api/v1/shares/{id}").status == 401, "as if there had never been one"
    guest.reload()
    expect(guest.get_by_role("heading", name="There is nothing here")).to_be_visible()
    guest.goto(link_before(server))
    expect(guest.get_by_role("heading", name="There is nothing here")).to_be_visible()


def target(server: Server, id: str) -> int:
    shown: int = server.get(f"explanations/{id}")["view"]["target"]
    return shown


def link_before(server: Server) -> str:
    """As good as any that is over."""
    return f"{server.url}/s/{'x' * 43}"


def test_a_text_can_be_read_and_not_tried(guest: Page, server: Server) -> None:
    asset = server.post("texts", {"text": f"A funny film {HOSTILE}. Never dull.", "name": HOSTILE})["id"]
    asked = server.post("explanations", {"asset": asset, "params": {"n_masks": 64}})
    server.reach(asked["id"], "done")
    guest.goto(server.post(f"explanations/{asked['id']}/shares", {"days": 1})["url"])
    guest.wait_for_selector(DRAWN)
    guest.locator(".token").filter(has_text="funny").click()
    expect(guest.get_by_role("region", name="What becomes of the answer")).to_have_count(0)
    expect(guest.get_by_role("button", name="Switch off")).to_have_count(0)
    expect(guest.get_by_text("onerror").first).to_be_visible()  # as words
    assert guest.locator("img[src=x]").count() == 0


def test_concepts_are_shown_and_not_tried(guest: Page, server: Server) -> None:
    study = server.post("concepts", {"set": "builtin-shapes", "model": "planted_shortcut", "n_concepts": 3})
    until(lambda: server.get(f"concepts/{study['id']}")["progress"]["state"] == "done", "the study is done")
    CLIENT.patch(f"{server.api}/concepts/{study['id']}/view", json={"concept": 0, "name": HOSTILE, "suspicious": True})
    url = server.post(f"concepts/{study['id']}/shares", {"days": 1})["url"]
    # what its owner calls it afterwards is not shown
    CLIENT.patch(f"{server.api}/concepts/{study['id']}/view", json={"concept": 0, "name": "later"})
    guest.goto(url)
    guest.wait_for_selector("[data-concepts]")
    expect(guest.get_by_text(HOSTILE).first).to_be_visible()
    expect(guest.get_by_text("later")).to_have_count(0)
    assert guest.get_by_role("slider").count() == 0
    assert guest.locator("input.name").count() == 0
    expect(guest.locator(".crop img").first).to_have_js_property("complete", True)
    guest.get_by_text("Strategies", exact=True).click()
    guest.wait_for_selector("[data-strategies]")
    guest.locator("canvas").first.wait_for()
    expect(guest.get_by_role("button", name="Explain this picture")).to_have_count(0)
    assert guest.locator("img[src=x]").count() == 0


def test_cut_off_within_five_seconds() -> None:
    assert 2 * SECONDS_BETWEEN_LOOKS < 5
