"""How many concepts: half as many and twice as many beside those that were found, once somebody asks."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import concepts
from app.service import Service
from app.storage.concepts import Concepts
from app.views.concepts.once import once

ASK = "Would fewer do, or more?"


def draw(desk: Service, current: Concepts, k: int) -> None:
    """A table, after a click: it takes some seconds."""
    st.markdown("### How many concepts?")
    found = once(
        f"{current.id}/sizes",
        ASK,
        ":material/balance:",
        "Learning half as many and twice as many, and each from two halves of the pictures.",
        lambda: concepts.sizes(desk, current.owner, current.id),
    )
    if found is None:
        st.caption("More concepts leave less out; fewer are found again more surely, and are easier to name.")
        return
    st.dataframe([told(size, k) for size in found["sizes"]], hide_index=True, width="stretch")
    st.caption(
        f"Learnt from {found['rows']:,} places of the pictures, drawn by chance. "
        "Choose another number under Parameters; the pictures are not read again."
    )


def told(size: dict[str, Any], k: int) -> dict[str, str]:
    """A row of the table."""
    return {
        "Concepts": f"{size['k']} (these)" if size["k"] == k else str(size["k"]),
        "Left out": f"{size['error']:.0%}",
        "Sparsity": f"{size['sparsity']:.0%}",
        "Found again": f"{size['stability']:.2f}",
    }
