"""What the user can mend, said in the place where it happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from app.failures import TOLD
from app.views.names import plain


@contextmanager
def telling() -> Iterator[None]:
    """The page goes on after what is within has failed."""
    try:
        yield
    except TOLD as error:
        st.error(plain(str(error)))
