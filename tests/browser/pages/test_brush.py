"""Painting, as a user does it: the answer moves, chance is shown, work is kept, and nobody's is overwritten."""

from __future__ import annotations

import re
import statistics

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.accessible import violations
from tests.browser.conftest import Watch
from tests.server import PATIENCE, Server

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

expect.set_options(timeout=PATIENCE * 1000)

CONTROLLED = "[data-controlled='20']"
OPENED = "[data-opened]"


@pytest.fixture(scope="module")
def camera(server: Server) -> str:
    """An explanation of its own: what is kept of one must not be found in another's test."""
    return explained(server, "camera", 4)


def explained(server: Server, example: str, seed: int) -> str:
    id: str = server.ask(example, params={"n_masks": 200}, seed=seed)["id"]
    server.reach(id, "done")
    return id


def opened(page: Page, address: str) -> Locator:
    """The board, with the newest revision on it."""
    page.goto(address)
    page.wait_for_selector("[data-drawn]")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.wait_for_selector(OPENED)
    return page.locator(".board")


def stroke(page: Page, board: Locator, *places: tuple[float, float], lift: bool = True) -> None:
    """Along places given in fractions of the board, once it has come to rest on the screen."""
    box = board.bounding_box()
    assert box is not None
    (x, y), *others = places
    board.hover(position={"x": x * box["width"], "y": y * box["height"]})
    page.mouse.down()
    box = board.bounding_box()  # hovering may have scrolled it
    assert box is not None
    for x, y in others:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
    if lift:
        page.mouse.up()


def chance(page: Page, of: str = "explained") -> float:
    """What the class has now, in percent."""
    told = page.locator(f".bars li.{of} .moved").inner_text()
    return float(told.split("\u2192")[1].replace("<", "").replace("%", ""))


def veiled(board: Locator, x: float, y: float) -> bool:
    """Whether the veil's two greys lie there in stripes: a picture may be grey by itself."""
    bright: list[list[float]] = board.evaluate(STRIPES, [x, y])
    stripes = [statistics.fmean(part) for part in bright]
    return abs(stripes[0] - stripes[1]) > 12  # 20 apart under a hard brush, 90 % opaque


# the brightness of a stripe's middle and of the next one's; they run down to the left, eight canvas pixels wide
STRIPES = """(canvas, [x, y]) => {
  const [left, top] = [x * canvas.width, y * canvas.height].map((at) => 16 * Math.round(at / 16));
  const middle = (phase) => phase % 8 > 1 && phase % 8 < 7;
  const pixels = canvas.getContext('2d').getImageData(left - 16, top - 16, 32, 32).data;
  const parts = [[], []];
  for (let row = 0; row < 32; row++)
    for (let column = 0; column < 32; column++) {
      const [phase, k] = [(row + column) % 16, 4 * (32 * row + column)];
      if (middle(phase)) parts[phase < 8 ? 0 : 1].push((pixels[k] + pixels[k + 1] + pixels[k + 2]) / 3);
    }
  return parts;
}"""
ACROSS = ((0.38, 0.3), (0.62, 0.3), (0.38, 0.4), (0.62, 0.4), (0.38, 0.5), (0.62, 0.5))


def test_the_probability_falls_while_painting_and_undo_brings_it_back(page: Page, server: Server) -> None:
    board = opened(page, server.url)
    expect(page.locator(".finding")).to_contain_text("the answer moves while you paint")
    stroke(page, board, *ACROSS, lift=False)
    expect(page.locator(".bars li.explained .moved")).to_contain_text("95.1 % \u2192")
    expect(page.locator(".answer")).not_to_have_attribute("aria-busy", "true")
    assert chance(page) < 90, "the brush is still down"
    expect(page.locator(".finding")).to_contain_text("Let go")
    assert page.locator(".bars .band").count() == 0
    page.mouse.up()
    page.wait_for_selector(CONTROLLED)
    expect(page.locator(".finding")).to_have_text(re.compile(r"ore than chance: .* \(20 places\), espresso is at .* %"))
    assert page.locator(".bars .band").count() == 5
    expect(page.locator(".filling")).to_have_text(re.compile(r"^Over the four fills, espresso goes from .* to "))
    assert veiled(board, 0.5, 0.4)
    page.keyboard.press("Control+z")
    expect(page.locator(".bars li")).to_have_count(0)
    assert not veiled(board, 0.5, 0.4)
    page.keyboard.press("Control+Shift+z")
    page.wait_for_selector(CONTROLLED)
    assert veiled(board, 0.5, 0.4)


def test_a_new_stroke_stops_the_control(page: Page, server: Server) -> None:
    board = opened(page, server.url)
    asked: list[str] = []
    held: list[Route] = []
    page.on("request", lambda request: asked.append(request.url.partition("/paint")[2]))
    page.route("**/paint/control*part=1", lambda route: held.append(route))  # a slow control
    with page.expect_request("**/paint/control*part=1"):
        stroke(page, board, (0.3, 0.3), (0.5, 0.3))
    with page.expect_request(re.compile(r"/paint\?mode")):
        stroke(page, board, (0.3, 0.7), (0.5, 0.7), lift=False)
    assert not any("part=2" in each for each in asked)
    expect(page.locator(".finding")).to_contain_text("Let go")
    held[0].abort()
    page.unroute("**/paint/control*part=1")
    page.mouse.up()
    page.wait_for_selector(CONTROLLED)


def test_the_choice_of_fill_and_mode_is_asked_again(page: Page, server: Server) -> None:
    board = opened(page, server.url)
    stroke(page, board, *ACROSS)
    page.wait_for_selector(CONTROLLED)
    gone = chance(page)
    with page.expect_request("**/paint?mode=remove&fill=noise"):
        page.get_by_label("Filled with").select_option("noise")
    page.wait_for_selector(CONTROLLED)
    assert chance(page) != gone
    page.get_by_label("What is painted").select_option("keep")
    expect(page.locator(".question")).to_contain_text("With nothing but")
    assert not veiled(board, 0.5, 0.4)
    assert veiled(board, 0.05, 0.95)


def test_another_class_is_read_from_the_same_painting(page: Page, server: Server) -> None:
    board = opened(page, server.url)
    stroke(page, board, *ACROSS)
    expect(page.locator(".filling")).to_contain_text("espresso")
    page.get_by_role("button", name=re.compile("^cup")).click()
    expect(page.locator(".bars li.explained .label")).to_have_text("cup")
    expect(page.locator(".finding")).to_have_text(re.compile("ore than chance: .*, cup is at"))
    expect(page.locator(".filling")).to_have_text(re.compile("^Over the four fills, cup goes"))
    assert veiled(board, 0.5, 0.4)
    page.get_by_role("button", name=re.compile("^espresso 95")).click()
    expect(page.locator(".bars li.explained .label")).to_have_text("espresso")


def test_work_is_kept_and_two_tabs_do_not_overwrite_each_other(
    page: Page, server: Server, watch: Watch, camera: str
) -> None:
    watch.expected.append("409")  # the browser reports the refused request itself
    address = f"{server.url}/?e={camera}"
    board = opened(page, address)
    other = page.context.new_page()
    theirs = opened(other, address)
    stroke(page, board, (0.3, 0.3), (0.4, 0.3))
    page.get_by_role("textbox", name="Note", exact=True).fill("<b>the head</b>")
    page.get_by_role("button", name="Keep revision").click()
    expect(page.locator(".kept li")).to_have_count(1)
    expect(page.locator(".kept .remarked")).to_have_text("<b>the head</b>")

    stroke(other, theirs, (0.6, 0.8), (0.7, 0.8))
    other.get_by_role("button", name="Keep revision").click()
    expect(other.locator(".conflict")).to_contain_text("Revision 1 was saved after the one that this was made from")
    other.get_by_role("button", name="Open theirs").click()
    expect(other.locator(".conflict")).to_be_hidden()
    expect(other.locator(".kept li")).to_have_count(1)
    assert veiled(theirs, 0.35, 0.3)
    assert not veiled(theirs, 0.65, 0.8)
    other.get_by_role("button", name="Undo").click()  # mine again
    assert veiled(theirs, 0.65, 0.8)
    other.get_by_role("button", name="Keep revision").click()
    expect(other.locator(".kept li")).to_have_count(2)

    stroke(page, board, (0.3, 0.6), (0.4, 0.6))
    assert veiled(board, 0.35, 0.6)
    page.get_by_role("button", name="Keep revision").click()
    page.get_by_role("button", name="Save mine as a branch").click()
    expect(page.locator(".kept li").first).to_contain_text("Revision 3")
    expect(page.locator(".kept li").first).to_contain_text("branch")

    board = opened(page, address)
    expect(page.locator(".kept li")).to_have_count(3)
    assert veiled(board, 0.35, 0.6), "the newest is on the board after a reload"
    page.get_by_role("button", name="Undo").click()
    assert veiled(board, 0.35, 0.3)
    assert not veiled(board, 0.35, 0.6), "and what led to it can be undone"
    second = page.locator(".kept").get_by_role("button", name=re.compile("Revision 2"))
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    assert veiled(board, 0.65, 0.8)


def test_the_map_is_edited_and_judged(page: Page, server: Server) -> None:
    board = opened(page, server.url)
    page.keyboard.press("2")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("e")
    stroke(page, board, *ACROSS)
    assert not any("/paint?" in url for url in asked), "the picture is as it was"
    page.get_by_role("button", name="Judge the edited map").click()
    expect(page.locator(".score .verdict")).to_have_text(re.compile("^The edited map is .* the machine\u2019s map"))
    expect(page.locator(".score td")).to_have_count(5)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".score")).to_be_hidden()


def test_cells_by_keyboard_alone(page: Page, server: Server) -> None:
    board = opened(page, server.url)
    page.keyboard.press("3")
    expect(page.locator(".question")).to_have_text("What if the model did not see a cell?")
    board.press("ArrowRight")
    expect(page.locator(".painted .told")).to_have_text("Cell 2 of 49, on")
    board.press("Space")
    expect(page.locator(".question")).to_have_text("Without one cell of 49")
    expect(page.locator(".finding")).to_contain_text("than chance: without another cell (20 choices)")
    board.press("Space")
    expect(page.locator(".bars li")).to_have_count(0)


def test_painting_by_keyboard_alone(page: Page, server: Server) -> None:
    board = opened(page, server.url)
    expect(board).to_be_focused()
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator(".painted .told")).to_have_text("Row 96, column 112")
    for key in ("]", "]", "]", "}", "}", "}", "Space"):  # hard, so that restoring leaves no rim
        page.keyboard.press(key)
    page.wait_for_selector(CONTROLLED)
    assert veiled(board, 0.5, 96 / 224)
    page.keyboard.press("u")
    page.keyboard.press("Space")
    expect(page.locator(".bars li")).to_have_count(0)
    page.keyboard.press("p")
    page.keyboard.press("l")
    for key in ("Space", *["Shift+ArrowRight"] * 3, "Space", *["Shift+ArrowDown"] * 3, "Space", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector(CONTROLLED)
    expect(page.locator(".strokes li")).to_have_count(4)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys of the brush")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Backspace")
    expect(page.locator(".question")).to_have_text("What if a part were missing?")
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.locator(".frame canvas")).to_be_visible()
    assert page.locator(".board").count() == 0


def test_regions_and_a_closer_look(page: Page, server: Server) -> None:
    board = opened(page, server.url)
    with page.expect_response("**/paint/regions"):
        page.get_by_role("button", name="Region").click()
    stroke(page, board, (0.5, 0.4))
    page.wait_for_selector(CONTROLLED)
    whole = page.locator(".question").inner_text()
    page.keyboard.press("z")
    page.keyboard.press("z")
    expect(page.locator(".question")).to_have_text(whole)
    page.keyboard.press("0")
    page.keyboard.press("b")
    stroke(page, board, (0.2, 0.2))
    assert board.get_attribute("data-drawn") != "0 0 224 224", "only the dab's rectangle is drawn again"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_and_within_a_phone(page: Page, server: Server, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 390, "height": 844})
    board = opened(page, server.url)
    stroke(page, board, (0.3, 0.3), (0.6, 0.4))
    page.wait_for_selector(CONTROLLED)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
