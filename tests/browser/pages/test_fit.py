"""A model that leaves some methods nothing to work with: seen on the page before anything runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.server import PATIENCE, Server

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

expect.set_options(timeout=PATIENCE * 1000)


@pytest.mark.usefixtures("watch")
def test_what_cannot_be_is_not_offered_and_says_why(page: Page, server: Server, watch: Watch) -> None:
    page.goto(server.url)
    page.wait_for_selector("[data-drawn]")
    side = page.get_by_test_id("stSidebar")
    expect(side.get_by_text("Not for this model")).to_have_count(0)
    side.get_by_text("Parameters", exact=True).click()
    expect(side.get_by_role("spinbutton", name="N masks")).to_be_visible()
    side.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="operator/blind").click()
    expect(side.get_by_text("Not for this model")).to_be_visible()
    expect(side.get_by_role("spinbutton", name="N masks")).to_be_visible()  # what is said above moves it, no more
    line = side.get_by_text("Saliency")
    expect(line).to_contain_text("Integrated gradients")
    expect(side.get_by_text("the gradient is zero")).to_be_visible()
    side.get_by_role("combobox", name="Method").click()
    expect(page.get_by_role("option", name="DeepLIFT")).to_have_count(1)
    expect(page.get_by_role("option", name="Saliency")).to_have_count(0)
    page.keyboard.press("Escape")
    asset = server.post("examples/coffee")["id"]
    answer = page.request.post(
        f"{server.api}/explanations", data={"asset": asset, "model": "operator/blind", "method": "saliency"}
    )
    assert answer.status == 422
    assert answer.json()["error"]["message"].startswith("saliency cannot explain this model: the gradient is zero")
    assert watch.unexpected() == []
