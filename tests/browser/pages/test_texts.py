"""Texts, as a user explains and edits them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.accessible import violations
from tests.browser.conftest import Watch
from tests.browser.pages.test_workbench import DRAWN, opened
from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

PRAISE = "A wonderful film, warm and funny. Nobody in it is dull."
MIXED = "قال لي: 𝔊reat 👩‍👩‍👧 film 🇩🇪\u202e ecin\u202c!\r\n  e\u0301te\u0301 \ufeffשלום 😀"
CHANCE = re.compile(r"[\d.]+ % \u2192 [\d.]+ %")


def asked(server: Server, text: str, **question: Any) -> dict[str, Any]:
    """A finished explanation of a text."""
    asset = server.post("texts", {"text": text})["id"]
    explanation = server.post("explanations", {"asset": asset, **question})
    return server.reach(explanation["id"], "done")


def shown(page: Page, server: Server, text: str = PRAISE, **question: Any) -> Locator:
    """The units of the text, once they have their final values."""
    opened(page, f"{server.url}/?e={asked(server, text, **question)['id']}")
    return page.locator(".view .token")


def probed(page: Page, edits: int) -> list[str]:
    """What the classes became, when this many words are edited."""
    page.wait_for_selector(f"[data-probed='{edits}'] .answer:not([aria-busy])")
    moved = page.locator(".answer .moved").all_inner_texts()
    assert all(CHANCE.fullmatch(line) for line in moved), moved
    return moved


def test_a_text_from_typing_to_its_final_map(page: Page, server: Server) -> None:
    opened(page, server.url)
    page.get_by_role("radiogroup").get_by_text("Text", exact=True).click()
    page.wait_for_selector(f".view{DRAWN} .token")
    field = page.get_by_role("textbox", name="Text")
    expect(field).to_have_value(re.compile("A warm, funny"))
    field.fill(PRAISE)
    page.get_by_role("button", name=re.compile("^Explain")).click()
    expect(page.locator(".text")).to_have_text(PRAISE)
    page.wait_for_selector(f".view{DRAWN} .token")
    expect(page.get_by_role("heading", name="Why positive?")).to_be_visible()
    body = page.locator("[data-testid=stMain]")
    for part in ("RISE on", "minilm", "hidden words replaced by the mask token", "seed 0"):
        expect(body).to_contain_text(part)
    low, high = (page.locator(f".ends .{end}").inner_text() for end in ("low", "high"))
    assert low.replace("\u2212", "") == high.replace("+", ""), "the scale is symmetric about zero"
    expect(page.locator(".token", has_text="wonderful")).to_have_attribute("data-value", re.compile(r"^\+"))
    page.locator(".token", has_text="wonderful").hover()
    expect(page.locator(".reading")).to_have_text(re.compile(r"^“wonderful” · \+[\d.]+ ± [\d.e-]+ · word 2 of 14$"))


def test_a_word_switched_off_moves_the_answer_beside_random_ones(page: Page, server: Server) -> None:
    units = shown(page, server)
    units.filter(has_text="wonderful").click()
    first = probed(page, 1)
    expect(page.locator(".answer strong").first).to_have_text("Without “wonderful”")
    expect(page.locator(".answer .band")).to_have_count(2)
    assert all(band["width"] >= 3 for band in (b.bounding_box() or {"width": 0} for b in page.locator(".band").all()))
    expect(page.locator(".note")).to_have_text(re.compile("chance: without one other word .* the grey band|chance: .*"))
    units.filter(has_text="warm").click()
    both = probed(page, 2)
    assert both != first
    page.get_by_role("button", name="Sentences").click()
    expect(units).to_have_count(2)
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".answer .moved")).to_have_count(0)
    expect(page.locator(".token.off")).to_have_count(0)


def test_sentences_sum_their_words(page: Page, server: Server) -> None:
    units = shown(page, server, params={"n_masks": 64})

    def values() -> list[float]:
        return [float(v.replace("\u2212", "-")) for v in units.evaluate_all("us => us.map(u => u.dataset.value)")]

    words = values()
    page.get_by_role("button", name="Sentences").click()
    expect(units).to_have_count(2)
    assert [u.inner_text() for u in units.all()] == ["A wonderful film, warm and funny.", "Nobody in it is dull."]
    # each is shown with three digits
    assert values() == pytest.approx([sum(words[:8]), sum(words[8:])], abs=0.01)
    expect(page.locator(".token", has_text="Nobody")).to_have_attribute("aria-label", re.compile("Nobody in it"))


def test_keyboard_alone(page: Page, server: Server) -> None:
    units = shown(page, server, params={"n_masks": 64})
    page.get_by_role("checkbox", name="Numbers").focus()
    page.keyboard.press("Tab")  # certain only
    page.keyboard.press("Tab")
    expect(units.nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(units.nth(1)).to_be_focused()
    expect(page.locator(".reading")).to_contain_text("“wonderful”")
    page.keyboard.press("End")
    expect(units.last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    assert units.nth(1).get_attribute("aria-checked") == "true"
    page.keyboard.press("Space")
    expect(units.nth(1)).to_be_focused()
    expect(units.nth(1)).to_have_attribute("aria-checked", "false")
    off = probed(page, 1)
    told = page.locator(".told")
    expect(told).to_have_text(
        re.compile(r"^Without “wonderful”: positive [\d.]+ %, now [\d.]+ %\. (No m|M)ore than chance")
    )
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name=re.compile("Instead of “wonderful”"))
    expect(field).to_be_focused()
    page.keyboard.type("terrible")
    page.keyboard.press("Enter")
    expect(units.nth(1)).to_be_focused()
    expect(units.nth(1)).to_have_text("terrible")
    expect(page.locator(".reading")).to_contain_text("“terrible” · new here, no value")
    expect(told).to_contain_text("With “terrible” for “wonderful”")
    assert probed(page, 1) != off
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(units.nth(1)).to_have_text("terrible")
    page.keyboard.press("Delete")
    expect(units.nth(1)).to_have_attribute("aria-checked", "false")
    page.keyboard.press("Space")
    expect(told).to_have_text("Every word is back.")
    expect(units.nth(1)).to_have_text("wonderful")


def test_any_writing_keeps_its_offsets(page: Page, server: Server) -> None:
    explanation = asked(server, MIXED, params={"n_masks": 64})
    opened(page, f"{server.url}/?e={explanation['id']}")
    texts = page.locator(".view .token").evaluate_all("us => us.map(u => u.textContent)")
    assert texts == [MIXED[start:end] for _, start, end in explanation["look"]["words"]]
    assert texts == [text for text, _, _ in explanation["look"]["words"]]
    assert page.locator(".view .text").evaluate("e => e.textContent") == MIXED
    # what turns the direction of writing ends with itself
    turning = page.locator(".view .text span").evaluate_all(
        r"es => es.filter(e => !e.children.length && /[\u202a-\u202e]/.test(e.textContent))"
        ".map(e => getComputedStyle(e).unicodeBidi)"
    )
    assert turning
    assert set(turning) == {"isolate"}


def test_hostile_words_stay_words(page: Page, server: Server) -> None:
    units = shown(page, server, "<img src=x onerror=alert(1)> is <b>good</b>", params={"n_masks": 64})
    units.filter(has_text="good").dblclick()
    page.keyboard.type("<img src=x>")
    page.keyboard.press("Enter")
    probed(page, 1)
    assert page.locator("img[src='x']").count() == 0


def test_what_is_not_read_is_grey_and_said(page: Page, server: Server) -> None:
    units = shown(page, server, "A good film 😀. " * 200, params={"n_masks": 64})
    said = page.locator(".cut").inner_text()
    read, rest = (int(n.replace(",", "")) for n in re.findall(r"[\d,]+(?= characters|, in grey)", said))
    assert read + rest == 200 * len("A good film 😀. ")
    assert len(page.locator(".rest").evaluate("e => [...e.textContent].join('')")) > 0
    expect(units.first).to_have_text("A good film 😀.")  # a long text, by sentence


def test_which_words_work_together(page: Page, server: Server) -> None:
    units = shown(page, server, "The film is not bad at all.", params={"n_masks": 64})
    expect(page.locator(".pairs")).to_be_hidden()
    units.filter(has_text="not").focus()
    page.keyboard.press("p")
    page.wait_for_selector(".pairs[data-word='3']")
    expect(page.locator(".pairs strong")).to_have_text("“not” together with other words")
    rows = page.locator(".pairs li button")
    expect(rows.first).to_contain_text("“bad”")
    expect(page.locator(".pairs p")).to_contain_text("Banzhaf interaction")
    rows.first.focus()
    expect(page.locator(".token.marked")).to_have_text(["not", "bad"])
    expect(page.locator(".told")).to_contain_text("Most with “bad”")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".pairs")).to_be_hidden()
    expect(units.filter(has_text="not")).to_be_focused()
    units.filter(has_text="film").focus()
    page.get_by_role("button", name="Pairs").click()
    page.wait_for_selector(".pairs[data-word='1']")


def test_phrases_mark_their_words(page: Page, server: Server) -> None:
    units = shown(page, server, method="ls_tree")
    page.get_by_text("Phrases that say more").click()
    rows = page.locator(".phrases li button")
    expect(rows).to_have_count(8)
    for row in rows.all()[:3]:
        row.focus()
        marked = page.locator(".token.marked").all_inner_texts()
        phrase = row.locator(".phrase").inner_text().strip("“”")
        assert "".join(marked) == phrase.replace(" ", "")
    page.keyboard.press("Tab")
    assert units.count() == 14


def test_own_labels_become_a_model(page: Page, server: Server) -> None:
    shown(page, server, params={"n_masks": 64})
    before = page.locator(DRAWN).get_attribute("data-drawn") or ""
    page.get_by_text("Own labels").click()
    page.get_by_role("textbox", name="Name").fill("Rooms")
    page.get_by_role("textbox", name="Labels with prompts").fill("cinema: a film | a movie\nkitchen: food | a recipe")
    page.get_by_role("textbox", name="Labels with prompts").blur()
    page.get_by_role("button", name="Use these labels").click()
    expect(page.get_by_role("heading", name="Why cinema?")).to_be_visible()
    body = page.locator("[data-testid=stMain]")
    expect(body).to_contain_text("RISE on Rooms")
    expect(body).to_contain_text("kitchen: food; a recipe")
    page.wait_for_selector(f"{DRAWN}:not([data-drawn='{before}'])")
    page.locator(".token", has_text="film").click()
    assert len(probed(page, 1)) == 2


def test_an_answer_that_comes_late_is_not_told_of_another_text(page: Page, server: Server) -> None:
    units = shown(page, server, params={"n_masks": 64})
    held: list[Route] = []
    page.route("**/probe", lambda route: held.append(route))
    with page.expect_request("**/probe"):
        units.filter(has_text="wonderful").click()
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/probe")):
        page.get_by_role("textbox", name="Text").fill("Another film, and a dull one.")
        page.get_by_role("button", name=re.compile("^Explain")).click()
    expect(page.locator(".text")).to_have_text("Another film, and a dull one.")
    expect(page.locator(".token.off")).to_have_count(0)
    expect(page.locator(".answer strong").first).to_have_text("What if a word were missing?")


def test_texts_beside_each_other(page: Page, server: Server) -> None:
    shown(page, server, method="occlusion")
    page.get_by_role("button", name="Vary baseline").click()
    page.wait_for_selector("[data-tiles='3'][data-agreed='3']")
    tiles = page.locator(".tile")
    assert len({tile.get_attribute("data-limits") for tile in tiles.all()}) == 1
    tiles.nth(1).locator(".token").nth(1).focus()
    for tile in tiles.all():
        expect(tile.locator("output")).to_have_text(re.compile("^“wonderful” [+\u2212]"))
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(2).locator("output")).to_contain_text("“film”")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_in_both_schemes(page: Page, server: Server, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    units = shown(page, server, method="ls_tree")
    units.nth(1).click()
    probed(page, 1)
    page.get_by_role("checkbox", name="Numbers").check()
    page.get_by_text("Phrases that say more").click()
    assert violations(page) == []


def test_nothing_overflows_on_a_phone(page: Page, server: Server, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    units = shown(page, server, PRAISE + " " + "x" * 300, params={"n_masks": 64})
    units.nth(1).click()
    probed(page, 1)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    for box in (part.bounding_box() for part in page.locator(".view .token, .view .answer").all()):
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.screenshot(path=str(tmp_path / "phone.png"), full_page=True)


def test_a_refused_edit_is_one_sentence(page: Page, server: Server, watch: Watch) -> None:
    watch.expected.append("422")  # the browser reports the refused request itself
    units = shown(page, server, params={"n_masks": 64})
    page.route("**/probe", lambda route: route.continue_(post_data='{"off": [99]}'))
    units.nth(1).click()
    expect(page.locator(".note")).to_have_text(re.compile(r"off must name words by numbers in \[0, 13\]; got 99"))
