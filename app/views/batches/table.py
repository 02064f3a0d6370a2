"""A batch on the page: what is asked of which pictures, and the table, which follows the batch by itself."""

from __future__ import annotations

import streamlit as st

from app import batches, components
from app.service import Service
from app.storage.batches import Batch
from app.views.names import OUTPUTS, plain, title
from explainers import registry


def draw(desk: Service, owner: str, current: Batch | None) -> int | None:
    """The number of a picture to be seen on the workbench."""
    if current is None:
        st.markdown("## Explain a whole set of pictures")
        st.markdown(
            "Choose or send pictures in the side bar, a model and a method, and press *Explain all*. Each picture is "
            "explained as it would be alone; the table grows as they are done, can be sorted, and taken along as CSV."
        )
        return None
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(heading(current), width="stretch")
        components.copy_link(f"/batch?b={current.id}", key="link")
    st.markdown(sentence(current))
    return components.batch(batches.describe(desk, batches.get(desk, owner, current.id)), key="batch")


def heading(batch: Batch) -> str:
    """What is asked of which pictures, in Markdown."""
    target = batch.question["target"]
    for_ = "" if target is None else f" for class {plain(str(target))}"
    return f"## {batch.images:,} pictures of {plain(batch.name)}, explained{for_}"


def sentence(batch: Batch) -> str:
    """Model, method, the parameters that are not as usual, score, seed."""
    asked = batch.question
    usual = {param.name: param.default for param in registry.method(asked["method"], "image").schema}
    unlike = {name: value for name, value in asked["params"].items() if value != usual.get(name)}
    parts = [
        f"{title(asked['method'])} on **{plain(asked['model'])}**",
        *(f"{plain(name.replace('_', ' '))} {plain(str(value))}" for name, value in unlike.items()),
        f"score: {OUTPUTS[asked['output']]}",
        f"seed {asked['seed']}",
    ]
    return ", ".join(parts) + "."
