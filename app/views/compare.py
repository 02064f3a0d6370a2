"""The maps laid beside the explanation, what one can lay there, and how far they agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import comparison, components
from app.comparison import MOST, VARIED, Tile
from app.description import describe, labels, names
from app.failures import TOLD
from app.jobs.question import Question
from app.service import NOUNS, Service
from app.storage.explanations import Explanation
from app.tiles import called, drawn
from app.views import colours
from app.views.names import plain, title
from explainers import registry
from explainers.types import Kind

ROOT = "/api/v1"
STOPS = {"signed": colours.stops(signed=True), "unsigned": colours.stops(signed=False)}


def draw(desk: Service, owner: str, explanation: Explanation) -> None:
    """Draws the page anew when something was laid beside or taken away."""
    tiles = comparison.tiles(desk, owner, explanation)
    st.markdown("### Compare")
    kind = desk.run(explanation).spec.kind
    own, noun = names(desk, owner, kind), NOUNS[kind]
    st.caption(f"Up to {MOST} maps of this {noun} on one scale: other methods, classes, models, or one choice varied.")
    questions = _wish(desk, tiles, own)
    try:
        if questions:
            comparison.add(desk, owner, explanation, questions)
            st.rerun()
    except TOLD as error:
        st.error(plain(str(error)))
        explanation = desk.explanation(owner, explanation.id)
        tiles = comparison.tiles(desk, owner, explanation)
    if len(tiles) < 2:
        return
    removed = components.compare(shown(desk, tiles, own), key="compare")
    if removed is not None:
        kept = [(t.explanation.id, t.target) for t in tiles[1:] if called(t) != removed]
        comparison.lay(desk, owner, explanation, kept)
        st.rerun()


def shown(desk: Service, tiles: list[Tile], own: Mapping[str, str]) -> dict[str, Any]:
    """What the component draws; `own` are the names of the user's classifiers."""
    first = tiles[0].explanation
    beside = "&".join(f"with={called(tile)}" for tile in tiles[1:])
    parts = [part | _where(desk, tile) for part, tile in zip(drawn(desk, tiles, own), tiles, strict=True)]
    return {
        "tiles": [parts[0], *(part | {"removable": True} for part in parts[1:])],
        "stops": STOPS,
        "agreement": f"{ROOT}/explanations/{first.id}/agreement?{beside}",
    }


def _where(desk: Service, tile: Tile) -> dict[str, Any]:
    """Addresses of its parts."""
    told = describe(desk, tile.explanation)
    here = f"{ROOT}/explanations/{tile.explanation.id}"
    url = told["maps"].get(str(tile.target))
    return {
        "input": f"{ROOT}/{told['input']}",
        "map": url and f"{ROOT}/{url}",
        "self": here,
        "root": ROOT,
        "events": f"{here}/events",
        "preview": f"{here}/preview",
    }


def _wish(desk: Service, tiles: list[Tile], own: Mapping[str, str]) -> list[Question]:
    """What the user wants to see beside it, once a button says so."""
    first = tiles[0]
    key, kind = f"{first.explanation.id}/compare", first.spec.kind
    has = {param.name for param in registry.method(first.spec.method, kind).schema}
    with st.container(horizontal=True):
        with st.popover("Add maps", key=f"{key}/{len(tiles)}"):  # another one, closed, once maps were added
            named = labels(first.run.look)
            every = [method.name for method in registry.list_methods(kind)]
            methods = st.multiselect("Methods", every, format_func=title, placeholder="this one", key=f"{key}/methods")
            targets = st.multiselect(
                "Classes",
                [k for k in named if k != first.spec.against],
                format_func=named.__getitem__,
                placeholder="this one",
                key=f"{key}/classes",
            )
            models = st.multiselect(
                "Models",
                list(dict.fromkeys([first.spec.model, *_cards(desk, kind), *own])),
                format_func=lambda name: own.get(name, name),
                accept_new_options=kind == "image",
                placeholder="this one",
                key=f"{key}/models",
            )
            pressed = st.button("Add every combination", type="primary", key=f"{key}/add")
        varied = [name for name, label in VARIED.items() if name in has and st.button(label, key=f"{key}/{name}")]
    if pressed:
        return list(comparison.crossed(first, methods, targets, models))
    return [question for name in varied for question in comparison.variations(first, name)]


def _cards(desk: Service, kind: Kind) -> list[str]:
    return [card["name"] for card in desk.cards() if card["kind"] == kind]
