"""The side bar of concepts: which pictures, model, class and method. Everything here asks something new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from app import components, concepts
from app.failures import MENDABLE
from app.jobs.asking import MOST_CONCEPTS, ConceptQuestion
from app.service import Service
from app.sets import image_sets
from app.sets.image_sets import ImageSet
from app.storage.concepts import Concepts
from app.views.names import EXTRACTORS, ROWS, WEIGHTS, plain
from explainers.concepts.discovery import FACTORIZERS
from explainers.concepts.importance import METHODS

COMMONEST = "the commonest"
BY = {"predicted": "predicted as", "labelled": "labelled as"}
EXTRACTS = {
    "nmf": "parts that add up",
    "semi_nmf": "parts of signed activations",
    "kmeans": "one prototype a place",
    "pca": "directions, with signs",
    "topk_autoencoder": "few of many, for 10,000 places and more",
    "ace": "groups of superpixels, which takes longest",
}


@dataclass(frozen=True)
class Wish:
    """What the user asks for next, and of which set."""

    image_set: str
    question: ConceptQuestion


def draw(desk: Service, owner: str, current: Concepts) -> Wish | None:
    """The wish, once a button has been pressed. A set just sent in is chosen, not yet studied."""
    run = concepts.run_of(desk, current)
    spec, key = run.spec, current.id
    sent = components.set_drop(desk.settings.max_set_bytes, key="setdrop")
    sets = {each.id: each for each in image_sets.listed(desk, owner)}
    if sent is not None and sent in sets:
        st.session_state[f"{key}/set"] = sent
    listed = list(sets) if current.image_set in sets else [current.image_set, *sets]
    image_set = st.selectbox(
        "Pictures",
        listed,
        listed.index(current.image_set),
        format_func=lambda id: called(sets[id]) if id in sets else f"{current.name} (deleted)",
        help="Folders of the operator are listed here as well as your own.",
        key=f"{key}/set",
    )
    cards = [card["name"] for card in desk.cards() if card["kind"] == "image"]
    models = list(dict.fromkeys([spec.model, *cards]))
    model = st.selectbox(
        "Model",
        models,
        accept_new_options=True,
        help="Names of torchvision and timm can be typed, like timm/resnet50, where their weights can be had.",
        key=f"{key}/model",
    )
    same = image_set == current.image_set and model == spec.model
    target, by = _class(run.result if same else None, spec.target, spec.by, f"{key}/{image_set}/{model}")
    wanted = _parameters(ConceptQuestion(model=model, target=target, by=by), spec.as_dict(), same, key)
    if image_set not in sets:
        st.caption("These pictures were deleted; what was found stays readable.")
        return None
    if model in models:
        st.caption(_cost(desk, owner, image_set, wanted))
    pressed = st.button("Find concepts", type="primary", width="stretch", shortcut="Ctrl+Enter", key="find")
    return Wish(image_set, wanted) if pressed else None


def called(each: ImageSet) -> str:
    return f"{each.name} ({each.images:,})"


def _class(found: Mapping[str, Any] | None, target: int | None, by: str, key: str) -> tuple[int | str | None, Any]:
    """From those the set has where they are known, else typed."""
    chosen: int | str | None
    if found is None:
        typed = st.text_input("Class", placeholder=COMMONEST, help="A label or index of the model.", key=f"{key}/class")
        chosen = typed.strip() or None
    else:
        labels = {entry["class"]: entry["label"] for entry in found["tally"]}
        known: list[int | None] = [None, *labels]
        chosen = st.selectbox(
            "Class",
            known,
            known.index(target) if target in labels else 0,
            format_func=lambda k: COMMONEST if k is None else labels[k],
            key=f"{key}/class",
        )
    chosen_by = st.radio(
        "Pictures that are", list(BY), list(BY).index(by), format_func=BY.__getitem__, horizontal=True, key=f"{key}/by"
    )
    return chosen, chosen_by


def _parameters(question: ConceptQuestion, spec: Mapping[str, Any], same: bool, key: str) -> ConceptQuestion:
    learners, weights = list(FACTORIZERS), list(METHODS)
    with st.expander("Parameters"):
        factorizer = st.selectbox(
            "Extractor",
            learners,
            learners.index(spec["factorizer"]),
            format_func=lambda name: f"{EXTRACTORS[name]}: {EXTRACTS[name]}",
            help="How activations are written as a few concepts.",
            key=f"{key}/factorizer",
        )
        n = st.number_input(
            "Concepts", 1, MOST_CONCEPTS, spec["n_concepts"], help="How many are looked for.", key=f"{key}/n"
        )
        layer = st.text_input(
            "Layer",
            spec["layer"] if same else "",
            placeholder="the model\u2019s own",
            help="A module of the network, as PyTorch names it. Late layers hold whole things, early ones textures.",
            key=f"{key}/{question.model}/layer",
        )
        rows: Any = "locations"
        if factorizer != "ace":  # it cuts pictures up by itself
            rows = st.selectbox(
                "Learnt from",
                list(ROWS),
                list(ROWS).index(spec["rows"]),
                format_func=ROWS.__getitem__,
                help="Crops are as published, and take about nine times as long.",
                key=f"{key}/rows",
            )
        importance = st.selectbox(
            "Importance",
            weights,
            weights.index(spec["importance"]),
            format_func=WEIGHTS.__getitem__,
            help="Where the head is linear, gradient × input is exact and equal to all but Sobol indices.",
            key=f"{key}/importance",
        )
        seed = st.number_input("Seed", 0, 2**31 - 1, spec["seed"], help="Same seed, same concepts.", key=f"{key}/seed")
    return replace(
        question,
        factorizer=factorizer,
        n_concepts=int(n),
        layer=layer.strip() or None,
        rows=rows,
        importance=importance,
        seed=int(seed),
    )


def _cost(desk: Service, owner: str, image_set: str, question: ConceptQuestion) -> str:
    """What pressing the button takes, in a sentence."""
    try:
        plan = concepts.plan(desk, owner, image_set, question)
    except MENDABLE as error:
        return f":red[{plain(str(error))}]"
    read = "all" if plan.cached == plan.images else f"{plan.cached:,} of them"
    known = f", {read} read before" if plan.cached else ""
    return f"About **{spell(plan.seconds)}** for {plan.images:,} pictures{known}."


def spell(seconds: float) -> str:
    return f"{max(round(seconds), 1)} s" if seconds < 90 else f"{round(seconds / 60)} min"
