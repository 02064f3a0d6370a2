"""The library at `/library`: everything of one's own, to be found again, named, and deleted."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import components, wiring
from app.views.visitor import owner

PAGES = {
    "e": "pages/workbench.py",
    "c": "pages/concepts.py",
    "b": "pages/batch.py",
}  # what an address names → where it is shown

owner(wiring.service())  # whoever has nothing of their own sees no library
st.markdown("## Library")
opened: Any = components.library(key="library")
if opened is not None and opened["page"] in PAGES:
    st.switch_page(PAGES[opened["page"]], query_params={opened["page"]: opened["id"]})
