"""What a link shows, read only: the components of its owner's page, told of nothing that can be done."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import components
from app.access.identity import Identity
from app.description import labels, rival
from app.failures import NotFoundError
from app.service import Service
from app.sharing import shares
from app.storage import codec
from app.storage.shares import Share
from app.views import answer, compare, notice, regions
from app.views.concepts import study
from app.views.share import until
from app.views.telling import telling

ROOT = "/api/v1"


def draw(desk: Service, who: Identity, id: str) -> None:
    """Looked up anew in every run: what was taken back meanwhile is gone."""
    try:
        share = shares.get(desk, who, id)
    except NotFoundError:
        notice.gone()
        return
    _banner(desk, who, share)
    shown = shares.describe_share(share)
    if share.kind == "concepts":
        st.markdown(study.heading(shown))
        st.markdown(study.sentence(shown))
        study.sections(shown, {"here": f"{ROOT}/shares/{share.id}"})
    else:
        _explanation(desk, who, share, shown)


def _banner(desk: Service, who: Identity, share: Share) -> None:
    st.info(f"Shared by a link, read only, until {until(share.expires)}.", icon=":material/visibility:")
    if who.owner is None or not shares.can_copy(desk, share):
        return
    if st.button("Copy into my own session", icon=":material/content_copy:", key="copy"):
        with telling():
            own = shares.copy(desk, who, share.id)
            st.query_params.from_dict({"c" if share.kind == "concepts" else "e": own.id})
            st.rerun()


def _explanation(desk: Service, who: Identity, share: Share, shown: dict[str, Any]) -> None:
    look, shared = shown["look"], shown["view"]["target"]
    named = labels(look)
    target: int = st.session_state.get(share.id, shared)
    probabilities = dict(zip(look["classes"], look["probabilities"], strict=True))
    st.markdown(answer.heading(named[target], rival(shown)))
    st.markdown(answer.sentence(shown, named[target], probabilities[target], shown["called"]))
    left, right = st.columns([3, 2], gap="large")
    with left:
        if shown["kind"] == "text":
            components.tokens(answer.words(shown, target, named[target]) | {"notes": shown["notes"]}, key="tokens")
        else:
            more = {"notes": shown["notes"], "edits": _edits(shown)}
            components.map_view(answer.pixels(shown, target, named[target]) | more, key="map")
    with right:
        with st.container():  # also for another class, of which it says nothing: what is below stays what it is
            if shown["judgement"] is not None and target == shared:
                st.markdown("### Can this map be trusted?")
                components.trust({"target": target, "judgement": shown["judgement"]}, key="trust")
        st.markdown("### What the model answers")
        clicked = components.classes(
            [{"target": k, "label": named[k], "probability": probabilities[k]} for k in look["classes"]],
            target,
            key="classes",
        )
        answer.card(look)
    if clicked is not None and clicked != target and str(clicked) in shown["maps"]:
        st.session_state[share.id] = clicked  # of this visit only: the share stays as it is
        st.rerun()
    _, part = shares.blob(desk, who, share.id, share.snapshot["maps"][str(target)])
    unit = look["by"] if shown["kind"] == "text" else None
    regions.table(codec.decode(shown["result"], target, part), unit)
    beside = shown["compare"]
    if beside["tiles"]:
        st.markdown("### Compare")
        tiles = [tile | {part: f"{ROOT}/{tile[part]}" for part in ("input", "map")} for tile in beside["tiles"]]
        components.compare({"tiles": tiles, "stops": compare.STOPS, "agreed": beside["agreement"]}, key="compare")


def _edits(shown: dict[str, Any]) -> dict[str, Any] | None:
    edits: dict[str, Any] | None = shown["edits"]
    if edits is None:
        return None
    return edits | {"revisions": [each | {"planes": f"{ROOT}/{each['planes']}"} for each in edits["revisions"]]}
