"""Texts on the workbench, driven without a browser."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import components
from app.jobs.question import Question
from app.service import Service
from app.storage.explanations import Explanation
from app.views.samples import SAMPLES
from tests.app.conftest import Counts
from tests.app.pages.test_workbench import ME, asked, click, given, named, opened, text
from tests.app.views.test_names import read

pytestmark = pytest.mark.usefixtures("as_in_production")

FILM = "a good film . and a bad film"


@pytest.fixture(autouse=True)
def _components_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has one component manager for its life; each run of AppTest has a new one."""
    monkeypatch.setattr(components, "_registered", components._registered.__wrapped__)


def explained(desk: Service, written: str = FILM, **question: Any) -> Explanation:
    asset = desk.upload_text(ME, written, "text")
    return desk.ask(ME, asset.id, Question(**{"kind": "text", "params": {"n_masks": 32}, **question}))


def spec_of(desk: Service, at: AppTest) -> Any:
    assert not at.exception
    assert not at.error
    return desk.run(desk.explanation(ME, named(at))).spec


def test_the_text_is_told_where_its_parts_are(desk: Service) -> None:
    explanation = explained(desk, target="positive")
    at = opened(e=explanation.id)
    assert not at.exception
    shown = given(at, "tokens")
    run = desk.run(explanation)
    assert run.result is not None
    here = f"/api/v1/explanations/{explanation.id}"
    assert shown["map"] == f"{here}/blobs/{run.result['blobs'][str(explanation.view['target'])]}"
    assert shown["input"] == f"{here}/blobs/{run.input}"
    assert (shown["probe"], shown["pairs"]) == (f"{here}/probe", f"{here}/pairs")
    assert [FILM[start:end] for start, end in shown["spans"]] == FILM.split()
    assert (shown["cut"], shown["by"], shown["phrases"]) == (0, "word", None)
    assert shown["unit"] == "effect on the log-probability of positive of the word's presence"
    assert FILM not in str(shown), "the text goes by its address"
    assert "RISE on **wordy**, hidden words replaced by the mask token, seed 0" in text(at)
    assert "reads up to 300 tokens" in text(at)
    assert given(at, "trust")["judgement"]["progress"]["state"] == "done"


@pytest.mark.parametrize(
    ("baseline", "told"), [("mean", "the vocabulary\u2019s mean"), ("deletion", "nothing (deleted)")]
)
def test_what_stands_for_a_hidden_word_is_told(desk: Service, baseline: str, told: str) -> None:
    at = opened(e=explained(desk, method="occlusion", params={"baseline": baseline}).id)
    assert f"hidden words replaced by {told}" in text(at)


def test_whoever_turns_to_texts_sees_one_explained(desk: Service) -> None:
    picture = asked(desk)
    at = opened(e=picture.id)
    at.radio(key=f"{picture.id}/kind").set_value("text").run()
    new = desk.explanation(ME, named(at))
    assert desk.store.runs.asset(new.run).decode() == SAMPLES[0].text
    assert spec_of(desk, at).output == "log_probability"
    back = new.id
    at.radio(key=f"{back}/kind").set_value("image").run()
    assert spec_of(desk, at).kind == "image"
    assert given(at, "map")["map"]


def test_a_typed_text_is_explained_as_the_form_says(desk: Service) -> None:
    explanation = explained(desk, seed=3)
    at, key = opened(e=explanation.id), explanation.id
    assert at.text_area(key=f"{key}/text").value == FILM
    written = "\ufeffgood  \u202efilm\u202c\n\U0001f600 a film"
    at.text_area(key=f"{key}/text").set_value(written)
    at.selectbox(key=f"{key}/method").select("ls_tree").run()
    at.button(key="explain").click().run()
    spec = spec_of(desk, at)
    assert (spec.method, spec.seed, spec.params["baseline"], spec.params["by"]) == ("ls_tree", 3, "deletion", "word")
    new = desk.explanation(ME, named(at))
    assert desk.asset_data(ME, new.asset, "text").decode() == written
    shown = given(at, "tokens")
    first, last, signed = shown["phrases"][0]
    assert (first, last) == (0, len(shown["spans"]) - 1)
    assert isinstance(signed, float)


def test_a_sample_is_explained_by_a_click(desk: Service) -> None:
    at = opened(e=explained(desk).id)
    at.button(key=f"sample/{SAMPLES[1].title}").click().run()
    assert spec_of(desk, at).params["n_masks"] == 32
    assert desk.asset(ME, desk.explanation(ME, named(at)).asset).name == SAMPLES[1].title


def test_only_models_and_methods_of_texts_are_offered(desk: Service) -> None:
    explanation = explained(desk)
    at = opened(e=explanation.id)
    assert at.selectbox(key=f"{explanation.id}/model").options == ["wordy"]
    methods = at.selectbox(key=f"{explanation.id}/method").options
    assert "LS-Tree" in methods
    assert "Grad-CAM" not in methods


def test_a_long_new_text_is_explained_by_sentence(desk: Service) -> None:
    explanation = explained(desk)
    at, key = opened(e=explanation.id), explanation.id
    at.text_area(key=f"{key}/text").set_value("A good film. And a bad film. " * 20)
    at.button(key="explain").click().run()
    assert spec_of(desk, at).params["by"] == "sentence"
    assert given(at, "tokens")["by"] == "sentence"


@pytest.mark.parametrize(
    ("written", "sentence"), [("", "The text is empty."), (" \n ", "The text is only white space.")]
)
def test_a_text_of_nothing_is_one_sentence(desk: Service, counts: Counts, written: str, sentence: str) -> None:
    explanation = explained(desk)
    at = opened(e=explanation.id)
    before = counts()
    at.text_area(key=f"{explanation.id}/text").set_value(written)
    at.button(key="explain").click().run()
    assert not at.exception
    (error,) = at.error
    assert read(error.value) == sentence
    assert counts() == before


def test_own_labels_become_the_model(desk: Service) -> None:
    explanation = explained(desk)
    at, key = opened(e=explanation.id), f"{explanation.id}/head"
    at.text_input(key=f"{key}/name").set_value("Mine *bold*")
    at.text_area(key=f"{key}/prompts").set_value("up: good | good film\ndown: bad")
    at.button(key=f"{key}/make").click().run()
    (head,) = desk.heads(ME)
    assert spec_of(desk, at).model == head.model
    assert head.definition.labels == ("up", "down")
    assert r"on **Mine \*bold\***" in text(at)
    new = named(at)
    assert at.selectbox(key=f"{new}/model").value == head.model
    assert "Mine *bold*" in at.selectbox(key=f"{new}/model").options
    assert {entry["label"] for entry in given(at, "classes")["classes"]} == {"up", "down"}
    assert "- **up**: good; good film" in text(at)


def test_own_labels_can_be_deleted(desk: Service) -> None:
    head = desk.prompt_head(ME, "Mine", None, {"up": ["good"], "down": ["bad"]})
    explanation = explained(desk, model=head.model)
    at, key = opened(e=explanation.id), explanation.id
    assert at.selectbox(key=f"{key}/model").value == head.model
    at.button(key=f"{key}/delete").click().run()
    assert desk.heads(ME) == []
    assert not at.exception
    assert not at.error
    assert at.selectbox(key=f"{key}/model").value == "wordy"
    assert "Mine" not in at.selectbox(key=f"{key}/model").options
    assert given(at, "tokens")["map"], "what was made with them can still be read"
    at.button(key="explain").click().run()
    assert spec_of(desk, at).model == "wordy"


@pytest.mark.parametrize("pasted", [True, False])
def test_a_table_is_fitted_and_told_with_what_was_held_out(desk: Service, pasted: bool) -> None:
    explanation = explained(desk)
    at, key = opened(e=explanation.id), f"{explanation.id}/head"
    at.radio(key=f"{key}/how").set_value("table").run()
    rows = "text,label\n" + "".join(f"a good film {'a ' * k},up\na bad film {'a ' * k},down\n" for k in range(20))
    if pasted:
        at.text_area(key=f"{key}/rows").set_value(rows)
    else:
        at.file_uploader(key=f"{key}/table").set_value(("mine.csv", rows.encode(), "text/csv"))
    at.button(key=f"{key}/make").click().run()
    assert spec_of(desk, at).kind == "text"
    (head,) = desk.heads(ME)
    assert spec_of(desk, at).model == head.model
    assert "Fitted to 40 texts" in text(at)
    confusion = at.dataframe[0].value
    assert list(confusion.columns) == ["label", "\u2192 down", "\u2192 up"]
    assert confusion.iloc[:, 1:].to_numpy().sum() == sum(map(sum, head.definition.confusion or ()))


@pytest.mark.parametrize(("lines", "says"), [("one: good", "two labels or more"), ("a: good\na: bad", "of its own")])
def test_wrong_labels_are_one_sentence(desk: Service, counts: Counts, lines: str, says: str) -> None:
    explanation = explained(desk)
    at, key = opened(e=explanation.id), f"{explanation.id}/head"
    before = counts()
    at.text_area(key=f"{key}/prompts").set_value(lines)
    at.button(key=f"{key}/make").click().run()
    assert not at.exception
    (error,) = at.error
    assert says in read(error.value)
    assert counts() == before


def test_every_word_is_in_the_table(desk: Service) -> None:
    at = opened(e=explained(desk).id)
    table = at.dataframe[0].value
    assert sorted(table["Place"]) == list(range(1, len(FILM.split()) + 1))
    assert table["Word"].iloc[0] in ("good", "bad")
    assert list(table["Value"].abs()) == sorted(table["Value"].abs(), reverse=True)


def test_another_class_of_a_text_is_shown(desk: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    explanation = explained(desk, target="positive")
    other = next(k for k in desk.run(explanation).spec.classes if k != explanation.view["target"])
    at = opened(e=explanation.id)
    click(monkeypatch, "classes", other)
    at.run()
    assert not at.exception
    assert given(at, "tokens")["target"] == other


def test_texts_are_laid_beside_each_other(desk: Service) -> None:
    explanation = explained(desk, method="occlusion", params={})
    at = opened(e=explanation.id)
    at.button(key=f"{explanation.id}/compare/baseline").click().run()
    assert not at.exception
    assert not at.error
    shown = given(at, "compare")
    assert [tile["differs"] for tile in shown["tiles"]] == [[f"baseline {b}"] for b in ("mask", "mean", "deletion")]
    assert all([FILM[a:b] for a, b in tile["spans"]] == FILM.split() for tile in shown["tiles"])
    methods = at.multiselect(key=f"{explanation.id}/compare/methods").options
    assert "LS-Tree" in methods
    assert "Grad-CAM" not in methods
    assert at.multiselect(key=f"{explanation.id}/compare/models").options == ["wordy"]


def test_own_labels_are_compared_by_name(desk: Service) -> None:
    head = desk.prompt_head(ME, "Mine", None, {"positive": ["good film"], "negative": ["bad film"]})
    explanation = explained(desk, method="occlusion", params={})
    at = opened(e=explanation.id)
    at.multiselect(key=f"{explanation.id}/compare/models").select("wordy").select(head.model)
    at.button(key=f"{explanation.id}/compare/add").click().run()
    assert not at.exception
    assert not at.error
    assert [tile["differs"] for tile in given(at, "compare")["tiles"]] == [["wordy"], ["Mine"]]
