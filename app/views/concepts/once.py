"""What takes some seconds is asked for with a button, and kept as long as the page is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from app.failures import MENDABLE
from app.views.names import plain

T = TypeVar("T")


def once(place: str, label: str, icon: str, doing: str, ask: Callable[[], T]) -> T | None:
    """None until it is pressed, and where it is refused, which is said. `doing` is read meanwhile."""
    if place not in st.session_state and st.button(label, icon=icon, key=f"{place}/ask"):
        try:
            with st.spinner(doing):
                st.session_state[place] = ask()
        except MENDABLE as error:
            st.error(plain(str(error)))
    found: T | None = st.session_state.get(place)
    return found
