"""The page of batches, driven without a browser."""

from __future__ import annotations

import io
from contextlib import closing

import pytest
from streamlit.testing.v1 import AppTest

from app import batches, components
from app.jobs.question import Question
from app.service import Service
from app.sets import image_sets
from app.sets.gathering import Gathering
from app.storage.batches import Batch
from tests.app.conftest import Counts, picture
from tests.app.inline import HeldPool
from tests.app.pages.test_workbench import MAIN, ME, click, given, text

pytestmark = pytest.mark.usefixtures("as_in_production")

PICTURES = 12
OCCLUSION = Question(model="tiny", method="occlusion", params={"window": 32, "stride": 32}, seed=7, target="kind 3")


@pytest.fixture(autouse=True)
def _components_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has one component manager for its life; each run of AppTest has a new one."""
    monkeypatch.setattr(components, "_registered", components._registered.__wrapped__)


def opened(**query: str) -> AppTest:
    at = AppTest.from_file(MAIN, default_timeout=120)
    at.switch_page("pages/batch.py")
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def kept(desk: Service, name: str = "photos") -> str:
    with closing(Gathering(desk.settings)) as gathering:
        for i in range(PICTURES):
            gathering.add(f"{i}.png", io.BytesIO(picture(i)))
        return image_sets.keep(desk, ME, name, gathering).id


def asked(desk: Service, question: Question = OCCLUSION) -> Batch:
    return batches.ask(desk, ME, kept(desk), question)


def named(at: AppTest, name: str = "b") -> str:
    value = at.query_params[name]
    return value if isinstance(value, str) else value[0]


def test_it_opens_with_what_can_be_done_and_computes_nothing(desk: Service, counts: Counts) -> None:
    kept(desk)
    before = counts()
    at = opened()
    assert not at.exception
    assert "## Explain a whole set of pictures" in text(at)
    assert f"for {PICTURES} pictures" in text(at), "what it costs is said before it is asked"
    assert counts() == before


def test_the_button_asks_what_the_side_bar_says(desk: Service) -> None:
    kept(desk)
    at = opened()
    at.selectbox(key="batch/method").select("occlusion").run()
    at.number_input(key="batch/occlusion/window").set_value(32)
    at.number_input(key="batch/occlusion/stride").set_value(32)
    at.number_input(key="batch/seed").set_value(7)
    at.text_input(key="batch/target").set_value("kind 3").run()
    at.button(key="all").click().run()
    assert not at.exception
    assert not at.error
    batch = batches.get(desk, ME, named(at))
    asked = batch.question
    assert (asked["method"], asked["seed"], asked["target"]) == ("occlusion", 7, "kind 3")
    assert (asked["params"]["window"], asked["params"]["stride"]) == (32, 32)
    assert f"## {PICTURES} pictures of photos, explained for class kind 3" in text(at)
    told = given(at, "batch")["batch"]
    assert (told["id"], told["state"], told["done"]) == (batch.id, "done", PICTURES)


def test_a_link_restores_it_with_its_question(desk: Service) -> None:
    batch = asked(desk)
    at = opened(b=batch.id)
    assert not at.exception
    assert given(at, "copylink") == {"path": f"/batch?b={batch.id}"}
    for part in ("Occlusion on **tiny**, stride 32,", "score: logit", "seed 7"):
        assert part in text(at)
    assert at.selectbox(key=f"{batch.id}/method").value == "occlusion"
    assert at.number_input(key=f"{batch.id}/occlusion/window").value == 32
    assert at.number_input(key=f"{batch.id}/seed").value == 7
    assert at.text_input(key=f"{batch.id}/target").value == "kind 3"
    at.button(key="all").click().run()
    assert named(at) == batch.id, "the same question is the same batch"


def test_the_newest_is_there_and_an_earlier_one_a_click_away(desk: Service) -> None:
    first, second = asked(desk), asked(desk, Question(model="tiny", method="saliency"))
    at = opened()
    assert given(at, "batch")["batch"]["id"] == second.id
    at.button(key=f"earlier/{first.id}").click().run()
    assert named(at) == first.id


def test_a_row_leads_to_the_workbench(desk: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = asked(desk)
    click(monkeypatch, "batch", 5)
    at = opened(b=batch.id)
    assert not at.exception
    explanation = desk.explanation(ME, named(at, "e"))
    assert explanation.run == desk.store.batches.items(batch.id)[5].run
    assert "Why kind 3?" in text(at)


def test_an_unknown_batch_says_so(desk: Service) -> None:  # noqa: ARG001
    at = opened(b="0" * 32)
    assert not at.exception
    assert [warning.value for warning in at.warning] == ["There is no such batch, or it is not yours\\."]


def test_what_cannot_be_asked_is_said_before_it_is_asked(desk: Service, counts: Counts) -> None:
    kept(desk)
    before = counts()
    at = opened()
    at.text_input(key="batch/target").set_value("<b>rose</b>").run()
    assert not at.exception
    assert at.button(key="all").disabled
    assert "target must be a class label or index" in text(at).replace("\\", "")
    assert counts() == before


def test_a_batch_of_a_deleted_set_stays(slow_desk: Service, held: HeldPool) -> None:
    batch = asked(slow_desk)
    held.work()
    image_sets.delete(slow_desk, ME, batch.image_set)
    at = opened(b=batch.id)
    assert not at.exception
    assert "These pictures were deleted; the batch keeps its own copy and can go on." in text(at)
    assert at.selectbox(key=f"{batch.id}/set").options[0] == "photos (deleted)"
    assert given(at, "batch")["batch"]["state"] == "running"
