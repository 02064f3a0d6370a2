"""The whole story of an edit, as one user lives it and another reads it.

What a painter waits for is measured on the way: `RECORD_LATENCY=1` writes it to benchmarks/results.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks.record import write
from tests.browser import latency
from tests.browser.pages.test_brush import ACROSS, CONTROLLED, chance, opened, stroke, veiled
from tests.browser.test_shares import DRAWN, PASSWORD, signed_in
from tests.server import PATIENCE, Server, serving

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

expect.set_options(timeout=PATIENCE * 1000)

LONG: dict[str, Any] = {"params": {"n_masks": 32768, "estimator": "centred"}, "seed": 5}
SWEEPS = 4  # of the brush over the cup, for those who measure
FALLING = 90.0  # %: it was at 95 before anything was painted


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home"), PASSWORD) as running:
        yield running


def test_painted_kept_given_read_and_taken_back(page: Page, guest: Page, server: Server) -> None:
    coffee = server.reach(server.ask(params={"n_masks": 200})["id"], "done")["id"]
    job = server.reach(server.ask(**LONG)["id"], "running")["id"]
    signed_in(page, server, f"/?e={coffee}")
    board = opened(page, f"{server.url}/?e={coffee}")

    # painted, beside a job: the class falls while the brush is down, and chance is told once it is lifted
    latency.watch(board)
    sweep(page, board, SWEEPS)
    expect(page.locator(".answer")).not_to_have_attribute("aria-busy", "true")
    assert chance(page) < FALLING
    assert server.get(f"explanations/{job}")["progress"]["state"] == "running"
    waited = latency.read(board)
    assert page.locator(".bars .band").count() == 0
    page.mouse.up()
    page.wait_for_selector(CONTROLLED)
    assert page.locator(".bars .band").count() == 5
    told = page.locator(".finding").inner_text()

    # taken back, and done again: the same question has the same answer
    page.keyboard.press("Control+z")
    expect(page.locator(".bars li")).to_have_count(0)
    assert not veiled(board, 0.5, 0.4)
    page.keyboard.press("Control+Shift+z")
    page.wait_for_selector(CONTROLLED)
    expect(page.locator(".finding")).to_have_text(told)
    now = chance(page)

    # kept, and given
    page.get_by_role("textbox", name="Note", exact=True).fill("the cup itself")
    page.get_by_role("button", name="Keep revision").click()
    expect(page.locator(".kept li")).to_have_count(1)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_role("textbox", name="Link")
    expect(link).to_have_value(re.compile(rf"^{re.escape(server.url)}/s/"))
    address = link.input_value()
    server.post(f"explanations/{job}/cancel")
    page.goto("about:blank")  # or it would tell of the server that it misses
    server.stop()
    server.start()

    # read by somebody else
    with guest.expect_websocket() as connected:
        guest.goto(address)
    guest.wait_for_selector(DRAWN)
    edits = guest.get_by_role("list", name="Edits, the newest first")
    expect(edits.get_by_text("the cup itself")).to_be_visible()
    edits.get_by_role("button", name=re.compile("^Revision 1")).click()
    expect(guest.get_by_role("img", name="The picture with revision 1")).to_be_visible()
    answer = guest.get_by_role("list", name="Classes, before and after")
    expect(answer.get_by_role("listitem").filter(has_text="espresso")).to_contain_text(f"{now:.1f} %")

    # and taken back
    page.goto(f"{server.url}/?e={coffee}")
    page.wait_for_selector(DRAWN)
    page.get_by_role("button", name="Share").click()
    with connected.value.expect_event("close", timeout=PATIENCE * 1000):
        page.get_by_role("button", name="Take back").first.click()
    guest.reload()
    expect(guest.get_by_role("heading", name="There is nothing here")).to_be_visible()
    if os.environ.get("RECORD_LATENCY"):
        load = round(os.getloadavg()[0], 1)
        write("brush_latency", {"beside": "a running job", "load": load, "milliseconds": waited})


def sweep(page: Page, board: Locator, times: int) -> None:
    """Over the cup and back, and the brush is not lifted."""
    stroke(page, board, *ACROSS, lift=False)
    box = board.bounding_box()
    assert box is not None
    for places in [ACROSS[::-1], ACROSS] * times:
        for x, y in places:
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
