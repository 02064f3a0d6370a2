"""Every typed field has a widget; one without is refused."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.views import form
from explainers import list_methods
from explainers.params import Param


def page(method: str, current: dict[str, Any]) -> AppTest:
    def script(method: str, current: dict[str, object]) -> None:
        import streamlit as st

        from app.views import form
        from explainers import registry

        st.session_state["values"] = form.draw(registry.method(method), current, "key")

    return AppTest.from_function(script, args=(method, current), default_timeout=30).run()


@pytest.mark.parametrize("method", [method.name for method in list_methods("image")])
def test_every_field_of_every_method_has_a_widget(method: str) -> None:
    at = page(method, {})
    assert not at.exception
    entry = next(m for m in list_methods() if m.name == method)
    assert at.session_state["values"] == entry.parameters().as_dict()
    for param in entry.schema:
        key = f"key/{method}/{param.name}"
        (widget,) = [w for kind in (at.selectbox, at.toggle, at.number_input) for w in kind if w.key == key]
        assert widget.help == param.help
        if param.choices:
            assert widget.options == [str(choice) for choice in param.choices]
        elif param.range is not None:
            assert (widget.min, widget.max) == (param.range.low, param.range.high)


@pytest.mark.parametrize("method", [method.name for method in list_methods("image")])
def test_a_form_begins_where_the_explanation_is(method: str) -> None:
    entry = next(m for m in list_methods() if m.name == method)
    edge: dict[str, Any] = {param.name: param.choices[-1] for param in entry.schema if param.choices}
    edge |= {param.name: param.type(param.range.high) for param in entry.schema if param.range}
    at = page(method, edge)
    assert not at.exception
    assert at.session_state["values"] == edge


def test_a_changed_widget_is_read() -> None:
    at = page("rise", {})
    at.number_input(key="key/rise/n_masks").set_value(128).run()
    at.selectbox(key="key/rise/baseline").select("blur").run()
    assert not at.exception
    values = at.session_state["values"]
    assert (values["n_masks"], values["baseline"], values["cells"]) == (128, "blur", 8)


@pytest.mark.parametrize("kind", [str, list, bytes, complex])
def test_a_field_without_a_widget_is_refused(kind: type) -> None:
    with pytest.raises(TypeError, match=f"no widget for parameter odd: {kind.__name__}"):
        form._widget(Param("odd", kind, kind(), help="?"), kind(), "key")


def test_a_number_without_limits_is_refused() -> None:
    with pytest.raises(TypeError, match="no widget for parameter odd: int"):
        form._widget(Param("odd", int, 3, help="?"), 3, "key")
