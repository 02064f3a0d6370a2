"""Concepts and strategies, as a user finds them in pictures of their own."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from models.shapes import shapes
from tests.browser.accessible import violations
from tests.browser.conftest import Watch
from tests.server import PATIENCE, Server, until

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

expect.set_options(timeout=PATIENCE * 1000)

SEEN = "[data-concepts]"
HOSTILE = "<img src=x onerror=alert(1)>"
PICTURES = 120


@pytest.fixture(autouse=True)
def _addresses_below_a_page(watch: Watch) -> None:
    """Streamlit looks for itself below an address that is opened directly, and then at the root."""
    watch.expected.append("404")


@pytest.fixture(scope="module")
def archive() -> bytes:
    """Shapes, of which squares and some circles carry the mark; and what does not belong among pictures."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i, shape in enumerate(shapes(PICTURES, (0.3, 0.7, 0), 9)):
            data = io.BytesIO()
            Image.fromarray(shape.pixels).save(data, "PNG")
            name = HOSTILE if i == 0 else f"{shape.kind} {i}"
            archive.writestr(f"{shape.kind}/{name}.png", data.getvalue())
        archive.writestr("notes.txt", "no picture")
    return out.getvalue()


@pytest.fixture(scope="module")
def study(server: Server) -> str:
    """Id of the finished study of the built-in shapes."""
    asked = server.post("concepts", {"set": "builtin-shapes", "model": "planted_shortcut", "target": "square"})
    until(lambda: server.get(f"concepts/{asked['id']}")["progress"]["state"] == "done", "the shapes are studied")
    id: str = asked["id"]
    return id


def send(page: Page, name: str, data: bytes) -> None:
    page.locator("input.files").set_input_files({"name": name, "mimeType": "application/zip", "buffer": data})


def card(page: Page, rank: int) -> Locator:
    return page.get_by_role("listitem").filter(has=page.locator(f".name[placeholder='Concept {rank}']"))


def section(page: Page, name: str) -> None:
    page.get_by_role("radiogroup", name="Section").get_by_text(name, exact=True).click()


def shares(row: Locator) -> tuple[float, float]:
    """Before and after, in percent."""
    before, after = (
        part.replace("%", "").replace("<", "") for part in row.locator(".moved").inner_text().split("\u2192")
    )
    return float(before), float(after)


def test_from_a_zip_to_a_named_suspicious_strategy_that_a_link_restores(
    page: Page, server: Server, archive: bytes
) -> None:
    page.goto(f"{server.url}/concepts")
    page.wait_for_selector(SEEN)
    expect(
        page.get_by_role("heading", name=re.compile("What does the model see in .* takes for square"))
    ).to_be_visible()

    send(page, "my shapes.zip", archive)
    expect(page.locator(".kept")).to_have_text(f"{PICTURES} pictures kept as my shapes.")
    page.get_by_text("1 left out").click()
    expect(page.get_by_text("notes.txt")).to_be_visible()
    expect(page.get_by_role("combobox", name=re.compile("Pictures"))).to_have_value(f"my shapes ({PICTURES})")
    expect(page.locator("[data-testid=stSidebar]")).to_contain_text(re.compile(rf"About \d+ s for {PICTURES} pictures"))
    page.get_by_role("button", name=re.compile("^Find concepts")).click()
    expect(page.get_by_role("progressbar", name="Concepts")).to_be_visible()
    expect(page.locator("[data-testid=stMain] .said")).to_have_text(re.compile(r"\d+ % · [a-z]"))
    page.wait_for_selector(SEEN)
    expect(page.locator("[data-testid=stMain]")).to_contain_text("my shapes")
    assert "c=" in page.url

    # a name and a suspicion, kept by the server
    name = card(page, 1).locator(".name")
    name.fill(HOSTILE)
    name.press("Enter")
    expect(card(page, 1)).to_have_attribute("aria-label", HOSTILE)
    card(page, 1).get_by_role("button", name="is suspicious").click()
    expect(card(page, 1).locator(".flag")).to_have_attribute("aria-pressed", "true")

    # without it the answer moves, for one picture and for all
    card(page, 1).get_by_role("button", name="off").click()
    page.wait_for_selector("[data-probed]")
    expect(page.locator(".effect .head strong")).to_have_text(f"Without {HOSTILE}")
    before, after = shares(page.locator(".effect .classes li.explained"))
    assert after < before - 10, "the model counts on it"
    before, after = shares(page.locator(".effect .accuracy li"))
    assert before != after
    expect(page.locator(".effect .note.of")).to_contain_text("random changes of the same size")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("[data-probed]")).to_have_count(0)

    section(page, "Strategies")
    page.wait_for_selector("[data-strategies]")
    page.get_by_role("button", name=re.compile("^Strategy 1 .*of pictures")).click()
    side = page.get_by_role("region", name="Chosen pictures")
    side.get_by_role("textbox", name="Name of strategy 1").fill("by the mark")
    side.get_by_role("textbox", name="Name of strategy 1").press("Enter")
    expect(page.get_by_role("button", name=re.compile("^by the mark .*of pictures"))).to_be_visible()
    side.get_by_role("button", name="is suspicious").click()
    expect(page.get_by_role("table").get_by_text("suspicious")).to_be_visible()

    page.reload()
    page.wait_for_selector("[data-strategies]")
    expect(page.get_by_role("button", name=re.compile("^by the mark .*suspicious"))).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text(HOSTILE)
    section(page, "Concepts")
    expect(card(page, 1).locator(".name")).to_have_value(HOSTILE)
    expect(card(page, 1).locator(".flag")).to_have_attribute("aria-pressed", "true")
    assert page.locator("img[src='x']").count() == 0


def test_closer_and_closer_a_lasso_and_the_way_to_a_full_explanation(page: Page, server: Server, study: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 1100})
    page.goto(f"{server.url}/concepts?c={study}&section=Strategies")
    page.wait_for_selector(".stage[data-level=groups]")
    canvas = page.locator(".stage canvas")
    canvas.hover()
    for level in ("points", "pictures"):
        for _ in range(20):  # each comes a third closer
            if page.locator(f".stage[data-level={level}]").count():
                break
            page.mouse.wheel(0, -120)
            page.evaluate("() => new Promise(requestAnimationFrame)")
        expect(page.locator(f".stage[data-level={level}]")).to_be_visible()
    page.get_by_role("button", name="Points", exact=True).click()
    page.wait_for_selector(".stage[data-level=points]")
    page.get_by_role("button", name="Lasso").click()
    box = canvas.bounding_box()
    assert box is not None
    corners = [(8, 8), (box["width"] - 8, 8), (box["width"] - 8, box["height"] - 8), (8, box["height"] - 8)]
    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
    page.mouse.up()
    side = page.get_by_role("region", name="Chosen pictures")
    expect(side.get_by_role("heading")).to_have_text(re.compile(r"^\d+ pictures$"))
    expect(side.locator(".leading").first).to_contain_text(re.compile(r"Concept \d+[+\u2212]?\d"))
    name = side.locator(".file").first.inner_text()
    side.get_by_role("button", name=f"Explain this picture: {name}").click()
    page.wait_for_selector("[data-drawn]")
    expect(page.get_by_role("heading", name="Why square?")).to_be_visible()
    assert "/?e=" in page.url
    page.get_by_role("link", name="Concepts").click()
    expect(page.get_by_role("heading", name=re.compile("^What does the model see in"))).to_be_visible()


def test_by_keyboard_alone(page: Page, server: Server, study: str) -> None:
    page.goto(f"{server.url}/concepts?c={study}")
    page.wait_for_selector(SEEN)
    crop = card(page, 1).locator(".crop")
    crop.first.focus()
    expect(page.locator(".peek")).to_be_visible()
    expect(page.locator(".peek")).to_contain_text("at its strongest place")
    page.keyboard.press("ArrowRight")
    expect(crop.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(card(page, 1).locator(".off")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    expect(card(page, 1).locator("output")).to_have_text("200 %")
    expect(page.locator(".effect .told")).to_contain_text("Concept 1 at 200 %")

    section(page, "Strategies")
    page.wait_for_selector(".stage[data-level=groups]")
    page.locator(".stage canvas").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tip")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Chosen pictures").get_by_role("heading")).to_have_text("One picture")
    page.keyboard.press("+")
    page.wait_for_selector(".stage[data-level=points]")
    page.keyboard.press("0")
    page.wait_for_selector(".stage[data-level=groups]")
    column = page.get_by_role("columnheader", name="Prevalence")
    rows = page.get_by_role("table").locator("tbody tr")
    first = rows.first.get_by_role("button").inner_text()
    for direction in ("descending", "ascending"):
        column.get_by_role("button").press("Enter")
        expect(column).to_have_attribute("aria-sort", direction)
    expect(rows.last.get_by_role("button")).to_have_text(first)
    rows.last.get_by_role("button").press("Enter")
    expect(page.get_by_role("textbox", name=re.compile("Name of strategy"))).to_be_visible()


def test_a_concept_is_mapped_tried_and_taken_apart(page: Page, server: Server, study: str) -> None:
    page.goto(f"{server.url}/concepts?c={study}")
    page.wait_for_selector(SEEN)
    card(page, 1).locator(".crop").nth(2).click()
    page.get_by_text("Where in it is a concept?").click()
    where = page.locator(".where")
    expect(where).to_have_attribute("data-drawn", re.compile("gradient_x_input$"))
    expect(where.get_by_role("status")).to_have_text(re.compile("^Concept 1 in .*, by Gradient × input.$"))
    where.locator("select.concept").select_option(label="Concept 2")
    where.locator("select.method").select_option("occlusion")
    expect(where.get_by_role("status")).to_have_text(re.compile("^Concept 2 in .*, by Occlusion.$"))

    section(page, "How good are these concepts?")
    page.get_by_role("button", name="Try them against chance").click()
    expect(page.get_by_text("From these concepts alone")).to_be_visible()

    section(page, "Concepts")
    page.get_by_role("button", name="Take Concept 1 apart").click()
    expect(page.get_by_role("heading", name=re.compile("pictures labelled square"))).to_be_visible()
    page.wait_for_selector(SEEN)
    expect(page.get_by_text("5 concepts by NMF")).to_be_visible()
    assert server.get("sets")[0]["name"] == "Concept 1 of Shapes, some with a mark"


def test_a_hostile_archive_is_refused_with_a_sentence(page: Page, server: Server, study: str, watch: Watch) -> None:
    watch.expected.append("422")  # the browser reports the refused request itself
    page.goto(f"{server.url}/concepts?c={study}")
    page.wait_for_selector(SEEN)
    before = server.get("sets")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../out.png", b"x")
    send(page, "bad.zip", out.getvalue())
    expect(page.locator(".drop .fault")).to_have_text(re.compile(r"^[A-Z].*\.$"))
    assert server.get("sets") == before, "nothing of it is kept"


@pytest.mark.parametrize("part", ["Concepts", "Strategies", "How good are these concepts?"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_accessible_and_within_the_screen(
    page: Page, server: Server, study: str, scheme: str, width: int, part: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}/concepts?c={study}&section={part.replace(' ', '+').replace('?', '%3F')}")
    page.wait_for_selector({"Concepts": SEEN, "Strategies": "[data-strategies]"}.get(part, "text=Found again"))
    page.wait_for_load_state("networkidle")
    for name in ("Workbench", "Concepts"):
        expect(page.get_by_role("link", name=name)).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert violations(page) == []
