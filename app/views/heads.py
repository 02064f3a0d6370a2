"""A user's own labels for texts: said in prompts or learned from a table, and what became of them."""

from __future__ import annotations

import streamlit as st

from app.failures import MENDABLE, RequestError
from app.service import Service
from app.storage.heads import OwnedHead
from app.views.names import plain

WAYS = {"prompts": "Prompts", "table": "Labelled texts"}
PROMPTS = "praise: a great film | I loved it\nblame: a bad film | I hated it"
ROWS = "text,label\nI loved every minute,praise\nDull and far too long,blame"


def draw(desk: Service, owner: str, key: str) -> str | None:
    """The model just made, once a button says so."""
    with st.expander("Own labels"):
        how = st.radio("Made from", list(WAYS), format_func=WAYS.__getitem__, horizontal=True, key=f"{key}/how")
        name = st.text_input("Name", placeholder="My labels", max_chars=80, key=f"{key}/name")
        encoders = [card["name"] for card in desk.cards() if card["kind"] == "text"]
        usual = desk.settings.text_model
        base = (
            st.selectbox("Encoder", encoders, encoders.index(usual), key=f"{key}/base") if len(encoders) > 1 else usual
        )
        if how == "prompts":
            lines = st.text_area(
                "Labels with prompts",
                placeholder=PROMPTS,
                height=120,
                help="A line for each label: the label, a colon, and sentences that mean it, with | between them.",
                key=f"{key}/prompts",
            )
        else:
            sent = st.file_uploader(
                "CSV or TSV",
                type=["csv", "tsv", "txt"],
                help="A column of texts and one of labels, as text and label in a header or in this order.",
                key=f"{key}/table",
            )
            pasted = st.text_area("\u2026 or paste the rows", placeholder=ROWS, height=120, key=f"{key}/rows")
        if not st.button("Use these labels", width="stretch", key=f"{key}/make"):
            return None
        try:
            if how == "prompts":
                return desk.prompt_head(owner, name or "My labels", base, prompts(lines)).model
            table = sent.getvalue() if sent is not None else pasted.encode()
            if len(table) > desk.settings.max_upload_bytes:
                raise RequestError(f"The table is larger than {desk.settings.max_upload_bytes:,} bytes, the limit.")
            with st.spinner("Reading the texts; a thousand take about twenty seconds."):
                return desk.fit_head(owner, name or "My labels", base, table).model
        except MENDABLE as error:
            st.error(plain(str(error)))
            return None


def prompts(lines: str) -> dict[str, list[str]]:
    """`label: prompt | prompt`, a line each; a label alone is its own prompt. Raises RequestError."""
    found: dict[str, list[str]] = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        label, colon, told = (part.strip() for part in line.partition(":"))
        if not label or label in found:
            raise RequestError(f"Each line must begin with a label of its own; got {line!r:.60}")
        given = [prompt for part in told.split("|") if (prompt := part.strip())]
        if colon and not given:
            raise RequestError(f"The label {label!r:.60} needs a prompt after the colon, or no colon.")
        found[label] = given or [label]
    if len(found) < 2:
        raise RequestError("There must be two labels or more, a line for each.")
    return found


def told(head: OwnedHead) -> str:
    """What it is, in a line of Markdown."""
    made = head.definition
    labels = ", ".join(plain(label) for label in made.labels)
    if made.accuracy is None:
        return f"Labels: {labels}."
    short = f" Of {made.cut:,} the end was not read." if made.cut else ""
    return (
        f"Labels: {labels}. Fitted to {made.rows:,} texts; each answered while it was held out, "
        f"**{made.accuracy:.1%}** are right.{short}"
    )


def report(head: OwnedHead) -> None:
    """Its prompts, or how well it does on what was held out."""
    st.markdown(told(head))
    made = head.definition
    if made.prompts is not None:
        st.markdown("\n".join(f"- **{plain(k)}**: {'; '.join(map(plain, texts))}" for k, texts in made.prompts.items()))
    if made.confusion is not None:
        st.caption("Texts while they were held out: their label by row, the answer by column")
        rows = [
            {"label": label, **{f"\u2192 {answer}": n for answer, n in zip(made.labels, line, strict=True)}}
            for label, line in zip(made.labels, made.confusion, strict=True)
        ]
        st.dataframe(rows, hide_index=True, width="stretch")
