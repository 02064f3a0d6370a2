"""The explanation on the page: headline, map, classes, and the sentence that says what one is looking at."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import components, notes
from app.description import describe, judged, labels, names, rival
from app.export.edits import formats as of_edits
from app.service import Service
from app.storage.explanations import Explanation
from app.storage.heads import OwnedHead
from app.views import colours, compare, contrast, export, heads, regions, share
from app.views.names import absence, plain, scored, title
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
        export.draw(desk, owner, explanation, ready=shown["result"] is not None)
        share.draw(desk, owner, explanation)
    own = names(desk, owner, shown["kind"])
    st.markdown(sentence(shown, named[target], probabilities[target], own.get(shown["spec"]["model"])))
    own_acts = acts(shown) | {"notes": notes.of_explanation(desk, owner, explanation.id)}
    left, right = st.columns([3, 2], gap="large")
    with left:
        if shown["kind"] == "text":
            finished, again = components.tokens(words(shown, target, named[target]) | own_acts, key="tokens")
        else:
            finished, again = components.map_view(pixels(shown, target, named[target]) | own_acts, key="map")
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
        own_head = next((head for head in desk.heads(owner) if head.model == look["card"]["name"]), None)
        card(look, own_head)
    with st.container():  # also without them: what is below stays what it is
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


def sentence(shown: dict[str, Any], label: str, probability: float, model: str | None = None) -> str:
    """What one is looking at: model, class, method, baseline, seed. `model` where it is called otherwise."""
    spec, kind = shown["spec"], shown["kind"]
    parts = [f"{title(spec['method'])} on **{plain(model or spec['model'])}**", f"seed {spec['seed']}"]
    explainer: Explainer = registry.build(spec["method"], spec["params"], kind)
    if compared := absence(explainer, kind, shown["look"]["by"] if kind == "text" else None):
        parts.insert(1, compared)
    forwards = (shown["result"] or {}).get("meta", {}).get("forwards")
    if forwards:
        parts.append(f"{forwards:,} forwards")
    told = f"The model gives **{plain(label)}** a probability of **{probability:.1%}**"
    against = rival(shown)
    if against is not None:
        chance = next(chance for k, _, chance in shown["look"]["rivals"] if k == spec["against"])
        told += f" and **{plain(against)}** one of **{chance:.1%}**; the map shows what decides between them"
    return f"{told}. " + ", ".join(parts) + "."


def pixels(shown: dict[str, Any], target: int, label: str) -> dict[str, Any]:
    """What is drawn of a picture, for whoever sees it."""
    against = rival(shown)
    return _drawn(shown, target, label) | {
        "here": f"/api/v1/explanations/{shown['id']}",
        "alt": f"Map of the evidence for {label}{'' if against is None else f' rather than {against}'} over the "
        "picture as the model sees it. Arrow keys read values.",
    }


def words(shown: dict[str, Any], target: int, label: str) -> dict[str, Any]:
    """Offsets only: the text itself is where `input` says."""
    look, result = shown["look"], shown["result"]
    against = rival(shown)
    phrases = (result or {}).get("meta", {}).get("interactions")
    return _drawn(shown, target, label) | {
        "spans": [[start, end] for _, start, end in look["words"]],
        "cut": look["cut"],
        "by": look["by"],
        "phrases": phrases and [[p["first"], p["last"], p["signed"][str(target)]] for p in phrases],
        "alt": f"The text, with the evidence of each {look['by']} for {label}"
        f"{'' if against is None else f' rather than {against}'}.",
    }


def acts(shown: dict[str, Any]) -> dict[str, Any]:
    """What its owner can do with it: what has no address cannot be done."""
    here = f"/api/v1/explanations/{shown['id']}"
    return {act: f"{here}/{act}" for act in ("events", "preview", "cancel", "probe", "pairs")} | {
        "asked": shown["progress"]["asked"],
        "noting": f"{here}/notes",
        "exports": [[format.suffix, format.about] for format in of_edits.FORMATS],  # of what is painted and kept
    }


def _drawn(shown: dict[str, Any], target: int, label: str) -> dict[str, Any]:
    """What pictures and texts have in common."""
    result, spec = shown["result"], shown["spec"]
    signed = True if result is None else result["signed"]
    url = shown["maps"].get(str(target))
    unit = registry.build(spec["method"], spec["params"], shown["kind"]).unit
    return {
        "id": shown["id"],
        "state": shown["progress"]["state"],
        "error": shown["progress"]["error"],
        "input": f"/api/v1/{shown['input']}",
        "map": url and f"/api/v1/{url}",
        "target": target,
        "signed": signed,
        "stops": colours.stops(signed=signed),
        "unit": unit.replace("{score}", scored(spec["output"], label, rival(shown))),
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


def card(look: dict[str, Any], own: OwnedHead | None = None) -> None:
    """The model's; of a classifier of one's own its report too."""
    card = look["card"]
    with st.expander("Model card", expanded=own is not None):
        if own is not None:
            heads.report(own)
        if card["kind"] == "text":
            st.markdown(_reads(card, own.name if own else card["name"], sorted(labels(look).values())))
        else:
            st.markdown(_sees(card))
            st.caption(
                "A wrong mean or standard deviation costs accuracy without any error: check them against training."
            )


def _sees(card: dict[str, Any]) -> str:
    h, w = card["size"]
    return (
        f"**{plain(card['name'])}** sees {w} × {h} pixels: the picture beside is what it sees.\n\n"
        f"- Resize and crop: {card['resize'][1]} × {card['resize'][0]}, {card['fit']}, {card['interpolation']}, "
        f"then the centre\n"
        f"- Mean: {_numbers(card['mean'])}\n- Standard deviation: {_numbers(card['std'])}\n" + _origin(card)
    )


def _reads(card: dict[str, Any], name: str, classes: list[str]) -> str:
    warm = card["temperature"]
    told = "" if warm is None else f"- Compares with prompts: similarity divided by a temperature of {warm:g}\n"
    return (
        f"**{plain(name)}** reads up to {card['limit']:,} tokens.\n\n"
        f"- Labels: {', '.join(map(plain, classes))}\n{told}{_origin(card)}"
    )


def _origin(card: dict[str, Any]) -> str:
    return (
        f"- Licence: {plain(card['licence'])}\n- Source: {plain(card['source'])}\n"
        f"- Weights: `{(card['digest'] or 'unknown')[:16]}`"
    )


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)
