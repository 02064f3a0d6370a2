"""What cannot be for a model is seen, with its reason, before anything runs."""

from __future__ import annotations

import pytest

import models
from app import components
from app.failures import RequestError
from app.jobs.question import Question
from app.service import Service
from explainers.scoring import NO_GRADIENT
from tests import awkward
from tests.app.conftest import LABELS, Counts, picture
from tests.app.inline import InlinePool
from tests.app.pages.test_workbench import ME, asked, named, opened, text

pytestmark = pytest.mark.usefixtures("as_in_production")

DULL = ["gradient_shap", "gradient_x_input", "integrated_gradients", "saliency", "smoothgrad"]


@pytest.fixture(autouse=True)
def _components_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "_registered", components._registered.__wrapped__)


@pytest.fixture(scope="module")
def dull() -> models.ImageClassifier:
    """A model whose scores have no gradient at the input."""
    return models.wrap(awkward.network("hard steps"), (40, 56), name="dull")


@pytest.fixture
def both(desk: Service, dull: models.ImageClassifier) -> Service:
    """The desk, with a second model on the shelf for one test."""
    assert isinstance(desk.pool, InlinePool)
    desk.pool.shelf._loaded["dull"] = dull
    return desk


@pytest.fixture(autouse=True)
def _off_the_shelf(desk: Service) -> object:
    yield
    assert isinstance(desk.pool, InlinePool)
    desk.pool.shelf._loaded.pop("dull", None)


def test_all_suit_an_ordinary_model(desk: Service) -> None:
    at = opened(e=asked(desk).id)
    assert not at.exception
    assert "Not for this model" not in text(at)
    assert "being checked" not in text(at)
    assert not at.button(key="explain").disabled


def test_what_is_impossible_cannot_be_chosen_and_says_why(both: Service) -> None:
    explanation = asked(both, model="dull")
    at = opened(e=explanation.id)
    assert not at.exception
    method = at.selectbox(key=f"{explanation.id}/method")
    offered = "|".join(method.options)
    assert "Saliency" not in offered
    assert "Integrated gradients" not in offered
    assert "RISE" in offered
    assert "DeepLIFT".lower() in offered.lower()
    assert "**Not for this model**" in text(at)
    line = next(line for line in text(at).splitlines() if NO_GRADIENT in line)
    for title in ("Gradient SHAP", "Gradient × input", "Integrated gradients", "Saliency", "SmoothGrad"):
        assert title in line
    assert not at.button(key="explain").disabled


def test_a_method_chosen_before_the_model_stays_and_is_not_run(both: Service, counts: Counts) -> None:
    explanation = asked(both, method="saliency", params={})
    at, key = opened(e=explanation.id), explanation.id
    assert not at.button(key="explain").disabled
    before = counts()
    at.selectbox(key=f"{key}/model").select("dull").run()
    assert not at.exception
    assert at.selectbox(key=f"{key}/method").value == "saliency"
    assert "Saliency (not for this model)" in at.selectbox(key=f"{key}/method").options
    (warning,) = at.warning
    assert warning.value == f"Not for this model: {NO_GRADIENT}."
    assert at.button(key="explain").disabled
    assert counts() == before
    at.selectbox(key=f"{key}/method").select("rise").run()
    assert not at.button(key="explain").disabled
    assert not at.warning
    assert "Saliency" in text(at)
    at.selectbox(key=f"{key}/model").select("tiny").run()
    assert "Saliency" in at.selectbox(key=f"{key}/method").options


def test_what_is_approximate_says_why_below_its_description(desk: Service, both: Service) -> None:
    assert isinstance(desk.pool, InlinePool)
    desk.pool.shelf._loaded["dull"] = models.wrap(awkward.network("in place"), awkward.SIZE, name="dull")
    explanation = asked(both, model="dull")
    at, key = opened(e=explanation.id), explanation.id
    at.selectbox(key=f"{key}/method").select("occlusion").run()
    assert "Occlusion (approximate)" in at.selectbox(key=f"{key}/method").options
    (info,) = at.info
    assert info.value.startswith("Approximate here: not with its defaults")
    assert not at.button(key="explain").disabled


def test_nothing_is_ruled_out_while_it_is_checked(both: Service) -> None:
    assert isinstance(both.pool, InlinePool)
    both.pool.checking = True
    explanation = asked(both, model="dull")
    at, key = opened(e=explanation.id), explanation.id
    assert "being checked" in text(at)
    assert "Saliency" in at.selectbox(key=f"{key}/method").options
    at.selectbox(key=f"{key}/method").select("saliency").run()
    at.button(key="explain").click().run()
    assert not at.exception
    run = both.run(both.explanation(ME, named(at)))
    assert (run.state, run.error) == ("failed", NO_GRADIENT)  # the job says it itself


def test_asking_for_it_is_refused_and_stores_nothing(both: Service, counts: Counts) -> None:
    asset = both.upload(ME, picture(0), "photo.png")
    before = counts()
    with pytest.raises(RequestError, match=f"^saliency cannot explain this model: {NO_GRADIENT}.$"):
        both.ask(ME, asset.id, Question(model="dull", method="saliency"))
    assert counts() == before
    assert len(LABELS) > 20


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("rise", "hidden parts replaced by the mean colour"),
        ("integrated_gradients", "counted from the mean colour"),
        ("gradient_x_input", "counted from the mean colour"),
        ("gradient_shap", "counted from the mean colour, black and a blurred copy"),
        ("saliency", "Saliency on **tiny**, seed 0"),
    ],
)
def test_the_sentence_says_what_absence_is(desk: Service, method: str, words: str) -> None:
    at = opened(e=asked(desk, method=method, params={"n": 2} if method == "gradient_shap" else {}).id)
    assert words in text(at)
    assert ("hidden parts" in text(at)) == (method == "rise")
