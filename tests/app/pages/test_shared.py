"""A shared page, driven without a browser: read only, for whoever may see it, and gone when it is over."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app import components
from app.access.identity import Identity
from app.jobs.question import Question
from app.service import Service
from app.sharing import shares
from app.storage.shares import Share
from app.views.names import plain
from tests.app.access.test_gate import HASH, guarded
from tests.app.conftest import LABELS, Counts
from tests.app.pages.test_workbench import MAIN, ME, asked, click, given, text

HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) **b**"

# a second run of AppTest skips main.py, which a server never does
ALONE = """
import streamlit as st
from app import wiring
from app.views import shared
from app.views.visitor import visitor

if "s" in st.query_params:
    shared.draw(wiring.service(), visitor(wiring.service()), st.query_params["s"])
"""

pytestmark = pytest.mark.usefixtures("as_in_production")


@pytest.fixture(autouse=True)
def _components_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has one component manager for its life; each run of AppTest has a new one."""
    monkeypatch.setattr(components, "_registered", components._registered.__wrapped__)


@pytest.fixture
def locked(desk: Service) -> Service:
    return guarded(desk, password_hash=HASH)


def given_link(desk: Service) -> Share:
    share, _ = shares.give_explanation(desk, ME, asked(desk).id, 1)
    return share


def opened(share: str | None, who: Identity | None, script: AppTest | None = None) -> AppTest:
    """As the gate tells who is asking."""
    at = AppTest.from_file(MAIN, default_timeout=60) if script is None else script
    at.user = {} if who is None else {"identity": who.told}
    if share is not None:
        at.query_params["s"] = share
    return at.run()


def alone(share: Share, owner: str | None = None) -> AppTest:
    """Without the rest of the page, for more than one run."""
    script = AppTest.from_string(ALONE, default_timeout=60)
    return opened(share.id, Identity(owner, frozenset({share.id})), script)


def test_s20_a_guest_sees_it_and_can_do_nothing(locked: Service, counts: Counts) -> None:
    share = given_link(locked)
    before = counts()
    at = opened(share.id, Identity(None, frozenset({share.id})))
    assert not at.exception
    here = f"/api/v1/shares/{share.id}"
    shown = given(at, "map")
    assert shown["map"].startswith(f"{here}/blobs/")
    assert shown["input"].startswith(f"{here}/blobs/")
    assert not {"events", "preview", "cancel", "probe", "pairs"} & set(shown)
    assert f"## Why {LABELS[share.snapshot['view']['target']]}?" in text(at)
    assert at.info[0].value.startswith("Shared by a link, read only, until ")
    assert not at.button
    assert not at.sidebar.children
    assert counts() == before
    assert "explanations/" not in str(at._tree)


@pytest.mark.parametrize("who", [None, Identity(), Identity(None, frozenset({"0" * 32})), Identity("user-1")])
def test_nobody_else_sees_anything(locked: Service, who: Identity | None) -> None:
    at = opened(given_link(locked).id, who)
    assert not at.exception
    assert text(at).startswith("## There is nothing here")
    assert "bidi_component" not in str(at._tree)


@pytest.mark.parametrize("who", [None, Identity(), Identity(None, frozenset({"0" * 32}))])
@pytest.mark.usefixtures("locked")
def test_without_a_name_there_is_no_workbench(who: Identity | None, counts: Counts) -> None:
    before = counts()
    at = opened(None, who)
    assert not at.exception
    assert text(at).startswith("## There is nothing here")
    assert counts() == before


def test_what_is_taken_back_is_gone_in_the_next_run(locked: Service) -> None:
    share = given_link(locked)
    at = alone(share)
    assert given(at, "map")["map"]
    shares.revoke(locked, ME, share.id)
    at.run()
    assert text(at).startswith("## There is nothing here")


def test_another_class_is_of_this_visit_only(locked: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    share = given_link(locked)
    at = alone(share)
    other = share.snapshot["look"]["classes"][3]
    click(monkeypatch, "classes", other)
    at.run()
    assert not at.exception
    assert given(at, "map")["target"] == other
    assert given(alone(share), "map")["target"] == share.snapshot["view"]["target"]


def test_who_has_a_name_may_take_a_copy(desk: Service) -> None:
    share = given_link(desk)
    at = alone(share, ME)
    at.button(key="copy").click().run()
    assert not at.exception
    assert at.query_params == {"e": share.snapshot["id"]}


def test_hostile_words_come_out_as_words(desk: Service) -> None:
    asset = desk.upload_text(ME, f"good {HOSTILE}", HOSTILE)
    made = desk.ask(ME, asset.id, Question(kind="text", params={"n_masks": 32}))
    share, _ = shares.give_explanation(desk, ME, made.id, 1)
    at = opened(share.id, Identity(ME, frozenset({share.id})))
    assert not at.exception
    assert given(at, "tokens")["input"].startswith(f"/api/v1/shares/{share.id}/")
    assert not [value for value in (*at.markdown, *at.caption) if HOSTILE in value.value]


def test_s22_a_link_is_given_in_three_clicks_and_taken_back(desk: Service) -> None:
    explanation = asked(desk)
    at = AppTest.from_file(MAIN, default_timeout=60)
    at.query_params["e"] = explanation.id
    at.run()
    key = f"{explanation.id}/share"
    assert not [button for button in at.button if button.key == f"{key}/make"], "made once it is open"
    at.session_state[key] = True
    at.run()
    assert at.warning[0].value.startswith("You sent this in yourself.")
    at.radio(key=f"{key}/days").set_value(30)
    at.button(key=f"{key}/make").click().run()
    assert not at.exception
    (row,) = shares.listed(desk, ME)
    assert plain(row["title"]) in text(at)
    assert round((row["expires"] - row["created"]) / 86400) == 30
    at.button(key=f"{key}/revoke/{row['id']}").click().run()
    assert not at.exception
    assert shares.listed(desk, ME)[0]["state"] == "revoked"


@pytest.mark.usefixtures("desk")
def test_an_example_is_shared_without_a_warning() -> None:
    at = AppTest.from_file(MAIN, default_timeout=60).run()
    id = given(at, "map")["id"]
    at.session_state[f"{id}/share"] = True
    at.run()
    assert not at.warning
