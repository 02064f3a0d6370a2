"""Batches made before, the newest first: a click away."""

from __future__ import annotations

import streamlit as st

from app import batches
from app.service import Service
from app.storage.batches import Batch
from app.views.names import plain, title

SHOWN = 8
STATES = {"running": "under way", "cancelled": "stopped", "done": "done"}


def draw(desk: Service, owner: str, current: Batch | None) -> str | None:
    """Id of the one just chosen."""
    others = [row for row in batches.listed(desk, owner) if current is None or row["id"] != current.id][:SHOWN]
    if not others:
        return None
    with st.expander("Earlier"):
        for row in others:
            asked = row["question"]
            told = f"**{title(asked['method'])}** on {plain(row['set']['name'])}, {STATES[row['state']]}"
            if st.button(told, type="tertiary", key=f"earlier/{row['id']}"):
                chosen: str = row["id"]
                return chosen
    return None
