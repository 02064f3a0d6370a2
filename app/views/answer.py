"""The explanation on the page: headline, map, classes, and the sentence that says what one is looking at."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import components
from app.description import describe, judged, labels, rival
from app.service import Service
from app.storage.explanations import Explanation
from app.views import colours, compare, contrast, regions
from app.views.names import BASELINES, plain, scored, title
from explainers import registry
from explainers.types import Explainer


def draw(desk: Service, owner: str, explanation: Explanation) -> Explanation | None:
    """Draw; returns an explanation to go to when the user asked for one here."""
    shown = describe(desk, explanation)
    target: int = explanation.view["target"]
    look = shown["look"]
    named, against = labels(look), rival(shown)
    probabilities = dict(zip(look["classes"], look["probabilities"], strict=True))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(heading(named[target], against), width="stretch")
        components.copy_link(f"/?e={explanation.id}", key="link")
    st.markdown(sentence(shown, named[target], probabilities[target]))
    left, right = st.columns([3, 2], gap="large")
    with left:
        finished, again = components.map_view(_map(shown, target, named[target]), key="map")
    with right:
        st.markdown("### Can this map be trusted?")
        components.trust(_trust(desk, owner, explanation, shown), key="trust")
        st.markdown("### What the model answers")
        clicked = components.classes(
            [{"target": k, "label": named[k], "probability": probabilities[k]} for k in look["classes"]],
            target,
            key="classes",
        )
        contrasted = contrast.draw(shown, target)
        _card(look["card"])
    if shown["result"] is not None:
        regions.draw(desk, owner, explanation)
    if clicked is not None and clicked != target:
        desk.look_at(owner, explanation.id, clicked)
        return explanation
    compare.draw(desk, owner, explanation)
    if contrasted is not None:
        return desk.ask(owner, explanation.asset, contrasted)
    if again == explanation.id:
        return desk.again(owner, explanation.id)
    return explanation if finished == explanation.id and shown["result"] is None else None


def heading(label: str, against: str | None) -> str:
    """The question, in Markdown."""
    return f"## Why {plain(label)}?" if against is None else f"## Why {plain(label)} and not {plain(against)}?"


def sentence(shown: dict[str, Any], label: str, probability: float) -> str:
    """What one is looking at: model, class, method, baseline, seed."""
    spec = shown["spec"]
    parts = [f"{title(spec['method'])} on **{plain(spec['model'])}**", f"seed {spec['seed']}"]
    explainer: Explainer = registry.build(spec["method"], spec["params"])
    if explainer.absence:
        parts.insert(1, explainer.absence.format(baseline=BASELINES.get(str(explainer.as_dict().get("baseline")))))
    forwards = (shown["result"] or {}).get("meta", {}).get("forwards")
    if forwards:
        parts.append(f"{forwards:,} forwards")
    told = f"The model gives **{plain(label)}** a probability of **{probability:.1%}**"
    against = rival(shown)
    if against is not None:
        chance = next(chance for k, _, chance in shown["look"]["rivals"] if k == spec["against"])
        told += f" and **{plain(against)}** one of **{chance:.1%}**; the map shows what decides between them"
    return f"{told}. " + ", ".join(parts) + "."


def _map(shown: dict[str, Any], target: int, label: str) -> dict[str, Any]:
    here = f"/api/v1/explanations/{shown['id']}"
    result = shown["result"]
    signed = True if result is None else result["signed"]
    spec = shown["spec"]
    against = rival(shown)
    score = scored(spec["output"], label, against)
    url = shown["maps"].get(str(target))
    return {
        "id": shown["id"],
        "state": shown["progress"]["state"],
        "error": shown["progress"]["error"],
        "input": f"/api/v1/{shown['input']}",
        "map": url and f"/api/v1/{url}",
        "events": f"{here}/events",
        "preview": f"{here}/preview",
        "cancel": f"{here}/cancel",
        "target": target,
        "signed": signed,
        "stops": colours.stops(signed=signed),
        "unit": registry.build(spec["method"], spec["params"]).unit.replace("{score}", score),
        "alt": f"Map of the evidence for {label}{'' if against is None else f' rather than {against}'} over the "
        "picture as the model sees it. Arrow keys read values.",
    }


def _trust(desk: Service, owner: str, explanation: Explanation, shown: dict[str, Any]) -> dict[str, Any]:
    """Asked for by being looked at: whoever sees a map sees whether it can be trusted."""
    run = desk.judgement(explanation)
    if run is None and shown["progress"]["state"] == "done":
        run = desk.judge(owner, explanation.id)
    here = f"/api/v1/explanations/{explanation.id}/trust"
    return {
        "url": here,
        "events": f"{here}/events",
        "target": explanation.view["target"],
        "judgement": None if run is None else judged(desk, run),
    }


def _card(card: dict[str, Any]) -> None:
    with st.expander("Model card"):
        h, w = card["size"]
        st.markdown(
            f"**{plain(card['name'])}** sees {w} × {h} pixels: the picture beside is what it sees.\n\n"
            f"- Resize and crop: {card['resize'][1]} × {card['resize'][0]}, {card['fit']}, {card['interpolation']}, "
            f"then the centre\n"
            f"- Mean: {_numbers(card['mean'])}\n- Standard deviation: {_numbers(card['std'])}\n"
            f"- Licence: {plain(card['licence'])}\n- Source: {plain(card['source'])}\n"
            f"- Weights: `{(card['digest'] or 'unknown')[:16]}`"
        )
        st.caption("A wrong mean or standard deviation costs accuracy without any error: check them against training.")


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)
