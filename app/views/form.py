"""A method's typed fields as widgets: one match, so that a new kind of field is refused here and not half drawn."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explainers.params import Param, Range
from explainers.registry import Method


def draw(method: Method, current: dict[str, Any], key: str) -> dict[str, Any]:
    """Values of all parameters, beginning with `current`."""
    return {p.name: _widget(p, current.get(p.name, p.default), f"{key}/{method.name}/{p.name}") for p in method.schema}


def _widget(param: Param, value: Any, key: str) -> Any:
    label = param.name.replace("_", " ").capitalize()
    match param:
        case Param(choices=(_, *_)):
            return st.selectbox(label, param.choices, param.choices.index(value), help=param.help or None, key=key)
        case Param(type=t) if t is bool:
            return st.toggle(label, value, help=param.help or None, key=key)
        case Param(range=Range() as limits, type=t) if t is int:
            return st.number_input(label, int(limits.low), int(limits.high), value, help=param.help or None, key=key)
        case Param(range=Range() as limits, type=t) if t is float:
            step = (limits.high - limits.low) / 100
            return st.number_input(
                label, float(limits.low), float(limits.high), value, step, "%.3g", help=param.help or None, key=key
            )
        case _:
            raise TypeError(f"no widget for parameter {param.name}: {param.type.__name__}")
