"""Texts in the pool as it is in production: two processes load one head alike, and no edit waits for a job."""

from __future__ import annotations

import pytest

from tests.server import CLIENT, Server, until
from tests.topology.embedded.questions import LONG

pytestmark = [pytest.mark.topology, pytest.mark.thorough]

TEXT = "A funny, thoughtful film. It is never dull."
PROMPTS = {"dull": ["this is boring"], "funny": ["this makes me laugh", "a joke"]}
TABLE = "text,label\n" + "".join(f"I {verb} this {noun},{verb}\n" for verb in ("love", "hate") for noun in range(6))


@pytest.fixture(scope="module")
def text(server: Server) -> str:
    id: str = server.post("texts", {"text": TEXT})["id"]
    return id


def test_a_text_is_explained(server: Server, text: str) -> None:
    asked = server.post("explanations", {"asset": text, "params": {"n_masks": 64}})
    assert asked["look"]["labels"][0] == "positive"
    done = server.reach(asked["id"], "done")
    assert done["result"]["words"] == asked["look"]["words"]
    assert {card["kind"] for card in server.get("models")} == {"image", "text"}


@pytest.mark.parametrize("by", ["prompts", "rows"])
def test_a_head_is_the_same_in_the_probe_and_in_the_worker(server: Server, text: str, by: str) -> None:
    if by == "prompts":
        head = server.post("heads", {"name": "mine", "prompts": PROMPTS})
    else:
        answer = CLIENT.post(f"{server.api}/heads/fit", params={"name": "mine"}, content=TABLE, timeout=120)
        assert answer.status_code == 201, answer.text
        head = answer.json()
    question = {"asset": text, "model": head["model"], "params": {"n_masks": 64}}
    asked = server.post("explanations", question)
    ended = until(
        lambda: next(
            (
                told
                for told in [server.get(f"explanations/{asked['id']}")]
                if told["progress"]["state"] in ("done", "failed")
            ),
            None,
        ),
        "the job has ended",
    )
    assert ended["progress"]["error"] is None


def test_no_edit_waits_behind_a_job(server: Server, text: str) -> None:
    asked = server.post("explanations", {"asset": text, "params": {"n_masks": 64}})
    long = server.ask(**LONG)["id"]
    server.under_way(long)
    edited = server.post(f"explanations/{asked['id']}/probe", {"off": [1], "replace": {"3": "boring"}})
    assert edited["text"] == TEXT.replace("thoughtful", "boring")
    assert edited["band"]["sets"] == 20
    assert server.get(f"explanations/{long}")["progress"]["state"] == "running"
    server.post(f"explanations/{long}/cancel")
