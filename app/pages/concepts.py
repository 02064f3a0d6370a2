"""Concepts and strategies at `/concepts`: what a model sees in a set of pictures. `?c=<id>` restores a study."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app import concepts, wiring
from app.failures import TOLD, NotFoundError
from app.jobs.asking import ConceptQuestion, question_of
from app.jobs.question import Question
from app.sets.standing import SHAPES
from app.storage.concepts import Concepts
from app.views.concepts import earlier, study, wish
from app.views.names import plain
from app.views.telling import telling
from app.views.visitor import owner

FIRST = ConceptQuestion(model="planted_shortcut", target="square")

desk = wiring.service()
ME = owner(desk)


def opened() -> Concepts:
    """What the address names, or the example. An unknown or foreign id says so and shows the example."""
    named = st.query_params.get("c")
    if named is not None:
        try:
            return concepts.get(desk, ME, named)
        except NotFoundError as error:
            st.warning(f"{error} Here is an example instead.")
    if "first study" in st.session_state:
        try:
            return concepts.get(desk, ME, st.session_state["first study"])
        except NotFoundError:  # deleted meanwhile
            del st.session_state["first study"]
    first = concepts.ask(desk, ME, SHAPES, FIRST)
    st.session_state["first study"] = first.id
    return first


def go(id: str) -> None:
    st.query_params["c"] = id
    st.rerun()


def explain(current: Concepts, image: int) -> None:
    """A picture of the class in full, on the workbench."""
    spec = concepts.run_of(desk, current).spec
    target = concepts.describe(desk, current)["result"]["target"]
    asset = concepts.asset(desk, ME, current.id, image)
    explanation = desk.ask(ME, asset.id, Question(model=spec.model, target=target))
    st.switch_page("pages/workbench.py", query_params={"e": explanation.id})


def follow(current: Concepts, asked: study.Asked) -> None:
    spec = concepts.run_of(desk, current).spec
    if asked.image is not None:
        explain(current, asked.image)
    elif asked.apart is not None:
        with st.spinner("Cutting out the crops that show it."):
            apart = concepts.take_apart(desk, ME, current.id, asked.apart)
        go(apart.id)
    elif asked.again:
        go(concepts.again(desk, ME, current.id).id)
    elif asked.finished:
        go(current.id)
    else:
        other = replace(question_of(spec), target=asked.target)
        go(concepts.ask(desk, ME, current.image_set, other).id)


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
        go(concepts.ask(desk, ME, wanted.image_set, wanted.question).id)
    if chosen is not None:
        go(chosen)
with telling():
    asked = study.draw(desk, ME, current)
    if asked is not None:
        follow(current, asked)
