"""Why this and not that: a second class, and the margin of the first over it explained instead of its score alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from app.description import labels
from app.jobs.question import Question
from app.jobs.spec import JobSpec

NONE = "compared with no other class"


def draw(shown: dict[str, Any], target: int) -> Question | None:
    """The contrast asked for here: another rival, none any more, or the two classes swapped."""
    spec = JobSpec.from_dict(shown["spec"])
    named = labels(shown["look"])
    chances = {k: chance for k, _, chance in shown["look"].get("rivals", ())}
    rivals: list[int | str | None] = [None, *(k for k in chances if k != target)]
    key = f"{shown['id']}/{target}/against"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        against = st.selectbox(
            "Why not \u2026",
            rivals,
            rivals.index(spec.against) if spec.against in rivals else 0,
            format_func=lambda k: NONE if k is None else f"{named[k]} ({chances[k]:.1%})" if k in chances else str(k),
            accept_new_options=True,
            help="Explains the margin: the score of the class above minus that of the one chosen or typed here.",
            key=key,
        )
        swapped = spec.against is not None and st.button(
            "Swap", help="The same question the other way round.", key=f"{key}/swap"
        )
    if swapped:
        return replace(spec.question(target), target=spec.against, against=target)
    return replace(spec.question(target), against=against) if against != spec.against else None
