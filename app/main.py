"""The Streamlit script: navigation only."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
STATIC = HERE.parent / "static"

st.set_page_config(
    page_title="Whylens",
    page_icon=str(STATIC / "icon.png"),
    layout="wide",
    initial_sidebar_state="auto",
)
st.logo(str(STATIC / "logo.svg"), size="large", icon_image=str(STATIC / "icon.png"))
st.navigation([st.Page(HERE / "pages" / "workbench.py", title="Workbench", default=True)], position="hidden").run()
