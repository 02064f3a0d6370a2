"""A study on the page: headline, what was studied, the classes there are, and its three sections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import components, concepts, notes
from app.jobs.concept_map import METHODS
from app.service import Service
from app.storage.concepts import Concepts
from app.views import colours, export, share
from app.views.concepts import definitions, measures, numbers, trials
from app.views.names import EXTRACTORS, ROWS, WEIGHTS, plain, title

API = "/api/v1/"
CHIPS = 12  # classes
QUALITY = "How good are these concepts?"


@dataclass(frozen=True)
class Asked:
    """What the user asked for here: another class, a picture in full, a concept taken apart, and so on."""

    target: int | None = None
    image: int | None = None
    apart: int | None = None
    again: bool = False
    finished: bool = False


def draw(desk: Service, owner: str, current: Concepts) -> Asked | None:
    shown = concepts.describe(desk, current) | {"notes": notes.of_study(desk, owner, current.id)}
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(heading(shown), width="stretch")
        with st.container(horizontal=True, width="content", vertical_alignment="center"):  # they stay together
            components.copy_link(f"/concepts?c={current.id}", key="link")
            export.study(desk, owner, current, ready=shown["result"] is not None)
            share.draw(desk, owner, current)
    st.markdown(sentence(shown))
    if shown["result"] is None:
        return _under_way(shown)
    another = _tally(shown)
    if another is not None:
        return Asked(target=another)
    asked = sections(shown, _acts(shown))
    if st.session_state["section"] == QUALITY:
        trials.draw(desk, current, shown["result"]["concepts"])
        if shown["spec"]["factorizer"] != "ace":  # it leaves out what is rare, and so has as many as there are
            numbers.draw(desk, current, shown["spec"]["n_concepts"])
    return asked


def sections(shown: Mapping[str, Any], acts: Mapping[str, Any]) -> Asked | None:
    """What was found; `acts` is what can be done with it."""
    section = st.radio(
        "Section", list(SECTIONS), horizontal=True, label_visibility="collapsed", key="section", bind="query-params"
    )
    return SECTIONS[section](shown, acts)


def heading(shown: Mapping[str, Any]) -> str:
    """The question, in Markdown."""
    found = shown["result"]
    if found is None:
        return f"## What does the model see in {plain(shown['set']['name'])}?"
    taken = "it takes for" if found["by"] == "predicted" else "labelled"
    return f"## What does the model see in {len(found['images']):,} pictures {taken} {plain(found['label'])}?"


def sentence(shown: Mapping[str, Any]) -> str:
    """Model, layer, extractor, images, seed."""
    spec, found = shown["spec"], shown["result"]
    parts = [
        f"**{plain(spec['model'])}** at layer **{plain(spec['layer'])}**",
        f"{spec['n_concepts']} concepts by {EXTRACTORS[spec['factorizer']]}",
        f"learnt from {'superpixels' if spec['factorizer'] == 'ace' else ROWS[spec['rows']]}",
        f"{shown['set']['images']:,} pictures of *{plain(shown['set']['name'])}*",
        f"seed {spec['seed']}",
    ]
    told = ", ".join(parts) + "."
    if found is None:
        return told
    exact = (
        "and add up to it exactly" if found["linear"] else "and need not add up, as the rest of the network is curved"
    )
    return f"{told} Shares of the logit are told by {WEIGHTS[spec['importance']]}, {exact}."


def _under_way(shown: Mapping[str, Any]) -> Asked | None:
    here = f"{API}concepts/{shown['id']}"
    told = shown["progress"]
    finished, again = components.progress(
        {
            "id": shown["id"],
            "state": told["state"],
            "asked": told["asked"],
            "error": told["error"],
            "events": f"{here}/events",
            "cancel": f"{here}/cancel",
            "noun": "Concepts",
        },
        key="progress",
    )
    if again == shown["id"]:
        return Asked(again=True)
    return Asked(finished=True) if finished == shown["id"] else None


def _tally(shown: Mapping[str, Any]) -> int | None:
    """The classes of the set as chips: another one is another study of pictures that were read already."""
    found = shown["result"]
    counted = "labelled" if found["by"] == "labelled" else "predicted"
    many = {entry["class"]: entry[counted] or 0 for entry in found["tally"]}
    labels = {entry["class"]: entry["label"] for entry in found["tally"]}
    target = found["target"]
    likely = sorted((k for k in many if many[k]), key=lambda k: -many[k])[:CHIPS]
    offered = likely if target in likely else [*likely, target]
    st.markdown("Pictures taken for" if counted == "predicted" else "Pictures labelled")
    chosen = None
    with st.container(horizontal=True, gap="xsmall"):
        for k in offered:
            name = f"{plain(labels.get(k, found['label']))} {many.get(k, len(found['images'])):,}"
            if st.button(name, type="primary" if k == target else "secondary", key=f"{shown['id']}/class/{k}"):
                chosen = k
    return chosen if chosen != target else None


def _acts(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What its owner can do with it: what is missing here cannot be done."""
    here = f"{API}concepts/{shown['id']}"
    return {
        "here": here,
        "naming": f"{here}/view",
        "noting": f"{here}/notes",
        "probe": f"{here}/probe",
        "explain": True,
        "maps": f"{here}/images",
        "methods": [[method, title(method)] for method in METHODS],
    }


def _data(shown: Mapping[str, Any], acts: Mapping[str, Any]) -> dict[str, Any]:
    """Addresses and notes: the findings themselves the components read where they are."""
    return {
        **acts,
        "root": API,
        "view": shown["view"],
        "notes": shown["notes"],
        "keys": colours.CATEGORICAL,
        "stops": {"signed": colours.DIVERGING, "unsigned": colours.SEQUENTIAL},
    }


def _concepts(shown: Mapping[str, Any], acts: Mapping[str, Any]) -> Asked | None:
    apart = components.concepts(_data(shown, acts), key="concepts")
    return None if apart is None else Asked(apart=apart)


def _strategies(shown: Mapping[str, Any], acts: Mapping[str, Any]) -> Asked | None:
    image = components.strategies(_data(shown, acts), key="strategies")
    definitions.draw()
    return None if image is None else Asked(image=image)


def _quality(shown: Mapping[str, Any], _: Mapping[str, Any]) -> None:
    measures.draw(shown["result"]["quality"])


SECTIONS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Asked | None]] = {
    "Concepts": _concepts,
    "Strategies": _strategies,
    QUALITY: _quality,
}
