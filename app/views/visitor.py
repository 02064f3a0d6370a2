"""Who sees the page. The framework reads the gate's header once per connection, and takes none from the browser."""

from __future__ import annotations

import streamlit as st

from app.access.identity import Identity, read
from app.service import Service
from app.views import notice


def visitor(desk: Service) -> Identity:
    told = st.user.get("identity")
    return read(told if isinstance(told, str) else None, desk.settings)


def owner(desk: Service) -> str:
    """Of what this page shows; for whoever has no name of their own it ends here."""
    who = visitor(desk)
    if who.owner is None:
        notice.gone()
        st.stop()
    return who.owner
