"""Make the README's pictures from the real pages: `python -m docs.take_screenshot` (Chromium must be there)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.server import PATIENCE, Server, serving

HERE = Path(__file__).parent
SIZES = {"workbench": (1440, 900), "text": (1440, 1150), "concepts": (1440, 1400), "strategies": (1440, 1250)}
SAMPLE = "I expected the worst, having read the reviews. It is not bad at all: the ending even surprised me!"


def main() -> None:
    with tempfile.TemporaryDirectory() as home, serving(Path(home)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, (width, height) in SIZES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(PATIENCE * 1000)
            opened(page, server, name)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=str(HERE / f"{name}.png"))
            page.close()
        browser.close()


def opened(page: Page, server: Server, name: str) -> None:
    """The page with everything on it that the picture should show."""
    match name:
        case "workbench":
            page.goto(server.url)
        case "text":
            asset = server.post("texts", {"text": SAMPLE})["id"]
            asked = server.post("explanations", {"asset": asset, "method": "ls_tree"})
            page.goto(f"{server.url}/?e={asked['id']}")
        case _:
            page.goto(f"{server.url}/concepts?section={name.capitalize()}")
            page.wait_for_selector("[data-strategies]" if name == "strategies" else "[data-concepts]")
            return
    for drawn in ("[data-drawn]", "[data-judged]"):
        page.wait_for_selector(drawn)
    if name == "text":
        edited(page)


def edited(page: Page) -> None:
    """One word switched off, one exchanged, and the phrases open."""
    words = page.locator(".token")
    words.filter(has_text="worst").click()
    words.filter(has_text="bad").press("Enter")
    field = page.get_by_role("textbox", name="Instead of")
    field.fill("good")
    field.press("Enter")
    page.wait_for_selector("[data-probed='2'] .answer:not([aria-busy])")
    page.get_by_text("Phrases that say more").click()
    page.mouse.move(0, 0)


if __name__ == "__main__":
    main()
