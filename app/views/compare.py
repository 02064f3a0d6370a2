"""The maps laid beside the explanation, what one can lay there, and how far they agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import comparison, components
from app.comparison import MOST, VARIED, Tile
from app.description import describe, labels
from app.failures import MENDABLE, NotFoundError
from app.jobs.question import Question
from app.service import NOUNS, Service
from app.storage.explanations import Explanation
from app.views import colours, heads
from app.views.names import OUTPUTS, plain, scored, title
from explainers import registry
from explainers.types import Kind


def draw(desk: Service, owner: str, explanation: Explanation) -> None:
    """Draws the page anew when something was laid beside or taken away."""
    tiles = comparison.tiles(desk, owner, explanation)
    st.markdown("### Compare")
    kind = desk.run(explanation).spec.kind
    own, noun = heads.names(desk, owner, kind), NOUNS[kind]
    st.caption(f"Up to {MOST} maps of this {noun} on one scale: other methods, classes, models, or one choice varied.")
    questions = _wish(desk, tiles, own)
    try:
        if questions:
            comparison.add(desk, owner, explanation, questions)
            st.rerun()
    except (*MENDABLE, NotFoundError) as error:
        st.error(plain(str(error)))
        explanation = desk.explanation(owner, explanation.id)
        tiles = comparison.tiles(desk, owner, explanation)
    if len(tiles) < 2:
        return
    removed = components.compare(shown(desk, tiles, own), key="compare")
    if removed is not None:
        kept = [(t.explanation.id, t.target) for t in tiles[1:] if _name(t) != removed]
        comparison.lay(desk, owner, explanation, kept)
        st.rerun()


def shown(desk: Service, tiles: list[Tile], own: Mapping[str, str]) -> dict[str, Any]:
    """What the component draws; `own` are the names of the user's classifiers."""
    first = tiles[0].explanation
    beside = "&".join(f"with={_name(tile)}" for tile in tiles[1:])
    return {
        "tiles": [_tile(desk, tile, parts, own) for tile, parts in zip(tiles, comparison.captions(tiles), strict=True)],
        "stops": {"signed": colours.stops(signed=True), "unsigned": colours.stops(signed=False)},
        "agreement": f"/api/v1/explanations/{first.id}/agreement?{beside}",
    }


def _tile(desk: Service, tile: Tile, parts: list[str], own: Mapping[str, str]) -> dict[str, Any]:
    told = describe(desk, tile.explanation)
    root = "/api/v1"
    here = f"{root}/explanations/{tile.explanation.id}"
    spec = tile.spec
    unit = registry.build(spec.method, spec.params, spec.kind).unit
    look, named = tile.run.look, labels(tile.run.look)
    rival = None if spec.against is None else named[spec.against]
    url = told["maps"].get(str(tile.target))
    place: dict[str, Any]
    if spec.kind == "text":
        place = {"spans": [[start, end] for _, start, end in look["words"]], "cut": look["cut"]}
    else:
        box = comparison.box(desk, tile.explanation.owner, tile)
        place = {"box": [box.left, box.top, box.right, box.bottom]}
    return place | {
        "name": _name(tile),
        "title": parts[0],
        "differs": [own.get(part, part) for part in parts[1:]],
        "about": f"{tile.why} on {own.get(spec.model, spec.model)}",
        "state": told["progress"]["state"],
        "error": told["progress"]["error"],
        "input": f"{root}/{told['input']}",
        "map": url and f"{root}/{url}",
        "self": here,
        "root": root,
        "events": f"{here}/events",
        "preview": f"{here}/preview",
        "target": tile.target,
        "signed": True if told["result"] is None else told["result"]["signed"],
        "unit": unit.replace("{score}", scored(spec.output, named[tile.target], rival)),
        "family": unit.replace("{score}", f"the {OUTPUTS[spec.output]} of the map's class"),
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
    return [card["name"] for card in desk.pool.cards() if card["kind"] == kind]


def _name(tile: Tile) -> str:
    return f"{tile.explanation.id}.{tile.target}"
