"""The workbench, driven without a browser. Components are drawn there: here they are unknown elements with data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import models
from app import components, wiring
from app.examples import EXAMPLES, FIRST
from app.jobs.question import Question
from app.service import Service
from app.settings import Settings
from app.storage.explanations import Explanation
from app.storage.store import Store
from app.views.names import plain
from explainers import list_methods
from tests.app.conftest import LABELS, Counts, picture
from tests.app.inline import HeldPool, InlinePool, stocked
from tests.app.views.test_names import HOSTILE, read, unjoined, words
from tests.models.nets import Small

MAIN = str(Path(__file__).parents[3] / "app" / "main.py")
ME = "local"

pytestmark = pytest.mark.usefixtures("as_in_production")


@pytest.fixture(autouse=True)
def _components_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has one component manager for its life; each run of AppTest has a new one."""
    monkeypatch.setattr(components, "_registered", components._registered.__wrapped__)


def opened(**query: str) -> AppTest:
    at = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def named(at: AppTest) -> str:
    """The explanation in the address."""
    value = at.query_params["e"]
    return value if isinstance(value, str) else value[0]


def asked(desk: Service, **question: Any) -> Explanation:
    asset = desk.upload(ME, picture(0), "photo.png")
    return desk.ask(ME, asset.id, Question(**{"params": {"n_masks": 32, "cells": 4}, **question}))


def text(at: AppTest) -> str:
    return "\n".join(element.value for element in (*at.markdown, *at.caption))


def given(at: AppTest, name: str) -> dict[str, Any]:
    """What a component of ours was given to draw."""
    nodes: list[Any] = [at._tree]
    found = []
    while nodes:
        node = nodes.pop()
        nodes += list(getattr(node, "children", {}).values())
        if node.type == "bidi_component" and node.proto.component_name == f"whylens.{name}":
            found.append(json.loads(node.proto.json))
    (data,) = found
    assert isinstance(data, dict)
    return data


def click(monkeypatch: pytest.MonkeyPatch, component: str, value: object) -> None:
    """In the next run, the component reports this; afterwards nothing."""
    answers = [value]
    draw = getattr(components, component)

    def reporting(*args: Any, **kwargs: Any) -> object:
        nothing = draw(*args, **kwargs)
        return answers.pop() if answers else nothing

    monkeypatch.setattr(components, component, reporting)


def test_it_opens_with_an_explanation_and_without_a_click(desk: Service, counts: Counts) -> None:
    at = opened()
    assert not at.exception
    assert not at.error
    assert not at.warning
    shown = given(at, "map")
    explanation = desk.explanation(ME, shown["id"])
    run = desk.run(explanation)
    assert (run.state, run.spec.method, shown["state"]) == ("done", "rise", "done")
    target = explanation.view["target"]
    label = LABELS[target]
    (probability,) = [entry["probability"] for entry in given(at, "classes")["classes"] if entry["target"] == target]
    assert f"## Why {label}?" in [element.value for element in at.markdown]
    assert run.result is not None
    assert (
        f"The model gives **{label}** a probability of **{probability:.1%}**. RISE on **tiny**, hidden parts replaced "
        f"by the mean colour, seed 0, {run.result['meta']['forwards']:,} forwards."
    ) in [element.value for element in at.markdown]
    assert desk.asset(ME, explanation.asset).name == EXAMPLES[FIRST].title
    # once more: the same explanation, nothing stored
    before = counts()
    assert given(opened(), "map") == shown
    assert counts() == before


def test_the_map_is_told_where_its_parts_are(desk: Service) -> None:
    explanation = asked(desk, output="probability")
    shown = given(opened(e=explanation.id), "map")
    run = desk.run(explanation)
    assert run.result is not None
    target = explanation.view["target"]
    here = f"/api/v1/explanations/{explanation.id}"
    assert shown["map"] == f"{here}/blobs/{run.result['blobs'][str(target)]}"
    assert shown["input"] == f"{here}/blobs/{run.input}"
    assert (shown["events"], shown["preview"], shown["cancel"]) == tuple(
        f"{here}/{part}" for part in ("events", "preview", "cancel")
    )
    assert shown["signed"] is True
    assert "probability" in shown["unit"]
    assert LABELS[target] in shown["unit"]
    assert LABELS[target] in shown["alt"]


@pytest.mark.parametrize("method", ["rise", "occlusion", "sobol"])
def test_a_link_restores_what_was_seen(desk: Service, method: str) -> None:
    params = {
        "rise": {"n_masks": 48, "cells": 5, "p": 0.4, "estimator": "centred", "baseline": "black"},
        "occlusion": {"window": 16, "stride": 8, "baseline": "blur"},
        "sobol": {"n": 8, "cells": 2, "order": "first"},
    }[method]
    explanation = asked(desk, method=method, params=params, output="log_probability", seed=7)
    other = desk.run(explanation).spec.classes[3]
    desk.look_at(ME, explanation.id, other)
    at = opened(e=explanation.id)
    assert not at.exception
    assert named(at) == explanation.id
    assert given(at, "map")["id"] == explanation.id
    assert (given(at, "map")["target"], given(at, "classes")["target"]) == (other, other)
    assert given(at, "copylink") == {"path": f"/?e={explanation.id}"}
    assert f"## Why {LABELS[other]}?" in text(at)
    spec = desk.run(explanation).spec
    key = explanation.id
    assert at.selectbox(key=f"{key}/model").value == "tiny"
    assert at.selectbox(key=f"{key}/method").value == method
    assert at.selectbox(key=f"{key}/output").value == "log_probability"
    assert at.number_input(key=f"{key}/seed").value == 7
    widgets = {w.key: w.value for kind in (at.selectbox, at.toggle, at.number_input) for w in kind}
    entry = next(m for m in list_methods("image") if m.name == method)
    assert {p.name: widgets[f"{key}/{method}/{p.name}"] for p in entry.schema} == spec.params


@pytest.mark.parametrize("id", ["0" * 32, "", "<script>alert(1)</script>", "a\x00b", "x" * 10_000])
@pytest.mark.usefixtures("desk")
def test_an_unknown_link_says_so_and_shows_the_example(id: str) -> None:
    at = opened(e=id)
    for _ in range(2):  # the page may run again before anybody has read it
        assert not at.exception
        (warning,) = at.warning
        assert warning.value == "There is no such explanation, or it is not yours. Here is an example instead."
        assert given(at, "map")["state"] == "done"
        at.run()


def test_the_link_of_another_looks_unknown(desk: Service) -> None:
    theirs = desk.ask("bob", desk.upload("bob", picture(1), "x").id, Question(params={"n_masks": 32}))
    at = opened(e=theirs.id)
    assert len(at.warning) == 1
    assert given(at, "map")["id"] != theirs.id


def test_another_class_is_shown_from_the_same_run(
    desk: Service, counts: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    explanation = asked(desk)
    other = desk.run(explanation).spec.classes[5]
    at = opened(e=explanation.id)
    before = counts()
    click(monkeypatch, "classes", other)
    at.run()
    assert not at.exception
    assert given(at, "map")["target"] == other
    assert f"## Why {LABELS[other]}?" in text(at)
    # the map was there; whether it can be trusted is asked anew for each class
    assert counts() == {**before, "runs": before["runs"] + 1}


def test_whoever_sees_a_map_sees_whether_it_can_be_trusted(desk: Service) -> None:
    explanation = asked(desk)
    assert desk.judgement(explanation) is None
    at = opened(e=explanation.id)
    assert not at.exception
    judgement = desk.judgement(explanation)
    assert judgement is not None
    shown = given(at, "trust")
    assert shown["judgement"]["report"] == judgement.result
    assert shown["judgement"]["progress"]["state"] == "done"
    assert shown["url"] == f"/api/v1/explanations/{explanation.id}/trust"


def test_a_map_that_is_not_done_is_not_judged(slow_desk: Service, held: HeldPool) -> None:
    explanation = asked(slow_desk)
    assert given(opened(e=explanation.id), "trust")["judgement"] is None
    held.work()
    assert given(opened(e=explanation.id), "trust")["judgement"]["progress"]["state"] == "queued"


def test_the_button_asks_what_the_form_says(desk: Service) -> None:
    explanation = asked(desk)
    at, key = opened(e=explanation.id), explanation.id
    at.number_input(key=f"{key}/seed").set_value(9)
    at.number_input(key=f"{key}/rise/n_masks").set_value(48)
    at.selectbox(key=f"{key}/output").select("probability")
    at.text_input(key=f"{key}/target").set_value(" kind 4 ")
    at.button(key="explain").click().run()
    assert not at.exception
    new = named(at)
    assert new != key
    opened_now = desk.explanation(ME, new)
    spec = desk.run(opened_now).spec
    assert (spec.seed, spec.output, spec.params["n_masks"], spec.params["cells"]) == (9, "probability", 48, 4)
    assert opened_now.view["target"] == 4
    assert opened_now.asset == explanation.asset
    assert given(at, "map")["id"] == new


def test_another_method_begins_with_its_defaults(desk: Service) -> None:
    explanation = asked(desk)
    at, key = opened(e=explanation.id), explanation.id
    at.selectbox(key=f"{key}/method").select("occlusion").run()
    assert not at.exception
    at.number_input(key=f"{key}/occlusion/window").set_value(16)
    at.number_input(key=f"{key}/occlusion/stride").set_value(8)
    at.button(key="explain").click().run()
    spec = desk.run(desk.explanation(ME, named(at))).spec
    assert (spec.method, spec.params) == ("occlusion", {"window": 16, "stride": 8, "baseline": "mean"})
    assert "Occlusion on **tiny**" in text(at)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("target", "yak", "target must be a class label or index of this model; got 'yak'"),
        ("target", "25", "target must lie in [0, 24]; got 25"),
        ("target", "[x](https://evil.example)", "target must be a class label or index of this model; got "),
    ],
)
def test_a_wrong_wish_is_one_sentence_and_changes_nothing(
    desk: Service, counts: Counts, field: str, value: str, sentence: str
) -> None:
    explanation = asked(desk)
    at = opened(e=explanation.id)
    before = counts()
    at.text_input(key=f"{explanation.id}/{field}").set_value(value)
    at.button(key="explain").click().run()
    assert not at.exception
    (error,) = at.error
    assert read(error.value).startswith(sentence)
    assert counts() == before
    assert given(at, "map")["id"] == explanation.id


def test_why_this_and_not_that(desk: Service) -> None:
    explanation = asked(desk, seed=5)
    target = explanation.view["target"]
    against = next(k for k in desk.run(explanation).spec.classes if k != target)
    at = opened(e=explanation.id)
    at.selectbox(key=f"{explanation.id}/{target}/against").select(against).run()
    assert not at.exception
    new = desk.explanation(ME, named(at))
    spec = desk.run(new).spec
    assert (new.view["target"], spec.against, spec.seed) == (target, against, 5)
    restored = opened(e=new.id)
    for page in (at, restored):
        assert f"## Why {LABELS[target]} and not {LABELS[against]}?" in text(page)
        assert "the map shows what decides between them" in text(page)
        shown = given(page, "map")
        assert shown["unit"] == f"effect on the logit of {LABELS[target]} minus that of {LABELS[against]} of showing it"
        assert shown["map"]
        assert page.selectbox(key=f"{new.id}/{target}/against").value == against
    restored.button(key=f"{new.id}/{target}/against/swap").click().run()
    assert not restored.exception
    swapped = desk.explanation(ME, named(restored))
    assert (swapped.view["target"], desk.run(swapped).spec.against) == (against, target)
    restored.selectbox(key=f"{swapped.id}/{against}/against").select_index(0).run()
    alone = desk.explanation(ME, named(restored))
    assert (alone.view["target"], desk.run(alone).spec.against) == (against, None)


def test_a_picture_sent_in_is_explained_as_the_form_says(desk: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    explanation = asked(desk, seed=4)
    sent = desk.upload(ME, picture(1), "mine")
    at = opened(e=explanation.id)
    click(monkeypatch, "drop", sent.id)
    at.run()
    new = desk.explanation(ME, named(at))
    assert (new.asset, desk.run(new).spec.seed, desk.run(new).spec.params["n_masks"]) == (sent.id, 4, 32)


def test_an_example_is_explained_by_a_click(desk: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened(e=asked(desk).id)
    click(monkeypatch, "gallery", "chelsea")
    at.run()
    new = desk.explanation(ME, named(at))
    assert desk.asset(ME, new.asset).name == EXAMPLES["chelsea"].title
    assert given(at, "gallery")["chosen"] == "chelsea"


def test_a_picture_that_is_not_ours_is_refused(desk: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = desk.upload("bob", picture(1), "x")
    at = opened(e=asked(desk).id)
    click(monkeypatch, "drop", theirs.id)
    at.run()
    assert not at.exception
    (error,) = at.error
    assert read(error.value) == "There is no such picture, or it is not yours."


def test_a_run_under_way_shows_what_is_known(slow_desk: Service, held: HeldPool) -> None:
    explanation = asked(slow_desk)
    at = opened(e=explanation.id)
    assert not at.exception
    shown = given(at, "map")
    assert (shown["state"], shown["map"], shown["error"]) == ("queued", None, None)
    assert len(given(at, "classes")["classes"]) == 20
    assert not at.dataframe
    held.work()
    at.run()
    assert given(at, "map")["map"]
    assert len(at.dataframe) == 1


def test_a_failed_run_says_why_and_can_be_asked_again(
    slow_desk: Service, held: HeldPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    explanation = asked(slow_desk)
    slow_desk.store.runs.fail(explanation.run, "The disk is full.")
    held.cancel(explanation.run)
    at = opened(e=explanation.id)
    assert not at.exception
    assert (given(at, "map")["state"], given(at, "map")["error"]) == ("failed", "The disk is full.")
    click(monkeypatch, "map_view", (None, explanation.id))
    at.run()
    assert given(at, "map")["state"] == "queued"
    assert held.position(explanation.run) == 0


def test_at_the_limit_the_page_still_opens(slow_desk: Service) -> None:
    for seed in range(3):
        asked(slow_desk, seed=seed)
    at = opened()
    assert not at.exception
    (error,) = at.error
    assert read(error.value).startswith("You have 3 explanations waiting, which is the limit")


def test_s13_hostile_words_come_out_as_words(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = tuple(HOSTILE)
    model = models.wrap(Small(len(labels)), (40, 56), labels=labels, name="**x** <b>y</b>")
    model = replace(model, card=replace(model.card, licence="[l](https://evil.example)", source="<i>s</i>"))
    monkeypatch.setattr(wiring, "_service", None)
    desk = wiring.use(Service(settings, store, InlinePool(store, stocked(model))))
    explanation = asked(desk, model=model.card.name)
    for target in desk.run(explanation).spec.classes[:8]:
        desk.look_at(ME, explanation.id, target)
        at = opened(e=explanation.id)
        assert not at.exception
        heading, told, *_ = [element.value for element in at.markdown]
        assert unjoined(read(heading.removeprefix("## Why ").removesuffix("?"))) == words(labels[target])
        assert plain(labels[target]) in told
        for element in (*at.markdown, *at.caption, *at.error, *at.warning):
            assert not element.proto.allow_html if hasattr(element.proto, "allow_html") else True
            for raw in (model.card.name, model.card.licence, model.card.source, "<script>", "](", "onerror=alert"):
                assert raw not in element.value
        # components set text, never HTML: the words travel to them as they are
        assert labels[target] in given(at, "map")["unit"]
