"""What the graph's words mean: definitions of ours, so they are said where the graph is seen."""

from __future__ import annotations

import streamlit as st

TEXT = """
- **Importance.** Of each picture, how much each concept adds to the class\u2019s logit, divided by the sum of the
  absolute values: signed shares, so that pictures are compared by what decides them and not by how sure the model is.
- **Strategies** are groups found in these shares, never in the drawing: a mixture of normal distributions with one
  covariance, as many as BIC wants, joined where they overlap. Very small groups belong to no strategy and are grey.
- **The drawing** is t-SNE. Neighbours are alike; distances between groups, and their sizes on the plane, mean nothing.
- **Prevalence** is the strategy\u2019s part of the class\u2019s pictures; a node\u2019s area shows it.
- **Answered right** is the part of its pictures whose label is the model\u2019s answer, with 95 % limits (Wilson).
  Hollow marks are pictures answered wrong. Without labels, nobody knows.
- **Lines** join strategies with more mutual neighbours than 95 % of 200 random labellings have.
- **A concept switched off** is taken out of the layer\u2019s activations; what the concepts do not explain stays.
  The grey band is where 20 random directions of the same length at every place lead.
"""


def draw() -> None:
    with st.expander("How this is defined"):
        st.markdown(TEXT)
