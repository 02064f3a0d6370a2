"""What is said where there is nothing to see: the same of what never was, is over, or was taken back."""

from __future__ import annotations

import streamlit as st


def gone() -> None:
    st.markdown("## There is nothing here\nA link that led here may have ended or been taken back.")
