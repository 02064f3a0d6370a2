"""Which methods suit the chosen model: told before running, and while it is being found out nothing is ruled out."""

from __future__ import annotations

import streamlit as st

from app.failures import MENDABLE
from app.service import Service
from app.views.names import plain, title

SECONDS_BETWEEN_LOOKS = 1.0
VALID = {"status": "valid", "reason": ""}

Verdicts = dict[str, dict[str, str]]


def known(desk: Service, owner: str, model: str, *, listed: bool) -> Verdicts:
    """By method. A name that was only typed is not loaded for this: its weights may be far away."""
    if not listed:
        st.caption("Which methods suit this model is told once it has been asked something.")
        return {}
    try:
        found = desk.fits(model, owner)
    except MENDABLE as error:
        st.error(plain(str(error)))
        return {}
    if found is None:
        _wait(desk, owner, model)
        return {}
    return {fit["method"]: fit for fit in found}


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _wait(desk: Service, owner: str, model: str) -> None:
    try:
        waiting = desk.fits(model, owner) is None
    except MENDABLE:
        waiting = False  # the page tells it
    if not waiting:
        st.rerun()
    st.caption(":material/hourglass_top: Which methods suit this model is being checked.")


def label(method: str, verdicts: Verdicts) -> str:
    mark = {"approximate": " (approximate)", "impossible": " (not for this model)"}
    return title(method) + mark.get(verdicts.get(method, VALID)["status"], "")


def reason(method: str, verdicts: Verdicts) -> None:
    """Of the chosen one, below its description."""
    verdict = verdicts.get(method, VALID)
    if verdict["status"] == "impossible":
        st.warning(f"Not for this model: {plain(verdict['reason'])}.", icon=":material/block:")
    elif verdict["status"] == "approximate":
        st.info(f"Approximate here: {plain(verdict['reason'])}.", icon=":material/info:")


def ruled_out(verdicts: Verdicts) -> None:
    """Those that cannot be chosen, by what stands against them."""
    against: dict[str, list[str]] = {}
    for method, verdict in verdicts.items():
        if verdict["status"] == "impossible":
            against.setdefault(verdict["reason"], []).append(title(method))
    if against:
        lines = [f":material/block: {', '.join(names)}: {plain(why)}." for why, names in against.items()]
        st.caption("**Not for this model**  \n" + "  \n".join(lines))
