"""The side bar: which picture or text, model, class and method. Everything here asks something new of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import components
from app.description import names
from app.examples import EXAMPLES, FIRST
from app.jobs.heads import head_id
from app.jobs.question import USUAL, Question
from app.service import Service
from app.storage.explanations import Explanation
from app.views import fits, form, heads
from app.views.names import OUTPUTS
from app.views.samples import SAMPLES
from explainers import registry
from explainers.types import Kind

LIKELIEST = "the likeliest"
KINDS: Mapping[Kind, str] = {"image": "Picture", "text": "Text"}
LISTED: Mapping[Kind, str] = {
    "image": "Names of torchvision and timm can be typed, like torchvision/resnet50, where their weights can be had.",
    "text": "Your own labels, made below, are listed here as well.",
}
TYPED = "text"  # the name of a text that has none


@dataclass(frozen=True)
class Wish:
    """What the user asks for next, and of which picture or text."""

    asset: str
    question: Question


@dataclass(frozen=True)
class Subject:
    """The picture or text that a question is about, kept once it is asked; `now`: without the button."""

    asset: Callable[[], str]
    now: bool = False
    new: bool = True


def draw(desk: Service, owner: str, current: Explanation) -> Wish | None:
    """The wish, once the user has expressed one: a new input or new labels at once, anything else by the button."""
    spec, key = desk.run(current).spec, current.id
    kind: Kind = st.radio(
        "What is explained",
        list(KINDS),
        list(KINDS).index(spec.kind),
        format_func=KINDS.__getitem__,
        horizontal=True,
        label_visibility="collapsed",
        on_change=_turned,
        key=f"{key}/kind",
    )
    same = kind == spec.kind
    here = current if same else None
    place = key if same else f"{key}/{kind}"  # the same method has other parameters there
    subject = _picture(desk, owner, here) if kind == "image" else _text(desk, owner, here, key)
    with st.container():  # however much it says: what is below stays what it is
        first = spec.model if same else desk.settings.usual_model(kind)
        model, verdicts, made = _model(desk, owner, kind, first, place)
    method = _method(verdicts, kind, spec.method, place)
    entry = registry.method(method, kind)
    with st.container():
        st.caption(entry.description)
        fits.reason(method, verdicts)
        fits.ruled_out({name: verdict for name, verdict in verdicts.items() if name != method})
    with st.expander("Parameters"):
        begun = spec.params if same and entry.name == spec.method else {}
        params = form.draw(entry, begun, place)
        usual = spec.output if same else USUAL[kind]
        output = st.selectbox(
            "Score explained",
            list(OUTPUTS),
            list(OUTPUTS).index(usual),
            format_func=lambda output: OUTPUTS[output].capitalize(),
            help="What the map's numbers are changes of.",
            key=f"{place}/output",
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
    if not (pressed or subject.now or made or _just_turned(same)):
        return None
    question = Question(
        kind=kind,
        model=model,
        method=method,
        params=_unlike(params, begun.get("by", "word"), new=subject.new),
        output=output,
        seed=int(seed),
        target=(target.strip() or None) if pressed else None,  # another input has other classes
    )
    return Wish(subject.asset(), question)


def _turned() -> None:
    """Whoever turns from pictures to texts, or back, sees one explained at once."""
    st.session_state["turned"] = True


def _just_turned(same: bool) -> bool:
    return bool(st.session_state.pop("turned", False)) and not same


def _unlike(params: dict[str, Any], by: str, *, new: bool) -> dict[str, Any]:
    """Units that the user left alone are chosen anew for a new text: by sentence where it is long."""
    return {k: v for k, v in params.items() if not (new and k == "by" and v == by)}


def _picture(desk: Service, owner: str, current: Explanation | None) -> Subject:
    name = None if current is None else desk.asset(owner, current.asset).name
    sent = components.drop(desk.settings.max_upload_bytes, key="drop")
    shown = next((e.name for e in EXAMPLES.values() if e.title == name), None)
    chosen = components.gallery(
        [
            {"name": e.name, "title": e.title, "note": e.note, "image": f"/api/v1/examples/{e.name}/image"}
            for e in EXAMPLES.values()
        ],
        shown,
        key="examples",
    )
    if sent is not None:
        return Subject(lambda: sent, now=True)
    if chosen is not None and chosen != shown:
        return Subject(lambda: desk.example(owner, chosen).id, now=True)
    if current is None:
        return Subject(lambda: desk.example(owner, FIRST).id)
    return Subject(lambda: current.asset, new=False)


def _text(desk: Service, owner: str, current: Explanation | None, key: str) -> Subject:
    written = "" if current is None else desk.asset_data(owner, current.asset, "text").decode()
    typed = st.text_area(
        "Text",
        written,
        height=150,
        max_chars=desk.settings.max_text_chars,
        placeholder="Type or paste a text",
        help="Any language and any writing. Ctrl+Enter, or Explain below, explains it.",
        key=f"{key}/text",
    )
    with st.container(horizontal=True, gap="xsmall"):
        clicked = [
            sample for sample in SAMPLES if st.button(sample.title, help=sample.text, key=f"sample/{sample.title}")
        ]
    if clicked:
        (sample,) = clicked
        return Subject(lambda: desk.upload_text(owner, sample.text, sample.title).id, now=True)
    if current is not None and typed == written:
        return Subject(lambda: current.asset, new=False)
    if current is None and not typed:
        return Subject(lambda: desk.upload_text(owner, SAMPLES[0].text, SAMPLES[0].title).id)
    return Subject(lambda: desk.upload_text(owner, typed or "", TYPED).id)


def _model(desk: Service, owner: str, kind: Kind, first: str, key: str) -> tuple[str, fits.Verdicts, bool]:
    """The model, what suits it, and whether the user has just made it."""
    own = names(desk, owner, kind)
    cards = [card["name"] for card in desk.cards() if card["kind"] == kind]
    if head_id(first) is not None and first not in own:  # deleted since it was asked
        first = desk.settings.usual_model(kind)
    listed = list(dict.fromkeys([first, *cards, *own]))
    model = str(
        st.selectbox(
            "Model",
            listed,
            format_func=lambda name: own.get(name, name),
            accept_new_options=kind == "image",
            help=LISTED[kind],
            key=f"{key}/model",
        )
    )
    made = heads.draw(desk, owner, f"{key}/head") if kind == "text" else None
    if made is not None:
        return made, {}, True
    for head in desk.heads(owner) if model in own else ():
        if head.model == model:
            st.caption(heads.told(head))
            if st.button("Delete these labels", type="tertiary", icon=":material/delete:", key=f"{key}/delete"):
                desk.delete_head(owner, head.id)
                st.session_state.pop(f"{key}/model", None)
                st.rerun()
    return model, fits.known(desk, owner, model, listed=model in listed), False


def _method(verdicts: fits.Verdicts, kind: Kind, current: str, key: str) -> str:
    """Those that can be run. One chosen before the model was stays, so that its reason can be read."""
    place = f"{key}/method"
    known = [method.name for method in registry.list_methods(kind)]
    chosen = st.session_state.get(place, current)
    if chosen not in known:
        chosen = known[0] if "rise" not in known else "rise"
    methods = [n for n in known if n == chosen or verdicts.get(n, fits.VALID)["status"] != "impossible"]
    return st.selectbox(
        "Method", methods, methods.index(chosen), format_func=lambda name: fits.label(name, verdicts), key=place
    )
