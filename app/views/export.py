"""Taking an explanation along as a file: a picture, its numbers, a page, or a paragraph for a paper."""

from __future__ import annotations

import streamlit as st

from app.export import finding, formats, methods
from app.service import Service
from app.storage.explanations import Explanation


def draw(desk: Service, owner: str, current: Explanation, *, ready: bool) -> None:
    """A button; what it opens is made once it is open."""
    key = f"{current.id}/export"
    popover = st.popover("Export", icon=":material/download:", key=key, on_change="rerun", disabled=not ready)
    if popover.open and ready:
        with popover:
            _offer(desk, owner, current)


def _offer(desk: Service, owner: str, current: Explanation) -> None:
    exported = finding.of_explanation(desk, owner, current.id)
    st.markdown(f"Of the class looked at, with model, weights, method and seed: key `{exported.spec.key[:8]}`.")
    for format in formats.of(exported.spec.kind):
        st.link_button(
            f"**{format.suffix.upper()}** \u2002{format.about[exported.spec.kind]}",
            f"/api/v1/explanations/{current.id}/exports/{format.suffix}",
            width="stretch",
        )
    st.markdown("**For a methods section**")
    st.code(methods.paragraph(exported), language=None, wrap_lines=True)
