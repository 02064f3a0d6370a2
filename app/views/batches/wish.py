"""The side bar of batches: which pictures, model and method. Nothing is asked before the button is pressed."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app import batches, components
from app.failures import TOLD
from app.jobs.question import FIRST_METHOD, USUAL, Question
from app.service import Service
from app.sets import image_sets
from app.sets.standing import SHAPES
from app.storage.batches import Batch
from app.views import fits, form
from app.views.concepts.wish import called, spell
from app.views.names import OUTPUTS, plain
from explainers import registry

SHAPES_MODEL = "planted_shortcut"  # the only one that knows them
LIKELIEST = "the likeliest of each"


@dataclass(frozen=True)
class Wish:
    """What the user asks for next, and of which set."""

    image_set: str
    question: Question


def draw(desk: Service, owner: str, current: Batch | None) -> Wish | None:
    """The wish, once the button has been pressed. A set just sent in is chosen, not yet explained."""
    key = "batch" if current is None else current.id
    image_set, there = _pictures(desk, owner, current, key)
    question = _question(desk, owner, current, image_set, key)
    if not there:
        st.caption("These pictures were deleted; the batch keeps its own copy and can go on.")
        return None
    listed = question is not None and question.model in {card["name"] for card in desk.cards()}
    can = question is not None and (not listed or _cost(desk, owner, image_set, question))
    pressed = st.button(
        "Explain all", type="primary", width="stretch", shortcut="Ctrl+Enter", disabled=not can, key="all"
    )
    return Wish(image_set, question) if pressed and question is not None else None


def _pictures(desk: Service, owner: str, current: Batch | None, key: str) -> tuple[str, bool]:
    """The set chosen, and whether it is there."""
    sent = components.set_drop(desk.settings.max_set_bytes, key="setdrop")
    sets = {each.id: each for each in image_sets.listed(desk, owner)}
    if sent is not None and sent in sets:
        st.session_state[f"{key}/set"] = sent
    first = next(iter(sets)) if current is None else current.image_set
    listed = list(sets) if first in sets else [first, *sets]
    gone = "" if current is None else f"{current.name} (deleted)"
    chosen = st.selectbox(
        "Pictures",
        listed,
        listed.index(first),
        format_func=lambda id: called(sets[id]) if id in sets else gone,
        help="Folders of the operator are listed here as well as your own.",
        key=f"{key}/set",
    )
    return chosen, chosen in sets


def _question(desk: Service, owner: str, current: Batch | None, image_set: str, key: str) -> Question | None:
    """None where it cannot be asked of this model."""
    asked = {} if current is None else current.question
    usual = SHAPES_MODEL if image_set == SHAPES else desk.settings.model
    cards = [card["name"] for card in desk.cards() if card["kind"] == "image"]
    models = list(dict.fromkeys([asked.get("model", usual), *cards]))
    model = str(
        st.selectbox(
            "Model",
            models,
            accept_new_options=True,
            help="Names of torchvision and timm can be typed, like timm/resnet50, where their weights can be had.",
            key=f"{key}/model",
        )
    )
    with st.container():  # also where nothing is said: what is below stays what it is
        verdicts = fits.known(desk, owner, model, listed=model in models)
    chosen = st.session_state.get(f"{key}/method", asked.get("method", FIRST_METHOD))
    known = [method.name for method in registry.list_methods("image")]
    methods = [n for n in known if n == chosen or verdicts.get(n, fits.VALID)["status"] != "impossible"]
    method = st.selectbox(
        "Method",
        methods,
        methods.index(chosen),
        format_func=lambda name: fits.label(name, verdicts),
        key=f"{key}/method",
    )
    entry = registry.method(method, "image")
    with st.container():
        st.caption(entry.description)
        fits.reason(method, verdicts)
    with st.expander("Parameters"):
        params = form.draw(entry, asked.get("params", {}) if method == asked.get("method") else {}, key)
        output = st.selectbox(
            "Score explained",
            list(OUTPUTS),
            list(OUTPUTS).index(asked.get("output", USUAL["image"])),
            format_func=lambda output: OUTPUTS[output].capitalize(),
            help="What the map's numbers are changes of.",
            key=f"{key}/output",
        )
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, asked.get("seed", 0), help="Same seed, same maps.", key=f"{key}/seed"
        )
    target = st.text_input(
        "Class",
        "" if asked.get("target") is None else str(asked["target"]),
        placeholder=LIKELIEST,
        help="A label or index of the model, which is then explained in every picture.",
        key=f"{key}/target",
    )
    if verdicts.get(method, fits.VALID)["status"] == "impossible":
        return None
    return Question(
        model=model, method=method, params=params, output=output, seed=int(seed), target=target.strip() or None
    )


def _cost(desk: Service, owner: str, image_set: str, question: Question) -> bool:
    """Tells what pressing the button takes; whether it can be pressed."""
    try:
        with st.spinner("One picture is begun, to tell how long all of them take."):
            plan = batches.plan(desk, owner, image_set, question)
    except TOLD as error:
        st.caption(f":red[{plain(str(error))}]")
        return False
    st.caption(f"About **{spell(plan.seconds)}** for {plan.pictures:,} pictures, if nobody else computes.")
    return True
