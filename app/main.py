"""The Streamlit script: navigation only."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import wiring
from app.components import ICON, LOGO
from app.views import shared
from app.views.visitor import visitor

HERE = Path(__file__).parent
PAGES = (
    st.Page(HERE / "pages" / "workbench.py", title="Workbench", default=True),
    st.Page(HERE / "pages" / "concepts.py", title="Concepts", url_path="concepts"),
    st.Page(HERE / "pages" / "batch.py", title="Batch", url_path="batch"),
    st.Page(HERE / "pages" / "library.py", title="Library", url_path="library"),
)

st.set_page_config(
    page_title="Whylens",
    page_icon=ICON,
    layout="wide",
    initial_sidebar_state="auto",
)
st.logo(str(LOGO), size="large", icon_image=ICON)
page = st.navigation(PAGES, position="hidden")
desk = wiring.service()
who = visitor(desk)
if who.owner is not None:
    with st.container(horizontal=True, gap="xsmall", key="pages"):  # the framework's own menu hides on a phone
        for each in PAGES:
            st.page_link(each, width="content")
if "s" in st.query_params:
    shared.draw(desk, who, st.query_params["s"])
else:
    page.run()
