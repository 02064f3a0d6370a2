"""The map as a table: its regions or words ranked, for whoever cannot see colours or wants numbers to quote."""

from __future__ import annotations

from itertools import islice

import numpy as np
import streamlit as st

from app.export.table import strongest
from app.service import Service
from app.storage import codec
from app.storage.explanations import Explanation
from explainers.types import Attribution

ROWS = 10


def draw(desk: Service, owner: str, explanation: Explanation) -> None:
    """Of the class looked at."""
    run = desk.run(explanation)
    target = explanation.view["target"]
    if run.result is None:
        return
    part = desk.blob(owner, explanation.id, run.result["blobs"][str(target)])
    table(codec.decode(run.result, target, part), run.look["by"] if run.spec.kind == "text" else None)


def table(attribution: Attribution, unit: str | None) -> None:
    """An expander with the strongest regions, or with every unit of a text."""
    with st.expander("Strongest regions, as a table" if unit is None else f"Every {unit} by strength, as a table"):
        rows = ranked(attribution) if unit is None else words(attribution)
        st.dataframe(rows, hide_index=True, width="stretch")


def ranked(attribution: Attribution) -> list[dict[str, object]]:
    """Mean value of each cell of a 7 × 7 grid, the largest first; place counted from the top left."""
    return [
        {
            "Rank": rank,
            "Row": row + 1,
            "Column": column + 1,
            "Mean value": mean,
            "Says": "for" if mean > 0 else "against",
        }
        for rank, (row, column, mean) in enumerate(islice(strongest(attribution.values), ROWS), 1)
    ]


def words(attribution: Attribution) -> list[dict[str, object]]:
    """Every word with its value, the largest first; place counted from the beginning."""
    order = np.argsort(-np.abs(attribution.values), kind="stable")
    rows: list[dict[str, object]] = [
        {
            "Rank": rank,
            "Word": attribution.words[i].text,
            "Place": int(i) + 1,
            "Value": float(attribution.values[i]),
            "Says": "for" if attribution.values[i] > 0 else "against",
        }
        for rank, i in enumerate(order, 1)
    ]
    if attribution.stderr is not None:
        for row, i in zip(rows, order, strict=True):
            row["Standard error"] = float(attribution.stderr[i])
    return rows
