"""What axe finds wrong with a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def violations(page: Page) -> list[str]:
    page.wait_for_load_state("networkidle")
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {node['html'][:120]} {node['failureSummary'][:300]}" for v in found for node in v["nodes"]]
