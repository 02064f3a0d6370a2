"""Maps beside each other, as a user lays them there."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessible import violations
from tests.browser.pages.test_workbench import opened
from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


def shown(page: Page, tiles: int) -> Locator:
    """The tiles, once all have their final map."""
    page.wait_for_selector(f"[data-tiles='{tiles}']")
    return page.locator(".tile")


def asked(server: Server, **question: object) -> str:
    explanation = server.ask("coffee", **{"params": {"n_masks": 64, "cells": 5}, **question})
    server.reach(explanation["id"], "done")
    id: str = explanation["id"]
    return id


def test_vary_compare_reload_remove_and_contrast(page: Page, server: Server) -> None:
    opened(page, f"{server.url}/?e={asked(server)}")
    page.get_by_role("button", name="Vary baseline").click()
    tiles = shown(page, 3)
    limits = [tile.get_attribute("data-limits") or "" for tile in tiles.all()]
    assert len(set(limits)) == 1, f"one scale for all: {limits}"
    low, high = map(float, limits[0].split())
    assert low == -high
    table = page.get_by_role("table", name=re.compile("Rank agreement"))
    expect(table.locator("td[data-sign]")).to_have_count(6)
    numbers = table.locator("td[data-sign]").all_inner_texts()
    assert all(re.fullmatch("\u2212?[01]\\.\\d\\d", number) for number in numbers)
    expect(page.locator(".sentence")).to_contain_text("baseline black")

    # one place is read in all of them, by the keyboard alone
    tiles.nth(1).locator("canvas").focus()
    page.keyboard.press("ArrowLeft")
    for tile in tiles.all():
        expect(tile.locator("output")).to_have_text(re.compile("^[+\u2212]"))
    page.keyboard.press("Tab")
    for tile in tiles.all():
        expect(tile.locator("output")).to_have_text("")

    page.reload()
    tiles = shown(page, 3)
    assert [tile.get_attribute("data-limits") for tile in tiles.all()] == limits
    expect(table.locator("td[data-sign]")).to_have_count(6)
    assert table.locator("td[data-sign]").all_inner_texts() == numbers

    page.get_by_role("button", name="Remove RISE, baseline black").click()
    expect(page.locator(".tile")).to_have_count(2)
    expect(table.locator("td[data-sign]")).to_have_count(2)
    expect(page.locator(".sentence")).to_contain_text("rank regions")

    page.get_by_role("combobox", name=re.compile("Why not")).click()
    page.get_by_role("option", name=re.compile("^cup")).click()
    expect(page.get_by_role("heading", name="Why espresso and not cup?")).to_be_visible()
    expect(page.locator(".meaning .unit")).to_have_text(
        "effect on the logit of espresso minus that of cup of showing it"
    )
    page.get_by_role("button", name="Swap").click()
    expect(page.get_by_role("heading", name="Why cup and not espresso?")).to_be_visible()
    page.wait_for_selector("[data-test-script-state=notRunning]")  # what is below the heading is of the same pair

    page.get_by_role("button", name="Add maps").click()
    page.get_by_role("combobox", name="Methods").click()
    page.get_by_role("option", name="Grad-CAM").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add every combination").click()
    shown(page, 2)
    expect(page.get_by_role("button", name="Remove Grad-CAM")).to_be_visible()
    expect(page.get_by_role("button", name="Add every combination")).to_be_hidden()
    expect(page.get_by_text("The units differ")).to_be_visible()


def test_two_models_beside_each_other(page: Page, server: Server) -> None:
    """One sees the picture in 224 pixels, the other in 64."""
    first = asked(server)
    other = server.get(f"explanations/{asked(server, model='planted_shortcut')}")
    target = other["view"]["target"]
    view = {
        "target": server.get(f"explanations/{first}")["view"]["target"],
        "compare": [{"id": other["id"], "target": target}],
    }
    assert page.request.put(f"{server.api}/explanations/{first}/view", data=view).ok
    opened(page, f"{server.url}/?e={first}")
    tiles = shown(page, 2)
    for tile, model in zip(tiles.all(), ("efficientnet_lite0", "planted_shortcut"), strict=True):
        expect(tile).to_contain_text(model)
    page.wait_for_selector("[data-agreed='1']")
    number = page.get_by_role("table", name=re.compile("Rank agreement")).locator("td[data-sign]").first.inner_text()
    measured = server.get(f"explanations/{first}/agreement?with={other['id']}.{target}")["pairs"][0]["spearman"]
    assert float(number.replace("\u2212", "-")) == pytest.approx(measured, abs=0.005)  # two digits
    page.get_by_role("button", name=re.compile("^Remove .*planted_shortcut")).click()
    expect(page.locator(".tile")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_accessible_and_within_the_screen(page: Page, server: Server, scheme: str, width: int) -> None:
    id = asked(server)
    explanation = server.get(f"explanations/{id}")
    other = asked(server, method="saliency", params={})
    target, second = explanation["spec"]["classes"][:2]
    beside = [{"id": id, "target": second}, {"id": other, "target": target}]
    view = {"target": target, "compare": beside}
    page.request.put(f"{server.api}/explanations/{id}/view", data=view)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, f"{server.url}/?e={id}")
    shown(page, 3)
    expect(page.get_by_text("The units differ")).to_be_visible()
    expect(page.locator("p.notes")).to_contain_text("signs are left out")
    page.wait_for_selector("[data-agreed='3']")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert violations(page) == []
