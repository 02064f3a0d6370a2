"""The library in a browser: found, named, noted on, exported, and deleted after what depends on it was told."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.accessible import violations
from tests.browser.conftest import Watch
from tests.server import CLIENT, PATIENCE, Server, until

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

expect.set_options(timeout=PATIENCE * 1000)

LISTED = "[data-shown]"
DRAWN = "[data-drawn]"


@pytest.fixture(autouse=True)
def _addresses_below_a_page(watch: Watch) -> None:
    """Streamlit looks for itself below an address that is opened directly, and then at the root."""
    watch.expected.append("404")


@pytest.fixture(scope="module")
def made(server: Server) -> dict[str, Any]:
    """A cup, a cat, and a text."""
    cup = server.ask(params={"n_masks": 64})
    cat = server.ask("chelsea", method="occlusion")
    text = server.post("texts", {"text": "A warm and funny film. Never dull.", "name": "review"})["id"]
    review = server.post("explanations", {"asset": text, "params": {"n_masks": 64}})
    ids = {"cup": cup["id"], "cat": cat["id"], "review": review["id"]}
    for id in ids.values():
        server.reach(id, "done")
    until(lambda: server.get("library")["entries"][0]["state"] == "done", "everything is done")
    return ids


def library(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.url}/library{query}")
    page.wait_for_selector(LISTED)


def card(page: Page, thing: str) -> Any:
    return page.locator(f'[data-thing="{thing}"]')


def test_the_whole_story(page: Page, server: Server, made: dict[str, Any], tmp_path: Path) -> None:
    library(page, server)
    # found: by kind, by words, and the address says which
    page.get_by_role("button", name=re.compile("^Texts")).click()
    expect(page.locator(".card")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^Pictures")).click()
    page.get_by_role("searchbox", name="Search").fill("cat occlusion")
    expect(page.locator(".card")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"kind=picture.*search=cat"))
    page.reload()
    page.wait_for_selector('[data-shown="1"]')
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("cat occlusion")
    # named, by keyboard
    cat = card(page, f"picture.{made['cat']}")
    cat.get_by_role("button", name=re.compile("^Rename")).press("Enter")
    field = cat.get_by_role("textbox")
    expect(field).to_be_focused()
    field.fill("Left <i>ear</i>")
    field.press("Enter")
    expect(cat.get_by_role("link", name="Left <i>ear</i>")).to_be_visible()
    assert server.get("library?search=left")["total"] == 1
    # opened
    cat.get_by_role("link", name="Left <i>ear</i>").click()
    page.wait_for_selector(DRAWN)
    assert page.url.endswith(f"/?e={made['cat']}")
    # noted on: a place by keyboard, a rectangle by pointer
    page.get_by_role("button", name="Note", exact=True).click()
    canvas = page.locator("canvas[tabindex]").first
    expect(canvas).to_be_focused()
    for key in ("ArrowRight", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    page.keyboard.type("a whisker")
    page.keyboard.press("Enter")
    pin = page.get_by_role("button", name="Note 1: a whisker")
    expect(pin).to_be_visible()
    page.get_by_role("button", name="Note", exact=True).click()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.1)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.4, steps=4)
    page.mouse.up()
    page.keyboard.type("the ear")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Note 2: the ear")).to_be_visible()
    point, ear = server.get(f"explanations/{made['cat']}/notes")
    assert point["place"].pop("kind") == "point"
    assert point["place"] == pytest.approx({"x": 0.5 + 1 / 56, "y": 0.5 - 1 / 56})
    assert ear["place"].pop("kind") == "rectangle"
    # a pixel of the screen is about 0.002 of the map
    assert ear["place"] == pytest.approx({"left": 0.6, "top": 0.1, "right": 0.9, "bottom": 0.4}, abs=0.01)
    pin.click()
    expect(page.locator('li[data-number="1"]')).to_be_focused()
    page.get_by_role("button", name="Delete note 1").click()
    expect(pin).to_have_count(0)
    assert violations(page) == []
    # exported: as the command line would
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as downloading:
        page.get_by_role("link", name=re.compile("^PNG")).click()
    kept = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(kept)
    assert re.fullmatch(r"whylens-occlusion-[0-9a-f]{8}\.png", kept.name)
    assert np.asarray(Image.open(io.BytesIO(kept.read_bytes()))).shape[2] == 3
    expect(page.get_by_text("Zeiler et al., 2013").first).to_be_visible()
    # deleted: what goes with it and what stays is told before
    server.post(f"explanations/{made['cat']}/shares", {"days": 1})
    library(page, server, "?kind=picture&search=left")
    card(page, f"picture.{made['cat']}").get_by_role("button", name=re.compile("^Delete")).click()
    dialog = page.get_by_role("dialog", name="Delete this?")
    expect(dialog.get_by_text(re.compile(r"1 note goes with it\. 1 link goes on working until"))).to_be_visible()
    assert violations(page) == []
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_be_hidden()
    assert server.get(f"explanations/{made['cat']}")["id"] == made["cat"]
    card(page, f"picture.{made['cat']}").get_by_role("button", name=re.compile("^Delete")).click()
    dialog.get_by_role("button", name="Delete").click()
    page.wait_for_selector('[data-shown="0"]')
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    assert CLIENT.get(f"{server.api}/explanations/{made['cat']}").status_code == 404
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator(".card").first).to_be_visible()


def test_a_note_on_a_word(page: Page, server: Server, made: dict[str, Any]) -> None:
    page.goto(f"{server.url}/?e={made['review']}")
    page.wait_for_selector(DRAWN)
    page.locator(".token").filter(has_text="funny").focus()
    page.keyboard.press("n")
    expect(page.get_by_role("textbox", name="Note on \u201cfunny\u201d")).to_be_focused()
    page.keyboard.type("the word that counts")
    page.keyboard.press("Enter")
    word = page.get_by_role("switch", name=re.compile("funny.*note 1"))
    expect(word).to_be_focused()
    (note,) = server.get(f"explanations/{made['review']}/notes")
    assert (note["place"], note["text"]) == ({"kind": "word", "number": 3}, "the word that counts")
    assert violations(page) == []


def test_several_at_once(page: Page, server: Server, made: dict[str, Any]) -> None:
    for seed in (1, 2):
        server.reach(server.ask(params={"n_masks": 64}, seed=seed)["id"], "done")
    library(page, server, "?kind=picture&sort=name")
    before = server.get("library?kind=picture")["total"]
    boxes = page.get_by_role("checkbox", name=re.compile("^Choose Why"))
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Delete 2").click()
    dialog = page.get_by_role("dialog", name="Delete these 2?")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Delete 2").click()
    dialog.get_by_role("button", name="Delete").click()
    page.wait_for_selector(f'[data-shown="{before - 2}"]')
    assert made["review"] in [entry["id"] for entry in server.get("library")["entries"]]


def test_an_empty_kind_says_what_to_do(page: Page, server: Server) -> None:
    library(page, server, "?kind=set")
    expect(page.get_by_role("heading", name="No sets of your own yet.")).to_be_visible()
    page.get_by_role("link", name="Go to Concepts").click()
    expect(page).to_have_url(re.compile("/concepts"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_accessible_on_every_screen(page: Page, server: Server, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    library(page, server)
    assert violations(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
