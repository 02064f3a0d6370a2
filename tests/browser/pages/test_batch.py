"""A whole set explained, as a user does it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from models.shapes import shapes
from tests.browser.accessible import violations
from tests.browser.conftest import Watch
from tests.server import PATIENCE, Server

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

expect.set_options(timeout=PATIENCE * 1000)

PICTURES = 12
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def _addresses_below_a_page(watch: Watch) -> None:
    """Streamlit looks for itself below an address that is opened directly, and then at the root."""
    watch.expected.append("404")


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i, shape in enumerate(shapes(PICTURES, (0.3, 0.7, 0), 5)):
            data = io.BytesIO()
            Image.fromarray(shape.pixels).save(data, "PNG")
            archive.writestr(f"{shape.kind}/{HOSTILE if i == 0 else f'{shape.kind} {i}'}.png", data.getvalue())
    return out.getvalue()


def test_started_stopped_gone_on_with_opened_and_taken_along(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto(f"{server.url}/batch")
    page.locator("input.files").set_input_files(
        {"name": "twelve.zip", "mimeType": "application/zip", "buffer": archive()}
    )
    expect(page.locator(".kept")).to_have_text(f"{PICTURES} pictures kept as twelve.")
    expect(page.get_by_role("combobox", name=re.compile("Pictures"))).to_have_value(f"twelve ({PICTURES})")
    model = page.get_by_role("combobox", name=re.compile("Model"))
    model.fill("planted_shortcut")
    model.press("Enter")
    page.get_by_text("Parameters", exact=True).click()
    masks = page.get_by_role("spinbutton", name="N masks")
    masks.fill("2000")  # a second or more for each picture
    masks.press("Enter")
    side = page.locator("[data-testid=stSidebar]")
    expect(side).to_contain_text(re.compile(rf"About \d+ (s|min) for {PICTURES} pictures"))
    page.get_by_role("button", name=re.compile("^Explain all")).click()

    # rows come one after the other
    batch = page.locator(".root[data-rows]")
    done = batch.locator("tbody tr[data-state=done]")
    done.first.wait_for()
    expect(page.get_by_role("progressbar", name="Pictures explained")).to_be_visible()
    expect(batch.get_by_role("row", name=re.compile("under way")).first).to_be_visible()
    batch.get_by_role("button", name="Cancel").click()
    expect(batch.get_by_role("status")).to_contain_text("what is done is kept")
    expect(batch).to_have_attribute("data-state", "cancelled")
    expect(batch.get_by_role("row", name=re.compile("under way"))).to_have_count(0)
    kept = done.count()
    assert 1 <= kept < PICTURES
    first = done.first.inner_text()

    # the address has it, stopped as it was; it goes on from there
    assert "b=" in page.url
    page.reload()
    expect(done).to_have_count(kept)
    assert done.first.inner_text() == first
    batch.get_by_role("button", name="Resume").click()
    expect(batch.get_by_role("status")).to_have_text(f"{PICTURES} of {PICTURES} explained")
    expect(done).to_have_count(PICTURES)
    assert done.first.inner_text() == first, "what was done was kept"
    assert batch.get_by_role("rowheader").get_by_text(HOSTILE).count() == 1
    assert page.locator("img[src='x']").count() == 0
    assert violations(page) == []

    # sorted by what one is after
    batch.get_by_role("button", name="Probability").click()
    expect(batch.get_by_role("columnheader", name="Probability")).to_have_attribute("aria-sort", "descending")
    cells = batch.locator("td[data-name=Probability]")
    rates = [float(re.sub(r"[^\d.]", "", text)) for text in cells.all_inner_texts()]
    assert rates == sorted(rates, reverse=True)

    with page.expect_download() as downloading:
        batch.get_by_role("link", name="Summary as CSV").click()
    file = tmp_path / "summary.csv"
    downloading.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == PICTURES
    assert {row["error"] for row in rows} == {""}

    # a row opens as it is, without being computed again
    name = batch.locator("tbody .file").nth(2).inner_text()
    label = batch.locator("tbody td.label").nth(2).inner_text()
    batch.get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", name=f"Why {label}?")).to_be_visible()
    key = next(row["key"] for row in rows if row["file"] == name)
    assert server.get(f"explanations/{page.url.partition('e=')[2]}")["key"] == key


def test_on_a_phone(page: Page, server: Server) -> None:
    """Each picture is a block of its own, and the order is chosen from a list."""
    sets = server.get("sets")
    asked = server.post(
        "batches",
        {"set": sets[0]["id"], "model": "planted_shortcut", "method": "saliency"},
    )
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/batch?b={asked['id']}")
    batch = page.locator(".root[data-rows]")
    expect(batch).to_have_attribute("data-state", "done")
    batch.locator("tbody tr").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    batch.get_by_role("combobox", name="Order").select_option("Least certain first")
    expect(batch.get_by_role("combobox", name="Order")).to_have_value("probability up")
    expect(batch.locator("tbody tr").first).to_be_visible()
    assert violations(page) == []
