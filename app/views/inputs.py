"""The side bar: which picture, model, class and method. Everything here asks something new of the model."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app import components
from app.examples import EXAMPLES
from app.jobs.question import Question
from app.service import Service
from app.storage.explanations import Explanation
from app.views import fits, form
from app.views.names import OUTPUTS
from explainers import registry

LIKELIEST = "the likeliest"


@dataclass(frozen=True)
class Wish:
    """What the user asks for next, and of which picture."""

    asset: str
    question: Question


def draw(desk: Service, owner: str, current: Explanation) -> Wish | None:
    """The wish, once the user has expressed one: a new picture at once, anything else by the button."""
    spec = desk.run(current).spec
    picture = desk.asset(owner, current.asset)
    sent = components.drop(desk.settings.max_upload_bytes, key="drop")
    shown = next((e.name for e in EXAMPLES.values() if e.title == picture.name), None)
    chosen = components.gallery(
        [
            {"name": e.name, "title": e.title, "note": e.note, "image": f"/api/v1/examples/{e.name}/image"}
            for e in EXAMPLES.values()
        ],
        shown,
        key="examples",
    )
    key = current.id
    listed = list(dict.fromkeys([spec.model, *(card["name"] for card in desk.pool.cards() if card["kind"] == "image")]))
    model = _model(listed, key)
    verdicts = fits.known(desk, model, listed=model in listed)
    method = _method(verdicts, spec.method, key)
    entry = registry.method(method)
    st.caption(entry.description)
    fits.reason(method, verdicts)
    fits.ruled_out({name: verdict for name, verdict in verdicts.items() if name != method})
    with st.expander("Parameters"):
        params = form.draw(entry, spec.params if entry.name == spec.method else {}, key)
        output = st.selectbox(
            "Score explained",
            list(OUTPUTS),
            list(OUTPUTS).index(spec.output),
            format_func=lambda output: OUTPUTS[output].capitalize(),
            help="What the map's numbers are changes of.",
            key=f"{key}/output",
        )
        seed = st.number_input("Seed", 0, 2**31 - 1, spec.seed, help="Same seed, same map.", key=f"{key}/seed")
    target = st.text_input(
        "Class",
        placeholder=LIKELIEST,
        help="A label or index of the model. The likeliest twenty can be clicked beside the map without asking anew.",
        key=f"{key}/target",
    )
    pressed = st.button(
        "Explain",
        type="primary",
        width="stretch",
        shortcut="Ctrl+Enter",
        disabled=verdicts.get(method, fits.VALID)["status"] == "impossible",
        key="explain",
    )
    question = Question(
        model=model,
        method=method,
        params=params,
        output=output,
        seed=int(seed),
        target=(target.strip() or None) if pressed else None,  # another picture has other classes
    )
    if sent is not None:
        return Wish(sent, question)
    if chosen is not None and chosen != shown:
        return Wish(desk.example(owner, chosen).id, question)
    return Wish(current.asset, question) if pressed else None


def _model(listed: list[str], key: str) -> str:
    model = st.selectbox(
        "Model",
        listed,
        accept_new_options=True,
        help="Names of torchvision and timm can be typed, like torchvision/resnet50, where their weights can be had.",
        key=f"{key}/model",
    )
    return str(model)


def _method(verdicts: fits.Verdicts, current: str, key: str) -> str:
    """Those that can be run. One chosen before the model was stays, so that its reason can be read."""
    place = f"{key}/method"
    chosen = st.session_state.get(place, current)
    methods = [
        method.name
        for method in registry.list_methods("image")
        if method.name == chosen or verdicts.get(method.name, fits.VALID)["status"] != "impossible"
    ]
    return st.selectbox(
        "Method", methods, methods.index(chosen), format_func=lambda name: fits.label(name, verdicts), key=place
    )
