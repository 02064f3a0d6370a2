"""The page of concepts, driven without a browser."""

from __future__ import annotations

import io
from contextlib import closing
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import components, concepts
from app.jobs.asking import ConceptQuestion
from app.service import Service
from app.sets import image_sets
from app.sets.gathering import Gathering
from app.storage.concepts import Concepts
from app.views.concepts.measures import said
from app.views.concepts.qualities import ARROWS, MEASURES
from app.views.names import plain
from tests.app.conftest import LABELS, Counts, picture
from tests.app.inline import HeldPool
from tests.app.pages.test_workbench import MAIN, ME, click, given, text

pytestmark = pytest.mark.usefixtures("as_in_production")

PICTURES = 24


@pytest.fixture(autouse=True)
def _components_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has one component manager for its life; each run of AppTest has a new one."""
    monkeypatch.setattr(components, "_registered", components._registered.__wrapped__)


def opened(**query: str) -> AppTest:
    at = AppTest.from_file(MAIN, default_timeout=120)
    at.switch_page("pages/concepts.py")
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def kept(desk: Service, name: str = "photos", seed: int = 0) -> str:
    """A set of pictures, half of them labelled `kind 1`."""
    with closing(Gathering(desk.settings)) as gathering:
        for i in range(PICTURES):
            gathering.add(f"{'kind 1' if i % 2 else 'kind 2'}/{i}.png", io.BytesIO(picture(100 * seed + i)))
        return image_sets.keep(desk, ME, name, gathering).id


def studied(desk: Service, image_set: str | None = None, **question: Any) -> Concepts:
    asked = ConceptQuestion(**{"n_concepts": 3, **question})
    return concepts.ask(desk, ME, image_set or kept(desk), asked)


def named(at: AppTest) -> str:
    value = at.query_params["c"]
    return value if isinstance(value, str) else value[0]


def found(desk: Service, study: Concepts) -> dict[str, Any]:
    result: dict[str, Any] = concepts.describe(desk, study)["result"]
    return result


def test_it_opens_with_the_shapes_and_without_a_click(desk: Service, counts: Counts) -> None:
    at = opened()
    assert not at.exception
    assert not at.error
    (study,) = concepts.listed(desk, ME)
    assert (study["model"], study["label"], study["state"]) == ("planted_shortcut", "square", "done")
    result = found(desk, concepts.get(desk, ME, study["id"]))
    assert f"## What does the model see in {len(result['images'])} pictures it takes for square?" in text(at)
    for part in ("planted\\_shortcut", "10 concepts by NMF", "Shapes", "seed 0", "gradient × input"):
        assert part in text(at)
    assert given(at, "concepts")["here"] == f"/api/v1/concepts/{study['id']}"
    before = counts()
    assert not opened().exception
    assert counts() == before, "once more is the same study"


def test_a_link_restores_what_was_asked_and_named(desk: Service) -> None:
    study = studied(
        desk, factorizer="kmeans", importance="occlusion", rows="crops", seed=7, by="labelled", target="kind 1"
    )
    concepts.call(desk, ME, study.id, "concepts", 2, "corner", True)
    at = opened(c=study.id)
    assert not at.exception
    assert given(at, "concepts")["view"]["concepts"] == {"2": {"name": "corner", "suspicious": True}}
    assert given(at, "copylink") == {"path": f"/concepts?c={study.id}"}
    assert f"in {PICTURES // 2} pictures labelled kind 1?" in text(at)
    key = study.id
    assert at.selectbox(key=f"{key}/set").value == study.image_set
    assert at.selectbox(key=f"{key}/factorizer").value == "kmeans"
    assert at.selectbox(key=f"{key}/importance").value == "occlusion"
    assert at.selectbox(key=f"{key}/rows").value == "crops"
    assert at.number_input(key=f"{key}/n").value == 3
    assert at.number_input(key=f"{key}/seed").value == 7
    at.button(key="find").click().run()
    assert not at.exception
    assert named(at) == study.id, "the same question has the same answer"


def test_the_button_asks_what_the_side_bar_says(desk: Service) -> None:
    study = studied(desk)
    at = opened(c=study.id)
    assert "for 24 pictures, all read before." in text(at), "what it costs is said before it is asked"
    at.selectbox(key=f"{study.id}/factorizer").select("pca")
    at.number_input(key=f"{study.id}/n").set_value(2)
    at.button(key="find").click().run()
    assert not at.exception
    assert not at.error
    spec = concepts.run_of(desk, concepts.get(desk, ME, named(at))).spec
    assert (spec.factorizer, spec.n_concepts, spec.model) == ("pca", 2, "tiny")
    assert named(at) != study.id


def test_a_chip_asks_for_another_class(desk: Service) -> None:
    study = studied(desk, by="labelled", target="kind 1")
    at = opened(c=study.id)
    other = LABELS.index("kind 2")
    at.button(key=f"{study.id}/class/{other}").click().run()
    assert not at.exception
    assert "pictures labelled kind 2?" in text(at)
    assert concepts.run_of(desk, concepts.get(desk, ME, named(at))).spec.target == other


def test_other_numbers_of_concepts_are_told_once_asked(desk: Service) -> None:
    study = studied(desk)
    at = opened(c=study.id, section="How good are these concepts?")
    assert not at.dataframe
    at.button(key=f"{study.id}/sizes/ask").click().run()
    assert not at.exception
    assert not at.error
    (table,) = (frame.value for frame in at.dataframe)
    assert list(table["Concepts"]) == ["1", "3 (these)"]  # the layer has five channels
    left = [int(part.rstrip("%")) for part in table["Left out"]]
    assert left == sorted(left, reverse=True)


def test_the_sections_are_drawn_when_they_are_open(desk: Service) -> None:
    study = studied(desk, by="labelled", target="kind 1")
    at = opened(c=study.id, section="Strategies")
    assert given(at, "strategies")["here"].endswith(study.id)
    assert "mixture of normal distributions" in text(at)
    at = opened(c=study.id, section="How good are these concepts?")
    quality = found(desk, study)["quality"]
    for measure in MEASURES:
        if quality[measure.field] is not None:
            assert said(measure, quality) in text(at)
            assert ARROWS[measure.better] in text(at)
    missing = [measure for measure in MEASURES if quality[measure.field] is None]
    assert ("Not measured here" in text(at)) == bool(missing)


def test_a_picture_is_explained_in_full_on_the_workbench(desk: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    study = studied(desk, by="labelled", target="kind 1")
    click(monkeypatch, "strategies", 1)
    at = opened(c=study.id, section="Strategies")
    assert not at.exception
    explanation = desk.explanation(ME, given(at, "map")["id"])
    assert desk.asset(ME, explanation.asset).name == found(desk, study)["images"][1]["name"]
    assert explanation.view["target"] == LABELS.index("kind 1")


def test_a_set_just_sent_is_chosen_and_not_yet_studied(desk: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    study = studied(desk)
    sent = kept(desk, "holiday", seed=1)
    click(monkeypatch, "set_drop", sent)
    at = opened(c=study.id)
    assert not at.exception
    assert at.selectbox(key=f"{study.id}/set").value == sent
    assert len(concepts.listed(desk, ME)) == 1
    at.button(key="find").click().run()
    assert concepts.get(desk, ME, named(at)).image_set == sent


def test_a_deleted_set_leaves_its_study_readable(desk: Service) -> None:
    study = studied(desk)
    image_sets.delete(desk, ME, study.image_set)
    at = opened(c=study.id)
    assert not at.exception
    assert given(at, "concepts")
    assert "were deleted" in text(at)


def test_while_it_is_under_way_and_after_it_was_stopped(slow_desk: Service, held: HeldPool) -> None:
    study = studied(slow_desk)
    at = opened(c=study.id)
    assert (given(at, "progress")["state"], given(at, "progress")["noun"]) == ("queued", "Concepts")
    concepts.cancel(slow_desk, ME, study.id)
    assert given(opened(c=study.id), "progress")["state"] == "cancelled"
    assert held.cancelled == [study.run]


def test_asked_for_again_it_is_computed(desk: Service, slow_desk: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    study = studied(slow_desk)
    concepts.cancel(slow_desk, ME, study.id)
    monkeypatch.setattr("app.wiring._service", desk)
    answers = [(None, study.id)]
    draw = components.progress
    monkeypatch.setattr(components, "progress", lambda data, key: answers.pop() if answers else draw(data, key))
    at = opened(c=study.id)
    assert not at.exception
    assert given(at, "concepts")["here"].endswith(study.id)


@pytest.mark.parametrize("id", ["0" * 32, "<script>alert(1)</script>", "x" * 10_000])
def test_an_unknown_link_says_so(desk: Service, monkeypatch: pytest.MonkeyPatch, id: str) -> None:
    study = studied(desk)
    monkeypatch.setattr(concepts, "ask", lambda *_: study)  # the example would be computed
    at = opened(c=id)
    assert not at.exception
    (warning,) = at.warning
    assert "no such study of concepts" in warning.value
    assert given(at, "concepts")["here"].endswith(study.id)


def test_a_hostile_name_of_a_set_comes_out_as_words(desk: Service) -> None:
    name = "<img src=x onerror=alert(1)> **b** [a](javascript:x)"
    at = opened(c=studied(desk, kept(desk, name)).id)
    assert not at.exception
    assert f"*{plain(name)}*" in text(at)


def test_concepts_are_tried_against_chance_once_asked(desk: Service) -> None:
    study = studied(desk)
    at = opened(c=study.id, section="How good are these concepts?")
    at.button(key=f"{study.id}/trials/ask").click().run()
    assert not at.exception
    assert not at.error
    (table,) = (frame.value for frame in at.dataframe)
    assert list(table["Concept"]) == ["Concept 1", "Concept 2", "Concept 3"]
    assert "ompleteness" in text(at)
