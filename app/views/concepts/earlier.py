"""Studies made before, the newest first: a click away."""

from __future__ import annotations

import streamlit as st

from app import concepts
from app.service import Service
from app.storage.concepts import Concepts
from app.views.names import plain

SHOWN = 8


def draw(desk: Service, owner: str, current: Concepts) -> str | None:
    """Id of the one just chosen."""
    others = [row for row in concepts.listed(desk, owner) if row["id"] != current.id][:SHOWN]
    if not others:
        return None
    with st.expander("Earlier"):
        for row in others:
            label = row["label"] or {"failed": "failed", "cancelled": "cancelled"}.get(row["state"], "under way")
            told = f"**{plain(label)}** in {plain(row['name'])}, {plain(row['model'])}"
            if st.button(told, type="tertiary", key=f"earlier/{row['id']}"):
                chosen: str = row["id"]
                return chosen
    return None
