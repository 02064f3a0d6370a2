"""What axe finds wrong with a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Streamlit fades what it is about to replace, which can begin while axe looks: that is no contrast of ours
AT_REST = "[data-stale=true] { opacity: 1 !important } * { transition: none !important }"


def violations(page: Page) -> list[str]:
    page.wait_for_load_state("networkidle")
    page.add_style_tag(content=AT_REST)
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {node['html'][:120]} {node['failureSummary'][:300]}" for v in found for node in v["nodes"]]
