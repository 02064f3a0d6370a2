"""A whole set of pictures explained at `/batch`: one question, one table. `?b=<id>` restores a batch."""

from __future__ import annotations

import streamlit as st

from app import batches, wiring
from app.failures import TOLD, NotFoundError
from app.storage.batches import Batch
from app.views.batches import earlier, table, wish
from app.views.names import plain
from app.views.telling import telling
from app.views.visitor import owner

desk = wiring.service()
ME = owner(desk)


def opened() -> Batch | None:
    """What the address names, or the newest. An unknown or foreign id says so."""
    named = st.query_params.get("b")
    if named is not None:
        try:
            return batches.get(desk, ME, named)
        except NotFoundError as error:
            st.warning(plain(str(error)))
    newest = batches.listed(desk, ME)[:1]
    return batches.get(desk, ME, newest[0]["id"]) if newest else None


def go(id: str) -> None:
    st.query_params["b"] = id
    st.rerun()


try:
    with st.container():  # also where nothing is said: what is below stays what it is
        current = opened()
except TOLD as error:
    st.error(plain(str(error)))
    st.stop()
with st.sidebar, telling():
    with st.container():  # however much it says
        wanted = wish.draw(desk, ME, current)
    chosen = earlier.draw(desk, ME, current)
    if wanted is not None:
        go(batches.ask(desk, ME, wanted.image_set, wanted.question).id)
    if chosen is not None:
        go(chosen)
with telling():
    number = table.draw(desk, ME, current)
    if number is not None and current is not None:
        explanation = batches.explain(desk, ME, current.id, number)
        st.switch_page("pages/workbench.py", query_params={"e": explanation.id})
