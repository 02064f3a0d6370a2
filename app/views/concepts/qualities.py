"""What is measured of concepts: the words of the page and of what is exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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


def value(measure: Measure, quality: Mapping[str, float | None]) -> str:
    """The number."""
    return measure.form.format(quality[measure.field]).replace("-", "\u2212")


def chance(measure: Measure, quality: Mapping[str, float | None]) -> str | None:
    """That of its control, orders of concepts drawn by chance; None where it has none."""
    found = None if measure.control is None else quality.get(measure.control)
    return None if found is None else measure.form.format(found).replace("-", "\u2212")


def told(quality: Mapping[str, float | None]) -> list[Measure]:
    """Those that could be measured."""
    return [measure for measure in MEASURES if quality.get(measure.field) is not None]
