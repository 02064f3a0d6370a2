"""A text over HTTP: sent, asked about, explained, judged, read back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load
from starlette.testclient import TestClient

import models
from app.failures import RequestError
from app.jobs.question import Question
from app.service import Service
from explainers import explain
from tests.app.api.conftest import ROOT, refusal
from tests.app.api.test_explanations import send
from tests.app.conftest import Counts, picture
from tests.app.inline import HeldPool

TEXT = "A good film, \u05d0\u202e and a bad\u0301 \U0001f468\u200d\U0001f469.\r\n"
QUICK = {"method": "rise", "params": {"n_masks": 64}}
JSON = {"content-type": "application/json"}


def write(client: TestClient, text: str = TEXT) -> str:
    answer = client.post(f"{ROOT}/texts", json={"text": text})
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["id"]
    return id


def ask(client: TestClient, asset: str, **question: object) -> dict[str, Any]:
    answer = client.post(f"{ROOT}/explanations", json={"asset": asset, **QUICK, **question})
    assert answer.status_code == 201, answer.text
    explanation: dict[str, Any] = answer.json()
    return explanation


def test_a_text_is_kept_once_and_exactly(client: TestClient, counts: Counts) -> None:
    answers = [client.post(f"{ROOT}/texts", json={"text": TEXT, "name": "mine\u0000"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    told = answers[0].json()
    assert told == answers[1].json()
    assert (told["kind"], told["name"], told["width"], told["height"]) == ("text", "mine", len(TEXT), 1)
    assert counts()["assets"] == counts()["blobs"] == 1
    back = client.get(f"{ROOT}/assets/{told['id']}/text")
    assert back.content == TEXT.encode()
    assert back.headers["content-type"] == "text/plain; charset=utf-8"
    assert back.headers["x-content-type-options"] == "nosniff"
    assert "private" in back.headers["cache-control"]


def test_a_text_is_no_picture_and_the_reverse(client: TestClient) -> None:
    text, photo = write(client), send(client)
    assert refusal(client.get(f"{ROOT}/assets/{text}/image"), 404) == "There is no such picture, or it is not yours."
    assert refusal(client.get(f"{ROOT}/assets/{photo}/text"), 404) == "There is no such text, or it is not yours."


WRONG: dict[str, tuple[str | bytes, str]] = {
    "empty": ('{"text": ""}', "The text is empty."),
    "white space": ('{"text": " \\n\\t\\u3000"}', "The text is only white space."),
    "too long": (json.dumps({"text": "\U0001f986" * 5001}), "The text has 5,001 characters; the limit is 5,000."),
    "a zero byte": ('{"text": "a\\u0000"}', "The text has a zero byte at character 2, which cannot be kept."),
    "half a character": (
        '{"text": "ab\\ud83d"}',
        "The text has half a character, a lone surrogate, at character 3, which cannot be kept.",
    ),
    "no text": ("{}", "text: Field required"),
    "a number": ('{"text": 5}', "text: Input should be a valid string"),
    "no object": ("[]", "body: "),
    "nested": ("[" * 60_000, "body: JSON decode error"),
    "no JSON": ("{", "body: JSON decode error"),
    "no UTF-8": (b'{"text": "\xff"}', "body: JSON decode error"),
    "unknown field": ('{"text": "x", "lang": "en"}', "lang: Extra inputs are not permitted"),
    "long name": (json.dumps({"text": "x", "name": "n" * 201}), "name: String should have at most 200 characters"),
    "huge": (b" " * 71_000, "The text is larger than 70,000 bytes, which is the limit."),
}


@pytest.mark.usefixtures("as_in_production")
@pytest.mark.parametrize(("body", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_text(client: TestClient, counts: Counts, body: str | bytes, sentence: str) -> None:
    before = counts()
    assert refusal(client.post(f"{ROOT}/texts", content=body, headers=JSON), 422).startswith(sentence)
    assert counts() == before


def test_from_a_text_to_its_map(client: TestClient, wordy: models.TextClassifier) -> None:
    told = ask(client, write(client), seed=3)
    assert told["kind"] == "text"
    assert told["spec"]["model"] == "wordy"
    assert told["spec"]["output"] == "log_probability"
    look, target = told["look"], told["view"]["target"]
    assert (look["by"], look["cut"]) == ("word", 0)
    assert all(TEXT[start:end] == word for word, start, end in look["words"])
    assert told["result"]["words"] == look["words"]
    values = load(client.get(f"{ROOT}/{told['maps'][str(target)]}").content)["values"]
    alone = explain("rise", wordy, TEXT, target, 3, "log_probability", n_masks=64)
    assert values.shape == (len(look["words"]),)
    assert np.abs(values - alone.values).max() <= 1e-4 * np.ptp(alone.values)
    given = client.get(f"{ROOT}/{told['input']}")
    assert given.content == TEXT.encode()
    assert given.headers["content-type"] == "text/plain; charset=utf-8"
    part = client.get(f"{ROOT}/{told['maps'][str(target)]}")
    assert part.headers["content-type"] == "application/octet-stream"


def test_a_text_that_looks_like_a_picture_stays_one(client: TestClient) -> None:
    told = ask(client, write(client, "\u0089PNG\r\n a good film"))
    assert client.get(f"{ROOT}/{told['input']}").headers["content-type"].startswith("text/plain")
    assert told["input"].rpartition("/")[2] not in told["maps"].values()


def test_the_words_are_told_before_the_map(slow_client: TestClient) -> None:
    told = ask(slow_client, write(slow_client), params={"by": "token"})
    assert told["progress"]["state"] == "queued"
    assert told["look"]["by"] == "token"
    assert told["look"]["words"]
    assert told["result"] is None
    assert slow_client.get(f"{ROOT}/{told['input']}").content == TEXT.encode()


def test_a_long_text_is_explained_by_sentence(client: TestClient) -> None:
    told = ask(client, write(client, "A good film. " * 50))
    assert told["look"]["by"] == told["spec"]["params"]["by"] == "sentence"
    assert len(told["result"]["words"]) == 50


def test_a_text_is_judged(client: TestClient) -> None:
    told = ask(client, write(client))
    judged = client.post(f"{ROOT}/explanations/{told['id']}/trust")
    assert judged.status_code == 201
    assert judged.json()["progress"]["error"] is None
    assert {check["name"] for check in judged.json()["report"]["checks"]} >= {"fidelity", "deletion", "repetition"}


def test_the_wrong_kind_of_model(client: TestClient, counts: Counts) -> None:
    text, photo = write(client), send(client)
    before = counts()
    answers = [
        client.post(f"{ROOT}/explanations", json={"asset": asset, "model": model, **QUICK})
        for asset, model in ((photo, "wordy"), (text, "tiny"))
    ]
    assert [refusal(answer, 422) for answer in answers] == [
        "wordy classifies texts; ask it about a text, and choose another model for a picture",
        "tiny classifies images; ask it about a picture, and choose another model for a text",
    ]
    for question, sentence in (
        ({"method": "grad_cam"}, "for texts; got 'grad_cam'"),
        ({"params": {"cells": 4}}, "rise has no parameter 'cells'"),
        ({"params": {"by": "letter"}}, "by must be one of token, word, sentence; got 'letter'"),
    ):
        answer = client.post(f"{ROOT}/explanations", json={"asset": text, "method": "rise", **question})
        assert sentence in refusal(answer, 422)
    assert counts() == before


def test_a_question_of_the_other_kind_is_refused_by_the_service(desk: Service) -> None:
    text = desk.upload_text("ann", "a good film", "text")
    with pytest.raises(RequestError, match="The question is about a picture, and what is asked is a text"):
        desk.ask("ann", text.id, Question())
    photo = desk.upload("ann", picture(0), "photo")
    with pytest.raises(RequestError, match="The question is about a text, and what is asked is a picture"):
        desk.ask("ann", photo.id, Question(kind="text"))


def test_asking_again_asks_the_same(slow_client: TestClient, slow_desk: Service, held: HeldPool) -> None:
    told = ask(slow_client, write(slow_client))
    slow_client.post(f"{ROOT}/explanations/{told['id']}/cancel")
    again = slow_desk.again("local", told["id"])
    assert (again.id, again.run) == (told["id"], told["key"])
    held.work()
    assert slow_desk.run(again).state == "done"


# words switched off and replaced


def probe(client: TestClient, told: dict[str, Any], **edits: object) -> Any:
    return client.post(f"{ROOT}/explanations/{told['id']}/probe", json=edits)


def test_a_word_off_and_one_replaced(client: TestClient, wordy: models.TextClassifier) -> None:
    text = "the good film and the bad film"
    told = ask(client, write(client, text), params={"n_masks": 64, "baseline": "deletion"})
    answer = probe(client, told, off=[2], replace={"5": "very good"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert set(found) == {"classes", "labels", "probabilities", "before", "band", "text"}
    assert set(found["band"]) == {"low", "high", "sets"}
    assert found["text"] == "the good film and the very good film"
    for field, read in (("before", text), ("probabilities", "the good and the very good film")):
        expected = wordy.predict(read)[0]
        assert found[field] == pytest.approx([expected[k] for k in found["classes"]], rel=1e-5)
    assert found["labels"] == [wordy.labels[k] for k in found["classes"]]
    assert found["band"]["sets"] == 10  # pairs of the five other words
    assert all(low <= high for low, high in zip(found["band"]["low"], found["band"]["high"], strict=True))
    assert probe(client, told, off=[2], replace={"5": "very good"}).json() == found


def test_a_text_is_probed_while_its_map_is_computed(slow_client: TestClient) -> None:
    told = ask(slow_client, write(slow_client))
    assert probe(slow_client, told, off=[0]).json()["band"]["sets"] > 0
    assert slow_client.get(f"{ROOT}/explanations/{told['id']}").json()["progress"]["state"] == "queued"


def test_gradient_methods_are_probed_for_all_classes(client: TestClient) -> None:
    told = ask(client, write(client), method="saliency", params={})
    assert len(told["spec"]["classes"]) == 1
    assert len(probe(client, told).json()["classes"]) == 2


@pytest.mark.usefixtures("as_in_production")
@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        ({"off": [99]}, "off must name words by numbers in [0, "),
        ({"off": [-1]}, "off must name words by numbers in [0, "),
        ({"off": ["x"]}, "off: Input should be a valid integer"),
        ({"off": [1.5]}, "off: "),
        ({"off": "all"}, "off: Input should be a valid list"),
        ({"replace": {"99": "x"}}, "replace must name words by numbers in [0, "),
        ({"replace": {"x": "y"}}, "replace."),
        ({"replace": {"1": ""}}, "replace must give a word 1 to 200 characters, not blank; got '' for word 1"),
        ({"replace": {"1": "x" * 201}}, "replace must give a word 1 to 200 characters, not blank; got 201 characters"),
        ({"replace": {"1": 5}}, "replace.1: Input should be a valid string"),
        ({"off": [1], "replace": {"1": "x"}}, "word 1 can be off or replaced, and is named in both"),
        ({"on": [1]}, "on: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_probe(client: TestClient, counts: Counts, edits: dict[str, object], sentence: str) -> None:
    told = ask(client, write(client), method="saliency", params={})
    before = counts()
    message = refusal(probe(client, told, **edits), 422)
    assert message.startswith(sentence)
    assert len(message) < 300
    assert counts() == before


def test_half_a_character_in_a_probe(client: TestClient) -> None:
    told = ask(client, write(client), method="saliency", params={})
    body = '{"replace": {"1": "\\ud83d"}}'
    answer = client.post(f"{ROOT}/explanations/{told['id']}/probe", content=body, headers=JSON)
    assert "lone surrogate" in refusal(answer, 422)


def test_a_text_of_unknown_words_alone(client: TestClient, counts: Counts) -> None:
    asset = write(client, "\u2d63\u2d63 zebra")
    before = counts()
    answer = client.post(f"{ROOT}/explanations", json={"asset": asset})
    assert refusal(answer, 422) == "wordy knows no word of this text, so that it has nothing to decide by"
    assert counts() == before
    assert ask(client, write(client, "zebra film"))["look"]["classes"]


def test_pairs_of_words(client: TestClient) -> None:
    told = ask(client, write(client, "the good film and the bad film"), params={"n_masks": 64})
    found = client.get(f"{ROOT}/explanations/{told['id']}/pairs", params={"word": 1})
    assert found.status_code == 200, found.text
    assert set(found.json()) == {"values", "stderr", "forwards"}
    assert [len(found.json()[part]) for part in ("values", "stderr")] == [7, 7]
    assert found.json()["values"][1] == 0
    refused = client.get(f"{ROOT}/explanations/{told['id']}/pairs", params={"word": 7})
    assert refusal(refused, 422) == "word must lie in [0, 6]; got 7"


def test_only_ones_own_texts_are_probed(client: TestClient, desk: Service) -> None:
    photo = client.post(f"{ROOT}/explanations", json={"asset": send(client), "method": "saliency"}).json()
    assert refusal(probe(client, photo), 422) == (
        "Words are switched off and replaced in texts; this explanation is about a picture."
    )
    paired = client.get(f"{ROOT}/explanations/{photo['id']}/pairs?word=0")
    assert refusal(paired, 422) == "Words are paired in texts; this explanation is about a picture."
    assert "no such explanation" in refusal(probe(client, {"id": "0" * 32}), 404)
    theirs = desk.ask("bob", desk.upload_text("bob", TEXT, "text").id, Question(kind="text", method="saliency"))
    assert "no such explanation" in refusal(probe(client, {"id": theirs.id}), 404)
    assert "no such explanation" in refusal(client.get(f"{ROOT}/explanations/{theirs.id}/pairs?word=0"), 404)
    assert "no such text" in refusal(client.get(f"{ROOT}/assets/{theirs.asset}/text"), 404)


# beside each other


def agreement(client: TestClient, first: dict[str, Any], *others: dict[str, Any]) -> Any:
    beside = "&".join(f"with={other['id']}.{other['view']['target']}" for other in others)
    return client.get(f"{ROOT}/explanations/{first['id']}/agreement?{beside}")


def test_maps_of_one_text_agree_over_the_same_words(client: TestClient) -> None:
    text = "A good film. The bad film and the good. Bad and bad and a. "
    asset = write(client, text)
    words = ask(client, asset)
    occluded = ask(client, asset, method="occlusion", params={})
    sentences = ask(client, asset, params={"n_masks": 64, "by": "sentence"})
    told = agreement(client, words, occluded, sentences).json()
    assert told["cells"] is None
    assert [(pair["a"], pair["b"]) for pair in told["pairs"]] == [(0, 1), (0, 2), (1, 2)]
    assert told["pairs"][0]["spearman"] > 0.7
    assert "rank words" in told["sentence"]
    assert told["notes"] == [
        "The maps have different units; each pair is compared over the larger ones, the smaller inside added up."
    ]
    maps = [
        load(client.get(f"{ROOT}/{e['maps'][str(e['view']['target'])]}").content)["values"] for e in (words, sentences)
    ]
    places = list(zip(maps[0], [start for _, start, _ in words["look"]["words"]], strict=True))
    added = [
        sum(value for value, place in places if start <= place < end) for _, start, end in sentences["look"]["words"]
    ]
    assert told["pairs"][1]["spearman"] == pytest.approx(
        np.corrcoef(np.argsort(np.argsort(added)), np.argsort(np.argsort(maps[1])))[0, 1], abs=1e-4
    )


def test_one_sentence_has_no_order(client: TestClient) -> None:
    asset = write(client, "a good film")
    pair = [ask(client, asset, params={"n_masks": 64, "by": "sentence"}, seed=seed) for seed in range(2)]
    told = agreement(client, *pair).json()
    assert (told["pairs"], told["sentence"]) == ([], "")


def test_other_texts_are_not_compared(client: TestClient) -> None:
    first, second = ask(client, write(client)), ask(client, write(client, "a bad film"))
    assert refusal(agreement(client, first, second), 422) == (
        "Maps can only be compared when they explain the same text."
    )
