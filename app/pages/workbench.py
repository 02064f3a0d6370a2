"""The workbench at `/`: a picture, why the model decided, and what to ask next. `?e=<id>` restores an explanation."""

from __future__ import annotations

import streamlit as st

from app import wiring
from app.failures import TOLD, NotFoundError
from app.storage.explanations import Explanation
from app.views import answer, inputs
from app.views.names import plain
from app.views.telling import telling
from app.views.visitor import owner

desk = wiring.service()
ME = owner(desk)


def opened() -> Explanation:
    """What the address names, or the example. An unknown or foreign id says so and shows the example."""
    named = st.query_params.get("e")
    if named is not None:
        try:
            return desk.explanation(ME, named)
        except NotFoundError as error:
            st.warning(f"{error} Here is an example instead.")
    if "first" in st.session_state:  # asking costs a forward, and this runs at every click
        try:
            return desk.explanation(ME, st.session_state["first"])
        except NotFoundError:  # deleted meanwhile
            del st.session_state["first"]
    first = desk.first(ME)
    st.session_state["first"] = first.id
    return first


def go(explanation: Explanation) -> None:
    st.query_params["e"] = explanation.id
    st.rerun()


try:
    with st.container():  # also where nothing is said: what is below stays what it is
        current = opened()
except TOLD as error:
    st.error(plain(str(error)))
    st.stop()
with st.sidebar, telling():
    wanted = inputs.draw(desk, ME, current)
    if wanted is not None:
        go(desk.ask(ME, wanted.asset, wanted.question))
with telling():
    asked = answer.draw(desk, ME, current)
    if asked is not None:
        go(asked)
