"""The first minute, as a user lives it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import httpx2 as httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect
from safetensors.numpy import load

from app.examples import EXAMPLES
from tests.browser.accessible import violations
from tests.browser.conftest import Watch
from tests.server import PATIENCE, Server

pytestmark = pytest.mark.browser

expect.set_options(timeout=PATIENCE * 1000)

DRAWN = "[data-drawn]"
FEW = {"n_masks": 64}


def stage(page: Page) -> Locator:
    return page.locator(".frame canvas")


def pixel(page: Page, x: float, y: float) -> list[int]:
    """Colour at a place given in fractions of the canvas."""
    colour: list[int] = stage(page).evaluate(
        "(c, [x, y]) => [...c.getContext('2d').getImageData(x * c.width, y * c.height, 1, 1).data]", [x, y]
    )
    return colour


def opened(page: Page, url: str) -> None:
    """The page with its final map."""
    page.goto(url)
    page.wait_for_selector(DRAWN)


def photo(name: str = "astronaut", size: tuple[int, int] = (300, 260), format: str = "JPEG") -> bytes:
    """A picture that the server has not seen under this content."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(EXAMPLES[name].read())).convert("RGB").resize(size).save(buffer, format)
    return buffer.getvalue()


def drop_file(page: Page, name: str, data: bytes, kind: str) -> None:
    page.locator(".drop input").set_input_files({"name": name, "mimeType": kind, "buffer": data})


def doubtful(server: Server, page: Page) -> tuple[float, float]:
    """A place within a 5 × 5 patch whose values all lie well within two standard errors of zero."""
    stored = load(httpx.get(server.url + (page.locator(DRAWN).get_attribute("data-drawn") or "")).content)
    doubt = np.abs(stored["values"]) < 1.8 * stored["stderr"]
    patches = np.lib.stride_tricks.sliding_window_view(doubt, (5, 5)).all(axis=(2, 3))
    row, column = (int(i[0]) + 2 for i in np.nonzero(patches))
    height, width = doubt.shape
    return (column + 0.5) / width, (row + 0.5) / height


def test_opens_explained_without_a_click(page: Page, server: Server) -> None:
    opened(page, server.url)
    expect(page.get_by_role("heading", name="Why espresso?")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("espresso 95"))).to_have_attribute("aria-pressed", "true")
    body = page.locator("[data-testid=stMain]")
    for part in ("RISE on", "efficientnet_lite0", "the mean colour", "seed 0"):
        expect(body).to_contain_text(part)
    low, high = (page.locator(f".ends .{end}").inner_text() for end in ("low", "high"))
    assert low.replace("\u2212", "") == high.replace("+", ""), "the scale is symmetric about zero"
    expect(page.locator(".unit")).to_have_text("effect on the logit of espresso of showing it")


def test_hover_reads_the_value_that_is_stored(page: Page, server: Server) -> None:
    opened(page, server.url)
    box = stage(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.4)
    expect(page.locator(".reading")).to_have_text(re.compile(r"^[+\u2212][\d.]+ \u00b1 [\d.]+ at row 89, column 112$"))


def test_the_three_views_and_certain_only_change_what_is_drawn(page: Page, server: Server) -> None:
    opened(page, server.url)
    overlay = pixel(page, 0.5, 0.4)
    page.get_by_role("button", name="Picture", exact=True).click()
    plain = pixel(page, 0.5, 0.4)
    page.get_by_role("button", name="Map", exact=True).click()
    solid = pixel(page, 0.5, 0.4)
    assert len({tuple(overlay), tuple(plain), tuple(solid)}) == 3
    red, green, blue, _ = solid
    assert red > blue, f"evidence for espresso lies in the cup, so it is warm: {red, green, blue}"
    x, y = doubtful(server, page)
    assert pixel(page, x, y)[3] == 255
    page.get_by_label("Certain only").check()
    assert pixel(page, 0.5, 0.4) == solid, "clear evidence stays"
    assert pixel(page, x, y)[3] == 0, "what may as well be zero goes"


def test_another_class_is_shown_without_a_new_run(page: Page, server: Server) -> None:
    opened(page, server.url)
    first = page.locator(DRAWN).get_attribute("data-drawn")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.get_by_role("button", name=re.compile("^cup")).click()
    expect(page.get_by_role("heading", name="Why cup?")).to_be_visible()
    expect(page.locator(DRAWN)).not_to_have_attribute("data-drawn", first or "")
    assert set(asked) == {"GET"}, "another class is read from the same forwards"
    page.reload()
    page.wait_for_selector(DRAWN)
    page.get_by_role("button", name=re.compile("^espresso 95")).click()
    expect(page.get_by_role("heading", name="Why espresso?")).to_be_visible()


def test_upload_shows_a_coarse_map_before_the_final_one(page: Page, server: Server) -> None:
    opened(page, server.url)
    drop_file(page, "rocket man.jpg", photo(), "image/jpeg")
    page.wait_for_selector("[data-previewed]")
    assert page.locator(DRAWN).count() == 0, "the coarse map comes first"
    expect(page.get_by_role("progressbar", name="Explanation")).to_be_visible()
    expect(page.locator(".said")).to_contain_text(re.compile(r"\d+ % · \d+ of \d+ forwards"))
    page.wait_for_selector(DRAWN)
    expect(page.locator(".job")).to_be_hidden()


@pytest.mark.thorough
def test_a_map_that_comes_late_is_not_drawn_on_another_picture(page: Page, server: Server) -> None:
    late = server.ask("camera", params=FEW, seed=79)
    server.reach(late["id"], "done")
    held: list[Route] = []
    blobs = f"**/explanations/{late['id']}/blobs/*"
    page.route(blobs, lambda route: held.append(route) if route.request.resource_type == "fetch" else route.continue_())
    with page.expect_request(lambda request: "/blobs/" in request.url and request.resource_type == "fetch"):
        page.goto(f"{server.url}/?e={late['id']}")
    page.locator(".frame").locator("..").evaluate(RECORDED)
    with page.expect_request(lambda request: request.url.endswith("/events") and late["id"] not in request.url):
        drop_file(page, "next.png", photo(size=(240, 250), format="PNG"), "image/png")
    with page.expect_event("requestfinished", lambda request: request.url == held[0].request.url):
        held[0].continue_()
    page.wait_for_selector(DRAWN)
    assert all(late["id"] not in address for address in page.evaluate("window.drawn"))


# each map that is drawn, by its address
RECORDED = """(view) => {
  window.drawn = [];
  const record = () => window.drawn.push(view.dataset.drawn ?? '');
  new MutationObserver(record).observe(view, {attributes: true, attributeFilter: ['data-drawn']});
}"""


@pytest.mark.thorough
def test_paste_is_an_upload(page: Page, server: Server) -> None:
    opened(page, server.url)
    data = list(photo("chelsea", (240, 240), "PNG"))
    page.evaluate(
        """(bytes) => {
            const clipboard = new DataTransfer();
            clipboard.items.add(new File([new Uint8Array(bytes)], "pasted.png", {type: "image/png"}));
            window.dispatchEvent(new ClipboardEvent("paste", {clipboardData: clipboard}));
        }""",
        data,
    )
    expect(page.get_by_role("heading", name=re.compile("Why .*cat"))).to_be_visible()


def test_cancel_stops_before_the_next_report_and_the_worker_takes_the_next_job(page: Page, server: Server) -> None:
    long = server.ask("chelsea", params={"n_masks": 3000, "estimator": "centred"}, seed=77)
    page.goto(f"{server.url}/?e={long['id']}")
    page.wait_for_selector("[data-previewed]")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".said")).to_have_text("Cancelled.")
    shown = page.locator("[data-previewed]").get_attribute("data-previewed")
    following = server.ask("camera", params=FEW, seed=78)
    server.reach(following["id"], "done")
    assert page.locator("[data-previewed]").get_attribute("data-previewed") == shown, "no report came after the cancel"
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".said")).to_contain_text("forwards")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".said")).to_have_text("Cancelled.")


@pytest.mark.thorough
def test_a_link_restores_everything_after_a_restart(page: Page, server: Server) -> None:
    asked = server.ask(
        "camera",
        method="sobol",
        params={"n": 8, "cells": 4, "baseline": "black"},
        output="probability",
        seed=9,
        target="tripod",
    )
    server.reach(asked["id"], "done")
    server.stop()
    server.start()
    opened(page, f"{server.url}/?e={asked['id']}")
    expect(page.get_by_role("heading", name="Why tripod?")).to_be_visible()
    body = page.locator("[data-testid=stMain]")
    for part in ("Sobol on", "black", "seed 9"):
        expect(body).to_contain_text(part)
    expect(page.locator(".unit")).to_have_text("share of the variance of the probability of tripod, with its sign")
    page.get_by_text("Parameters").click()
    expect(page.get_by_role("spinbutton", name="Cells")).to_have_value("4")
    page.reload()
    page.wait_for_selector(DRAWN)
    expect(page.get_by_role("heading", name="Why tripod?")).to_be_visible()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("logo.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "PNG, JPEG or WebP"),
        ("empty.jpg", b"", "empty"),
        ("cut.png", photo(format="PNG")[:500], "damaged|cut|read|decoded|complete"),
    ],
)
def test_a_hostile_file_is_refused_with_a_sentence(
    page: Page, server: Server, watch: Watch, name: str, data: bytes, says: str
) -> None:
    watch.expected.append("422")  # the browser reports the refused request itself
    opened(page, server.url)
    address = page.url
    drop_file(page, name, data, "image/png")
    expect(page.locator(".drop p")).to_have_text(re.compile(says))
    assert page.url == address


@pytest.mark.thorough
def test_a_hostile_name_stays_text(page: Page, server: Server) -> None:
    opened(page, server.url)
    drop_file(page, "<img src=x onerror=alert(1)>.png", photo("coffee", (250, 250), "PNG"), "image/png")
    page.wait_for_selector("[data-previewed], [data-drawn]")
    assert page.locator("img[src='x']").count() == 0


@pytest.mark.thorough
def test_keyboard_alone(page: Page, server: Server) -> None:
    opened(page, server.url)
    stage(page).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".reading")).to_have_text(re.compile("at row 112, column 116"))
    before = pixel(page, 0.3, 0.3)
    page.keyboard.down("o")
    assert pixel(page, 0.3, 0.3) != before, "the picture alone while the key is held"
    page.keyboard.up("o")
    assert pixel(page, 0.3, 0.3) == before
    page.keyboard.press("Tab")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "() => { let e = document.activeElement;"
                " while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;"
                " return (e?.ariaLabel || e?.labels?.[0]?.textContent || e?.textContent || '').slice(0, 40); }"
            )
        )
    for control in (
        "Overlay",
        "Opacity",
        "Copy link",
        "Model",
        "Method",
        "Parameters",
        "Class",
        "Explain",
        "Your own picture",
    ):
        assert any(control in text for text in reached), f"{control} is reached by Tab: {reached}"
    cup = page.get_by_role("button", name=re.compile("^cup"))
    cup.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Why cup?")).to_be_visible()
    page.get_by_role("button", name=re.compile("^espresso 95")).press("Enter")
    expect(page.get_by_role("heading", name="Why espresso?")).to_be_visible()


@pytest.mark.thorough
def test_changed_parameters_are_asked_with_the_button(page: Page, server: Server) -> None:
    opened(page, server.url)
    page.get_by_text("Parameters").click()
    field = page.get_by_role("spinbutton", name="N masks")
    field.fill("64")
    field.press("Tab")
    page.get_by_role("button", name=re.compile("^Explain")).click()
    # where the processor has bf16, sixteen rows are scored in both precisions besides
    expect(page.locator("[data-testid=stMain]")).to_contain_text(re.compile(r"\b(65|97) forwards"))


@pytest.mark.thorough
def test_an_unknown_model_is_one_sentence(page: Page, server: Server) -> None:
    opened(page, server.url)
    model = page.get_by_role("combobox", name=re.compile("Model"))
    model.fill("resnet9000")
    model.press("Enter")
    page.get_by_role("button", name=re.compile("^Explain")).click()
    expect(page.get_by_role("alert").filter(has_text="resnet9000")).to_be_visible()


@pytest.mark.thorough
def test_an_unknown_link_says_so_and_shows_the_example(page: Page, server: Server) -> None:
    opened(page, f"{server.url}/?e=nosuchthing")
    told = page.get_by_text("There is no such explanation, or it is not yours.")
    expect(told).to_be_visible()
    expect(page.get_by_role("heading", name="Why espresso?")).to_be_visible()
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.locator(".board")).to_be_visible()
    page.get_by_role("button", name=re.compile("^cup")).click()
    expect(told).to_have_count(0)
    expect(page.get_by_role("heading", name="Why cup?")).to_be_visible()
    expect(page.locator(".board")).to_be_visible()  # moved up, it is the same: what is being painted is not lost


@pytest.mark.thorough
def test_the_api_page_works_under_the_policy(page: Page, server: Server) -> None:
    page.goto(f"{server.api}/docs")
    expect(page.get_by_text("/explanations", exact=False).first).to_be_visible()


@pytest.mark.thorough
def test_copy_link_opens_the_same(page: Page, server: Server) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened(page, server.url)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert link.startswith(f"{server.url}/?e=")
    opened(page, link)
    expect(page.get_by_role("heading", name="Why espresso?")).to_be_visible()


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_in_both_schemes(page: Page, server: Server, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    opened(page, server.url)
    assert violations(page) == []


@pytest.mark.thorough
def test_nothing_overflows_on_a_phone(page: Page, server: Server, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, server.url)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    box = stage(page).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.screenshot(path=str(tmp_path / "phone.png"), full_page=True)
