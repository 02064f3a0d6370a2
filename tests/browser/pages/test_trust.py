"""Whether a map can be trusted, as a user sees it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages.test_workbench import opened
from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

JUDGED = "[data-judged]"


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Can this map be trusted?")


def test_the_verdict_comes_without_a_click(page: Page, server: Server) -> None:
    opened(page, server.url)
    page.wait_for_selector(JUDGED)
    expect(panel(page).locator(".badge")).to_have_text(re.compile("Holds up|Mixed"))
    expect(panel(page).locator(".why")).not_to_be_empty()
    checks = panel(page).get_by_role("listitem")
    expect(checks.first).to_be_hidden()
    panel(page).get_by_text("each beside its control").click()
    for name in ("Fidelity", "Deletion", "Insertion", "Noise", "Repetition", "Stability", "Randomisation"):
        expect(checks.filter(has_text=f"{name}: ")).to_be_visible()
    expect(panel(page)).to_contain_text(re.compile(r"The checks took [\d,]+ forwards\."))


def test_another_class_is_judged_for_itself(page: Page, server: Server) -> None:
    opened(page, server.url)
    page.wait_for_selector(JUDGED)
    espresso = panel(page).locator(".why").inner_text()
    first = page.locator(JUDGED).get_attribute("data-judged")
    page.get_by_role("button", name=re.compile("^cup")).click()
    page.wait_for_selector(f'[data-judged]:not([data-judged="{first}"])')
    assert panel(page).locator(".why").inner_text() != espresso
    page.get_by_role("button", name=re.compile("^espresso 95")).click()
    expect(panel(page).locator(".why")).to_have_text(espresso)  # kept, not made again


def test_checks_appear_while_the_others_are_made(page: Page, server: Server) -> None:
    explanation = server.ask("chelsea", params={"n_masks": 64}, seed=91)
    server.reach(explanation["id"], "done")
    page.goto(f"{server.url}/?e={explanation['id']}")
    expect(panel(page)).to_contain_text("Checks so far")
    assert page.locator(JUDGED).count() == 0, "no verdict before the last check"
    page.wait_for_selector(JUDGED)
    expect(panel(page)).to_contain_text("each beside its control")
