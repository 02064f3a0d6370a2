"""How good the concepts are: each number with what it means and which direction is better."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.views.concepts import qualities
from app.views.concepts.qualities import ARROWS, MEASURES, Measure

COLUMNS = 3


def draw(quality: Mapping[str, float | None]) -> None:
    told = qualities.told(quality)
    for first in range(0, len(told), COLUMNS):
        for column, measure in zip(st.columns(COLUMNS), told[first : first + COLUMNS], strict=False):
            with column.container(border=True, height="stretch"):
                st.markdown(
                    f"### {said(measure, quality)}\n**{measure.title}** :small[{ARROWS[measure.better]}]  \n"
                    f"{measure.meaning}"
                )
    missing = [measure.title.lower() for measure in MEASURES if measure not in told]
    if missing:
        st.markdown(f"Not measured here: {', '.join(missing)}.")


def said(measure: Measure, quality: Mapping[str, float | None]) -> str:
    """The number, and that of its control."""
    value, chance = qualities.value(measure, quality), qualities.chance(measure, quality)
    return value if chance is None else f"{value} :small[(by chance {chance})]"
