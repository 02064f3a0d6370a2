"""Maps beside each other, on the page."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app import components
from app.comparison import tiles
from app.service import Service
from app.storage.explanations import Explanation
from tests.app.conftest import LABELS
from tests.app.inline import HeldPool
from tests.app.pages.test_workbench import ME, asked, click, given, opened
from tests.app.views.test_names import read

pytestmark = pytest.mark.usefixtures("as_in_production")

EXPLAINED = {"n_masks": 32, "cells": 4}


@pytest.fixture(autouse=True)
def _components_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has one component manager for its life; each run of AppTest has a new one."""
    monkeypatch.setattr(components, "_registered", components._registered.__wrapped__)


def drawn(at: AppTest) -> list[list[str]]:
    return [[tile["title"], *tile["differs"]] for tile in given(at, "compare")["tiles"]]


def pressed(explanation: Explanation, button: str) -> AppTest:
    at = opened(e=explanation.id)
    at.button(key=f"{explanation.id}/compare/{button}").click().run()
    assert not at.exception
    assert not at.error
    return at


def test_one_click_varies_the_baseline_and_the_link_restores_it(desk: Service) -> None:
    explanation = asked(desk)
    at = pressed(explanation, "baseline")
    wanted = [["RISE", f"baseline {name}"] for name in ("mean", "black", "blur")]
    assert drawn(at) == wanted
    shown = given(opened(e=explanation.id), "compare")
    assert shown == given(at, "compare")
    assert len({tile["map"] for tile in shown["tiles"]}) == 3
    assert {tile["family"] for tile in shown["tiles"]} == {"effect on the logit of the map's class of showing it"}
    laid = tiles(desk, ME, desk.explanation(ME, explanation.id))
    assert [tile.spec.params["baseline"] for tile in laid] == ["mean", "black", "blur"]
    assert {tile.spec.params["n_masks"] for tile in laid} == {32}
    # once more adds nothing
    assert drawn(pressed(explanation, "baseline")) == wanted


def test_layers_are_varied_where_there_are_layers(desk: Service) -> None:
    rise = asked(desk)
    at = opened(e=rise.id)
    assert [button.key for button in at.button if button.key == f"{rise.id}/compare/depth"] == []
    cam = asked(desk, method="grad_cam", params={})
    assert drawn(pressed(cam, "depth")) == [["Grad-CAM", f"depth {depth}"] for depth in (1, 2, 3)]


def test_methods_by_classes(desk: Service) -> None:
    explanation = asked(desk, params={**EXPLAINED, "baseline": "black"})
    target, other = desk.run(explanation).spec.classes[:2]
    at = opened(e=explanation.id)
    at.multiselect(key=f"{explanation.id}/compare/methods").select("rise").select("gradient_x_input")
    at.multiselect(key=f"{explanation.id}/compare/classes").select(target).select(other)
    at.button(key=f"{explanation.id}/compare/add").click().run()
    assert not at.exception
    assert not at.error
    assert drawn(at) == [
        ["RISE", LABELS[target]],
        ["RISE", LABELS[other]],
        ["Gradient × input", LABELS[target]],
        ["Gradient × input", LABELS[other]],
    ]
    laid = tiles(desk, ME, desk.explanation(ME, explanation.id))
    assert laid[1].run.key == laid[0].run.key, "another class needs no run of its own"
    assert {tile.spec.params["baseline"] for tile in laid} == {"black"}


def test_what_an_explanation_beside_shows_by_itself_stays(desk: Service) -> None:
    explanation, other = asked(desk), asked(desk, params={**EXPLAINED, "baseline": "black"})
    turned = desk.run(other).spec.classes[4]
    desk.look_at(ME, other.id, turned)
    pressed(explanation, "baseline")
    assert desk.explanation(ME, other.id).view == {"target": turned}


def test_one_is_taken_away(desk: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    explanation = asked(desk)
    at = pressed(explanation, "baseline")
    name = given(at, "compare")["tiles"][1]["name"]
    click(monkeypatch, "compare", name)
    at.run()
    assert not at.exception
    assert drawn(at) == [["RISE", "baseline mean"], ["RISE", "baseline blur"]]
    assert drawn(opened(e=explanation.id)) == drawn(at)


def test_more_than_six_is_one_sentence_and_changes_nothing(desk: Service) -> None:
    explanation = asked(desk)
    at = opened(e=explanation.id)
    classes = at.multiselect(key=f"{explanation.id}/compare/classes")
    for target in desk.run(explanation).spec.classes[:7]:
        classes.select(target)
    at.button(key=f"{explanation.id}/compare/add").click().run()
    assert not at.exception
    (error,) = at.error
    assert read(error.value) == "At most 6 maps are compared at a time; these would be 7."
    assert "compare" not in desk.explanation(ME, explanation.id).view


def test_at_the_limit_of_jobs_what_was_asked_is_shown(slow_desk: Service, held: HeldPool) -> None:
    explanation = asked(slow_desk)
    asked(slow_desk, seed=8)
    at = opened(e=explanation.id)
    at.button(key=f"{explanation.id}/compare/baseline").click().run()
    assert not at.exception
    (error,) = at.error
    assert read(error.value).startswith("You have 3 explanations waiting")
    assert [tile["state"] for tile in given(at, "compare")["tiles"]] == ["queued", "queued"]
    assert [held.position(tile.run.key) for tile in tiles(slow_desk, ME, explanation)] == [0]
    assert slow_desk.store.runs.waiting(ME) == 3
