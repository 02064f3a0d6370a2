"""Whether the concepts matter: each against random directions, and all together, once somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import concepts
from app.service import Service
from app.storage.concepts import Concepts
from app.views.concepts.once import once
from app.views.names import plain

ASK = "Try them against chance"


def draw(desk: Service, current: Concepts, found: Sequence[Mapping[str, Any]]) -> None:
    """A table, after a click: it takes some seconds. `found` are the study's concepts, in their order."""
    st.markdown("### Do they matter?")
    told = once(
        f"{current.id}/trials",
        ASK,
        ":material/casino:",
        "Fitting twenty vectors to each concept, and as many to random activations.",
        lambda: concepts.tried(desk, current.owner, current.id),
    )
    if told is None:
        st.caption("TCAV tests each concept\u2019s direction; completeness asks how much all of them decide.")
        return
    st.dataframe(
        [row(concepts.called(current, each["index"], rank), each["index"], told) for rank, each in enumerate(found)],
        hide_index=True,
        width="stretch",
    )
    st.markdown(sentence(told))
    st.caption(
        "**Rises**: the share of pictures whose logit rises towards the concept (TCAV). **Told apart**: how well a "
        "vector tells it from random activations, held out. **Matters**: it is told apart, and random directions do "
        "not do as much, with 5 % false discoveries over all concepts. **Share**: its Shapley value of completeness "
        "(ConceptSHAP), with a standard error."
    )


def row(name: str, index: int, told: Mapping[str, Any]) -> dict[str, str]:
    """Of the table; a dash where too few places show the concept, or nothing can be told."""
    found, whole = told["concepts"][index], told["completeness"]
    share = "\u2013"
    if whole is not None:
        share = f"{whole['shares'][index]:.2f} \u00b1 {whole['stderr'][index]:.2f}".replace("-", "\u2212")
    if found is None:
        return {"Concept": name, **dict.fromkeys(("Rises", "Told apart", "p", "Matters"), "\u2013"), "Share": share}
    return {
        "Concept": name,
        "Rises": f"{found['score']:.0%}",
        "Told apart": f"{found['accuracy']:.0%}",
        "p": f"{found['p']:.2g}",
        "Matters": "yes" if found["sound"] else "no more than chance",
        "Share": share,
    }


def sentence(told: Mapping[str, Any]) -> str:
    """How much all of them decide, in Markdown."""
    whole = told["completeness"]
    if whole is None:
        return f"Completeness cannot be told: {plain(told['note'])}."
    decided = "decided right" if whole["of"] == "labels" else "decided as the model does"
    return (
        f"From these concepts alone, {whole['accuracy']:.0%} of {whole['images']:,} pictures of all classes are "
        f"{decided}; from the whole layer {whole['model']:.0%}, from its mean {whole['nothing']:.0%}. "
        f"Completeness is **{whole['value']:.2f}**; that of as many random directions is {whole['random']:.2f}."
    )
