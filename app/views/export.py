"""Taking along as a file what is looked at: a picture, its numbers, a page, or a paragraph for a paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from app.export import finding, formats, methods
from app.export.format import Format
from app.export.studies import formats as of_studies
from app.export.studies import methods as study_methods
from app.export.studies.study import of_study
from app.service import Service
from app.storage.concepts import Concepts
from app.storage.explanations import Explanation

API = "/api/v1"


def draw(desk: Service, owner: str, current: Explanation, *, ready: bool) -> None:
    """A button; what it opens is made once it is open."""
    _menu(current.id, ready, lambda: _finding(desk, owner, current))


def study(desk: Service, owner: str, current: Concepts, *, ready: bool) -> None:
    """The same of a study."""
    _menu(current.id, ready, lambda: _study(desk, owner, current))


def _menu(id: str, ready: bool, offer: Callable[[], None]) -> None:
    popover = st.popover(
        "Export", icon=":material/download:", key=f"{id}/export", on_change="rerun", disabled=not ready
    )
    if popover.open and ready:
        with popover:
            offer()


def _finding(desk: Service, owner: str, current: Explanation) -> None:
    exported = finding.of_explanation(desk, owner, current.id)
    st.markdown(f"Of the class looked at, with model, weights, method and seed: key `{exported.spec.key[:8]}`.")
    _offer(formats.FORMATS[exported.spec.kind], f"{API}/explanations/{current.id}/exports", methods.paragraph(exported))


def _study(desk: Service, owner: str, current: Concepts) -> None:
    exported = of_study(desk, owner, current.id)
    st.markdown(f"With model, weights, layer, extractor and seed: key `{exported.spec.key[:8]}`.")
    _offer(of_studies.FORMATS, f"{API}/concepts/{current.id}/exports", study_methods.paragraph(exported))


def _offer(offered: Iterable[Format[Any]], here: str, paragraph: str) -> None:
    for format in offered:
        st.link_button(f"**{format.suffix.upper()}** \u2002{format.about}", f"{here}/{format.suffix}", width="stretch")
    st.markdown("**For a methods section**")
    st.code(paragraph, language=None, wrap_lines=True)
