"""Make the README's picture from the real page: `python -m docs.take_screenshot` (Chromium must be there)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS
from tests.server import PATIENCE, serving

PICTURE = Path(__file__).with_name("workbench.png")


def main() -> None:
    with tempfile.TemporaryDirectory() as home, serving(Path(home)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(server.url)
        for drawn in ("[data-drawn]", "[data-judged]"):
            page.wait_for_selector(drawn, timeout=PATIENCE * 1000)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=str(PICTURE))
        browser.close()


if __name__ == "__main__":
    main()
