"""An edit is taken along as a page, and the page is opened from its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import violations
from tests.browser.pages.test_brush import ACROSS, CONTROLLED, explained, opened, stroke
from tests.server import PATIENCE, Server

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

expect.set_options(timeout=PATIENCE * 1000)


def test_an_edit_is_kept_exported_and_opened_from_its_file(
    page: Page, server: Server, browser: Browser, tmp_path: Path
) -> None:
    board = opened(page, f"{server.url}/?e={explained(server, 'coffee', 11)}")
    expect(page.locator(".files")).to_have_count(0)
    stroke(page, board, *ACROSS)
    page.wait_for_selector(CONTROLLED)
    page.get_by_placeholder("What did you find?").fill("the <b>cup</b>")
    page.get_by_role("button", name="Keep revision").click()
    menu = page.locator(".files summary")
    expect(menu).to_have_text("Export revision 1")
    menu.focus()
    page.keyboard.press("Enter")
    page.locator(".files a").first.wait_for()
    assert violations(page) == []
    now = page.locator(".bars li.explained .moved").inner_text().split("\u2192")[1].replace(" %", "").strip()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="HTML").click()
    file = tmp_path / "edit.html"
    downloading.value.save_as(file)
    with browser.new_context() as context:
        sent = context.new_page()
        asked: list[str] = []
        sent.on("request", lambda request: asked.append(request.url))
        sent.goto(file.as_uri())
        expect(sent.get_by_role("heading", level=1)).to_have_text("Why espresso?")
        expect(sent.get_by_text("Note of the edit: the <b>cup</b>").first).to_be_visible()
        expect(sent.locator("figcaption")).to_have_text(["Edited by hand", "The machine\u2019s map"])
        expect(sent.get_by_role("row", name="Without that area")).to_contain_text(f"{now}%")
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        assert violations(sent) == []
