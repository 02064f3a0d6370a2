"""The Streamlit script: navigation only."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent

st.set_page_config(
    page_title="Whylens",
    page_icon=str(HERE.parent / "static" / "icon.png"),
    layout="wide",
    initial_sidebar_state="expanded",
)
st.navigation([st.Page(HERE / "pages" / "workbench.py", title="Workbench", default=True)], position="hidden").run()
