"""How good the concepts are: each number with what it means and which direction is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Measure:
    """`control` names the number beside which it is read."""

    field: str
    title: str
    form: str
    meaning: str
    better: str
    control: str | None = None


MEASURES = (
    Measure(
        "error", "Left out", "{:.0%}", "What the concepts do not reproduce, of an activation\u2019s length.", "lower"
    ),
    Measure("agreement", "Same answers", "{:.0%}", "Pictures decided alike when only concepts are kept.", "higher"),
    Measure("stability", "Found again", "{:.2f}", "How like the concepts of two random halves are; 1: same.", "higher"),
    Measure("sparsity", "Sparsity", "{:.0%}", "Amounts that are zero: how few concepts a place needs.", "higher"),
    Measure("fidelity", "Fidelity", "{:.2f}", "Do importances foretell what the logit loses? 1: exactly.", "higher"),
    Measure(
        "deletion",
        "Deletion",
        "{:.2f}",
        "Mean logit while concepts go, the most important first.",
        "lower",
        "deletion_random",
    ),
    Measure(
        "insertion",
        "Insertion",
        "{:.2f}",
        "Mean logit while concepts come, the most important first.",
        "higher",
        "insertion_random",
    ),
    Measure("frechet", "Fr\u00e9chet distance", "{:.3g}", "From activations to what concepts make of them.", "lower"),
    Measure(
        "outlying", "Outlying", "{:.3g}", "How far reproduced activations lie from real ones; 1: as these.", "lower"
    ),
    Measure("dead", "Unused", "{:.0f}", "Concepts that no picture shows.", "lower"),
)
ARROWS = {"higher": "\u2191 higher is better", "lower": "\u2193 lower is better"}
COLUMNS = 3


def draw(quality: Mapping[str, float | None]) -> None:
    told = [measure for measure in MEASURES if quality.get(measure.field) is not None]
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
    """The number, and that of its control: orders of concepts drawn by chance."""
    value = measure.form.format(quality[measure.field]).replace("-", "\u2212")
    chance = None if measure.control is None else quality.get(measure.control)
    return (
        value if chance is None else f"{value} :small[(by chance {measure.form.format(chance)})]".replace("-", "\u2212")
    )
