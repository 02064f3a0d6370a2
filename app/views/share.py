"""Giving others a link: how long it works, the link itself once, and those given before."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from app import components
from app.failures import MENDABLE
from app.service import Service
from app.sharing import shares
from app.storage.concepts import Concepts
from app.storage.explanations import Explanation
from app.views.names import plain

DAYS = {1: "1 day", 7: "7 days", 30: "30 days"}
USUAL = 7
SHOWN = 8  # links given before


def draw(desk: Service, owner: str, current: Explanation | Concepts) -> None:
    """A button; what it opens is made once it is open."""
    key = f"{current.id}/share"
    popover = st.popover("Share", icon=":material/share:", key=key, on_change="rerun")
    if popover.open:
        with popover:
            _offer(desk, owner, current, key)


def _offer(desk: Service, owner: str, current: Explanation | Concepts, key: str) -> None:
    st.markdown("Whoever has the link sees **this, as it is now**, and can change nothing.")
    shown = current if isinstance(current, Concepts) else desk.asset(owner, current.asset)
    if shares.is_upload(desk, shown):
        st.warning("You sent this in yourself. Share it only if others may see it.", icon=":material/visibility:")
    days = st.radio(
        "The link works for",
        list(DAYS),
        list(DAYS).index(USUAL),
        format_func=DAYS.__getitem__,
        horizontal=True,
        key=f"{key}/days",
    )
    made = f"{key}/made"
    if st.button("Make a link", type="primary", key=f"{key}/make"):
        _make(desk, owner, current, days, made)
    if made in st.session_state:
        components.copy_link(st.session_state[made], key=f"{key}/link", shown=True)
        st.caption("This link is shown once: it is not kept here.")
    _before(desk, owner, key, made)


def until(seconds: float) -> str:
    """A day in words."""
    day = datetime.fromtimestamp(seconds, UTC)
    return f"{day.day} {day:%B %Y}"


def _make(desk: Service, owner: str, current: Explanation | Concepts, days: int, made: str) -> None:
    give = shares.give_concepts if isinstance(current, Concepts) else shares.give_explanation
    try:
        _, token = give(desk, owner, current.id, days)
    except MENDABLE as error:
        st.error(plain(str(error)))
    else:
        st.session_state[made] = f"/s/{token}"


def _before(desk: Service, owner: str, key: str, made: str) -> None:
    """The user's links, of whatever, the newest first."""
    given = shares.listed(desk, owner)[:SHOWN]
    if given:
        st.markdown("**Links you have given**")
    for row in given:
        with st.container(horizontal=True, vertical_alignment="center"):
            when = f"until {until(row['expires'])}" if row["state"] == "live" else row["state"]
            st.markdown(f"{plain(row['title'])}  \n:small[{when}]", width="stretch")
            if row["state"] == "live" and st.button(
                "Take back", key=f"{key}/revoke/{row['id']}", help="Open pages are cut off within seconds."
            ):
                shares.revoke(desk, owner, row["id"])
                st.session_state.pop(made, None)
                st.rerun()
