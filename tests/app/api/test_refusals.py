"""Everything that is refused: one sentence in one shape, and nothing stored."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient

from app.api.explanations import Ask
from app.jobs.question import Question
from app.service import Service
from app.settings import Settings
from explainers import list_methods
from tests.app.api.conftest import ROOT, application, refusal
from tests.app.api.test_explanations import QUICK, ask, send
from tests.app.conftest import Counts, picture

pytestmark = pytest.mark.usefixtures("as_in_production")

HUGE = "1" + "0" * 400  # a whole number that no float holds
JSON = {"content-type": "application/json"}
METHODS = ", ".join(method.name for method in list_methods("image")) + " for images"

WRONG: dict[str, tuple[dict[str, object], str]] = {
    "unknown method": ({"method": "magic"}, f"method must be one of {METHODS}; got 'magic'"),
    "unknown parameter": ({"params": {"n_mask": 32}}, "rise has no parameter 'n_mask'; did you mean n_masks?"),
    "out of range": ({"params": {"n_masks": 4}}, "n_masks must lie in [16, 32768]; got 4"),
    "just out of range": ({"params": {"p": 0.951}}, "p must lie in [0.05, 0.95]; got 0.951"),
    "wrong type": ({"params": {"n_masks": "many"}}, "n_masks must be a whole number; got 'many'"),
    "half a mask": ({"params": {"n_masks": 32.5}}, "n_masks must be a whole number; got 32.5"),
    "true is no number": ({"params": {"n_masks": True}}, "n_masks must be a whole number; got True"),
    "nothing is no number": ({"params": {"n_masks": None}}, "n_masks must be a whole number; got None"),
    "a list": ({"params": {"p": [0.5]}}, "p must be a number; got [0.5]"),
    "unknown choice": ({"params": {"baseline": "lava"}}, "baseline must be one of mean, black, blur; got 'lava'"),
    "two parameters at odds": (
        {"method": "occlusion", "params": {"window": 8, "stride": 9}},
        "stride must be at most window = 8, or pixels go unseen; got 9",
    ),
    "params no object": ({"params": [1]}, "params: Input should be a valid dictionary"),
    "target too large": ({"target": 25}, "target must lie in [0, 24]; got 25"),
    "target negative": ({"target": -1}, "target must lie in [0, 24]; got -1"),
    "target as text": ({"target": "25"}, "target must lie in [0, 24]; got 25"),
    "target of no label": ({"target": "kind 25"}, "target must be a class label or index of this model; got 'kind 25'"),
    "target empty": ({"target": ""}, "target must be a class label or index of this model; got ''"),
    "against of no label": ({"against": "yak"}, "against must be a class label or index of this model; got 'yak'"),
    "against too large": ({"against": 25}, "against must lie in [0, 24]; got 25"),
    "against the target": (
        {"target": 4, "against": "kind 4"},
        "against must be another class than the target; got 'kind 4' twice",
    ),
    "target of many digits": ({"target": "9" * 5000}, "target must"),
    "target hostile": ({"target": "<script>"}, "target must be a class label or index of this model; got '<script>'"),
    "against outside": ({"against": 25}, "against must lie in [0, 24]; got 25"),
    "against itself": ({"target": 3, "against": "kind 3"}, "against must be another class than the target"),
    "output": ({"output": "softmax"}, "output: Input should be 'logit', 'probability' or 'log_probability'"),
    "seed negative": ({"seed": -1}, "seed must lie in [0, 2147483647]; got -1"),
    "seed too large": ({"seed": 2**31}, "seed must lie in [0, 2147483647]; got 2147483648"),
    "seed no number": ({"seed": "x"}, "seed: Input should be a valid integer"),
    "unknown model": ({"model": "no_such_network"}, "no model is called 'no_such_network'"),
    "model as a path": ({"model": "../../etc/passwd"}, "no model is called '../../etc/passwd'"),
    "model with a surrogate": ({"model": "\ud800"}, "no model is called '\\ud800'"),
    "unknown field": ({"mehtod": "rise"}, "mehtod: Extra inputs are not permitted"),
}


@pytest.mark.parametrize(("question", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_question(client: TestClient, counts: Counts, question: dict[str, object], sentence: str) -> None:
    asset = send(client)
    before = counts()
    body = json.dumps({"asset": asset, **QUICK, **question})
    answer = client.post(f"{ROOT}/explanations", content=body, headers=JSON)
    message = refusal(answer, 422)
    assert message.startswith(sentence)
    assert len(message) < 300
    assert counts() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("p", "n_masks") for value in ("NaN", "Infinity", "-Infinity", "1e999")),
        pytest.param("n_masks", HUGE, id="n_masks-huge"),
        pytest.param("p", HUGE, id="p-huge"),
    ],
)
def test_s7_a_number_that_is_none(client: TestClient, counts: Counts, name: str, value: str) -> None:
    asset = send(client)
    before = counts()
    body = f'{{"asset": "{asset}", "params": {{"{name}": {value}}}}}'
    refusal(client.post(f"{ROOT}/explanations", content=body, headers=JSON), 422)
    assert counts() == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b'{"asset": 5}'])
def test_a_body_that_is_no_question(client: TestClient, counts: Counts, body: bytes) -> None:
    before = counts()
    answer = client.post(f"{ROOT}/explanations", content=body, headers=JSON)
    field = {b'{"asset": 5}': "asset", b"{}": "asset"}.get(body, "body")
    assert refusal(answer, 422).startswith(f"{field}: ")
    assert counts() == before


STRANGE = ["0" * 32, "x", "%00", "a%00b", "..%2f..%2fetc", "'%20OR%201=1", "%F0%9F%A6%86", "%ff", "n" * 3000]


@pytest.mark.parametrize("id", STRANGE)
def test_an_unknown_id(client: TestClient, id: str) -> None:
    said = set()
    for method, path in (
        ("GET", f"explanations/{id}"),
        ("GET", f"explanations/{id}/events"),
        ("GET", f"explanations/{id}/preview"),
        ("GET", f"explanations/{id}/blobs/{'0' * 64}"),
        ("POST", f"explanations/{id}/cancel"),
        ("GET", f"assets/{id}/image"),
        ("GET", f"assets/{id}/text"),
        ("DELETE", f"heads/{id}"),
    ):
        said.add(refusal(client.request(method, f"{ROOT}/{path}"), 404))
    if "2f" not in id:
        assert said == {
            "There is no such explanation, or it is not yours.",
            "There is no such picture, or it is not yours.",
            "There is no such text, or it is not yours.",
            "There is no such classifier, or it is not yours.",
        }
    refusal(client.put(f"{ROOT}/explanations/{id}/view", json={"target": 1}), 404)


@pytest.mark.parametrize("id", ["0" * 32, "", "\x00", "\ud800", "x" * 10_000])
def test_an_unknown_picture(client: TestClient, counts: Counts, id: str) -> None:
    before = counts()
    answer = client.post(f"{ROOT}/explanations", content=json.dumps({"asset": id}), headers=JSON)
    assert refusal(answer, 404) == "There is no such picture, or it is not yours."
    assert counts() == before


def test_what_belongs_to_another_looks_unknown(client: TestClient, desk: Service, counts: Counts) -> None:
    theirs = desk.upload("bob", picture(0), "bob's")
    explanation = desk.ask("bob", theirs.id, Question(params={"n_masks": 32}))
    run = desk.run(explanation)
    assert run.result is not None
    sha256 = next(iter(run.result["blobs"].values()))
    before = counts()
    here, nowhere = f"explanations/{explanation.id}", f"explanations/{'0' * 32}"
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/events", None),
        ("GET", "/preview", None),
        ("GET", f"/blobs/{sha256}", None),
        ("GET", f"/blobs/{run.input}", None),
        ("POST", "/cancel", None),
        ("PUT", "/view", {"target": run.spec.classes[1]}),
    ):
        answers = [client.request(method, f"{ROOT}/{place}{path}", json=body) for place in (here, nowhere)]
        assert refusal(answers[0], 404) == refusal(answers[1], 404)
    picture_of = [client.get(f"{ROOT}/assets/{id}/image") for id in (theirs.id, "0" * 32)]
    assert refusal(picture_of[0], 404) == refusal(picture_of[1], 404)
    asked = client.post(f"{ROOT}/explanations", json={"asset": theirs.id})
    assert refusal(asked, 404) == "There is no such picture, or it is not yours."
    assert counts() == before
    assert desk.explanation("bob", explanation.id) == explanation


def test_a_hash_gives_nothing_outside_its_explanation(client: TestClient, desk: Service) -> None:
    mine = ask(client, send(client))
    theirs = desk.ask("bob", desk.upload("bob", picture(1), "x").id, Question(params={"n_masks": 32}))
    run = desk.run(theirs)
    assert run.result is not None
    for sha256 in (*run.result["blobs"].values(), run.input, run.spec.asset, mine["spec"]["asset"], "0" * 64, "x"):
        answer = client.get(f"{ROOT}/explanations/{mine['id']}/blobs/{sha256}")
        assert refusal(answer, 404) == "There is no such part, or it is not yours."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "The file is not a readable"),
        (b"GIF89a" + bytes(100), "The file is not a readable PNG, JPEG or WebP image."),
        (picture(0)[:200], "The image is damaged or incomplete and cannot be decoded."),
    ],
)
def test_an_upload_that_is_no_picture(client: TestClient, counts: Counts, data: bytes, sentence: str) -> None:
    before = counts()
    answer = client.post(
        f"{ROOT}/assets", content=data, params={"name": "x.png"}, headers={"content-type": "image/png"}
    )
    assert refusal(answer, 422).startswith(sentence)
    assert counts() == before


def test_too_many_pixels(client: TestClient, desk: Service, counts: Counts, settings: Settings) -> None:
    object.__setattr__(desk, "settings", settings.model_copy(update={"max_upload_pixels": 48 * 32 - 1}))
    before = counts()
    answer = client.post(f"{ROOT}/assets", content=picture(0))
    assert refusal(answer, 422) == "The image has 1,536 pixels; the limit is 1,535."
    assert counts() == before


def test_a_name_too_long(client: TestClient, counts: Counts) -> None:
    before = counts()
    answer = client.post(f"{ROOT}/assets", content=picture(0), params={"name": "n" * 201})
    assert refusal(answer, 422) == "name: String should have at most 200 characters"
    assert counts() == before


def test_a_name_with_a_zero_byte(client: TestClient) -> None:
    answer = client.post(f"{ROOT}/assets", content=picture(0), params={"name": "a\x00b\n\u202f\U0001f986"})
    assert answer.status_code == 201
    assert answer.json()["name"] == "ab\u202f\U0001f986"


@pytest.mark.usefixtures("desk")
def test_s2_an_upload_too_large_is_not_read_to_its_end(counts: Counts) -> None:
    """The body never ends: only a server that stops reading answers."""
    before = counts()
    chunk, read, sent = bytes(100_000), 0, b""
    status = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += len(chunk)
        assert read < 5_000_000, "read on and on"
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: Any) -> None:
        nonlocal status, sent
        status = message.get("status", status)
        sent += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": f"{ROOT}/assets",
        "raw_path": f"{ROOT}/assets".encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
    }
    anyio.run(application(), scope, receive, send)
    assert (status, json.loads(sent)) == (
        422,
        {"error": {"status": 422, "message": "The file is larger than 1,000,000 bytes, which is the limit."}},
    )
    assert read == 1_100_000  # the limit and the piece that went over it
    assert counts() == before


def test_s24_over_the_limit_of_one_user(slow_client: TestClient, slow_desk: Service, counts: Counts) -> None:
    asset = send(slow_client)
    waiting = [ask(slow_client, asset, seed=seed) for seed in range(3)]
    before = counts()
    answer = slow_client.post(f"{ROOT}/explanations", json={"asset": asset, **QUICK, "seed": 3})
    assert refusal(answer, 422) == ("You have 3 explanations waiting, which is the limit; cancel one or wait for it.")
    assert counts() == before
    # another user is not held up, and a cancelled one makes room
    slow_desk.ask("bob", slow_desk.upload("bob", picture(0), "x").id, Question())
    slow_client.post(f"{ROOT}/explanations/{waiting[0]['id']}/cancel")
    ask(slow_client, asset, seed=3)


def test_at_the_limit_what_is_there_can_still_be_seen(slow_client: TestClient, slow_desk: Service) -> None:
    asset = send(slow_client)
    explanations = [ask(slow_client, asset, seed=seed) for seed in range(3)]
    assert ask(slow_client, asset, seed=1)["id"] == explanations[1]["id"]
    assert slow_desk.store.runs.waiting("local") == 3


@pytest.mark.parametrize("path", ["", "nothing", "explanations", "docs/evil.js", "docs/..%2fmain.py", "s/x"])
def test_unknown_paths(client: TestClient, path: str) -> None:
    answer = client.get(f"{ROOT}/{path}", follow_redirects=False)
    refusal(answer, {"explanations": 405, "docs/evil.js": 422}.get(path, 404))


def test_wrong_verbs(client: TestClient) -> None:
    refusal(client.delete(f"{ROOT}/assets"), 405)
    refusal(client.get(f"{ROOT}/explanations/x/cancel"), 405)


def test_an_unexpected_error_has_an_id_and_no_detail(
    client: TestClient, desk: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(type(desk.store.assets), "get", broken)
    message = refusal(client.get(f"{ROOT}/assets/x/image"), 500)
    assert message.startswith("Something went wrong that should not have. It was logged as ")
    assert "secret" not in message
    short = message.rstrip(".").rpartition(" ")[2]
    (record,) = [record for record in caplog.records if short in record.getMessage()]
    assert record.exc_info is not None


def test_the_wrong_questions_cover_every_field() -> None:
    covered = {field for question, _ in WRONG.values() for field in question}
    assert covered >= set(Ask.model_fields) - {"asset"}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal must not be a download that failed."""
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
