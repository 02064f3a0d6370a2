"""Every place where a user's words are shown, under words that would do harm: nothing runs, all are text.

Few pages are loaded, each with the whole corpus on it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Dialog, Page, expect

from app.notes import LONGEST
from app.storage.names import displayed
from tests.browser.conftest import Watch
from tests.corpus import HOSTILE, LONG
from tests.server import CLIENT, Server, until

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

DRAWN = "[data-drawn]"
KEPT = [text for text in HOSTILE if "\x00" not in text]  # labels and texts with zero bytes are refused
SIDE = 64  # of what the model sees

# everything that can be read on a page, in shadow trees too, and what should not be there
READ = """() => {
  const found = [], wrong = [];
  const look = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.shadowRoot) look(node.shadowRoot);
      for (const { name, value } of node.attributes) {
        if (name.startsWith("on")) wrong.push(`${node.tagName} ${name}`);
        const address = ["href", "src", "action", "data", "srcdoc", "xlink:href"].includes(name);
        if (address && /^\\s*(javascript|vbscript|data:text)|elsewhere/i.test(value)) wrong.push(`${name}=${value}`);
      }
      if (["IFRAME", "OBJECT", "EMBED", "BASE", "PLAINTEXT"].includes(node.tagName)) wrong.push(node.tagName);
      if (node.matches("img[src=x], .katex, meta[http-equiv=refresh]")) wrong.push(node.outerHTML.slice(0, 80));
      if ("value" in node && typeof node.value === "string") found.push(node.value);
    }
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    let text = "";
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) text += node.data;
      else if (getComputedStyle(node).display !== "inline") text += "\\n";
    }
    found.push(text);
  };
  look(document);
  return { text: found.join("\\n"), wrong, harmed: window.harmed === undefined ? null : "window.harmed" };
}"""


def flat(text: str) -> str:
    """White space is the page's own matter; word joiners keep addresses from becoming links."""
    return re.sub(r"[\s\u2060]+", " ", text).strip()


def inert(page: Page, shown: Sequence[str]) -> None:
    """Nothing ran, nothing became markup, and each of these can be read as it was typed."""
    seen = page.evaluate(READ)
    assert seen["harmed"] is None
    assert seen["wrong"] == []
    read = flat(seen["text"])
    assert [text for text in shown if flat(displayed(text, len(text))) not in read] == []


@pytest.fixture
def quiet(page: Page, watch: Watch) -> Iterator[Page]:
    """Dialogs are dismissed by the driver unless somebody listens: here each one is a failure."""
    watch.expected.append("404")  # Streamlit looks for itself below an address that is opened directly
    opened: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    yield page
    assert opened == []


def tile(seed: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def made(server: Server) -> dict[str, Any]:
    """The corpus in every field that takes words."""
    picture = tile(0)
    ids = []
    for text in [*HOSTILE, LONG[:200]]:  # one run: the same picture under another name each time
        sent = CLIENT.post(f"{server.api}/assets", content=picture, params={"name": text})
        ids.append(server.post("explanations", {"asset": sent.json()["id"], "params": {"n_masks": 16}})["id"])
    server.reach(ids[0], "done")
    first, target = ids[0], server.get(f"explanations/{ids[0]}")["view"]["target"]
    for i, text in enumerate(HOSTILE):
        CLIENT.patch(f"{server.api}/explanations/{ids[i]}", json={"name": text}).raise_for_status()
        place = {"kind": "point", "x": (i % 9) / 9, "y": i / len(HOSTILE)}
        server.post(f"explanations/{first}/notes", {"place": place, "text": text})
        params = {"target": target, "note": text, "branch": "true"}
        kept = CLIENT.post(f"{server.api}/explanations/{first}/revisions", params=params, content=bytes(2 * SIDE**2))
        assert kept.status_code == 201, kept.text
    server.post(f"explanations/{first}/notes", {"place": {"kind": "point", "x": 1, "y": 1}, "text": LONG[:LONGEST]})
    head = server.post("heads", {"name": HOSTILE[2], "prompts": {text: [text] for text in KEPT}})
    words = "\n".join(KEPT)
    asset = server.post("texts", {"text": words, "name": HOSTILE[4]})["id"]
    asked = {"asset": asset, "model": head["model"], "params": {"n_masks": 64, "by": "word"}}
    review = server.post("explanations", asked)["id"]
    server.reach(review, "done")
    for text in HOSTILE:
        server.post(f"explanations/{review}/notes", {"place": {"kind": "word", "number": 0}, "text": text})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i, text in enumerate(text for text in KEPT if not set("/\\") & set(text)):
            archive.writestr(f"{text}/{text}.png", tile(i))
    sent = CLIENT.post(f"{server.api}/sets", params={"name": HOSTILE[3]}, files=[("files", ("x.zip", out.getvalue()))])
    assert sent.status_code == 201, sent.text
    study = server.post("concepts", {"set": sent.json()["id"], "model": "planted_shortcut", "n_concepts": 8})["id"]
    until(lambda: server.get(f"concepts/{study}")["progress"]["state"] == "done", "the study is done")
    found = server.get(f"concepts/{study}")["result"]
    short = [text for text in KEPT if len(text) <= 80]
    parts = [("concept", i) for i in range(len(found["concepts"]))]
    parts += [("strategy", i) for i in range(len(found["clusters"]))]
    called = dict(zip(parts, short, strict=False))
    for (part, index), text in called.items():
        named = CLIENT.patch(f"{server.api}/concepts/{study}/view", json={part: index, "name": text})
        assert named.status_code == 200, named.text
    for text in HOSTILE:
        server.post(f"concepts/{study}/notes", {"place": {"kind": "concept", "number": 0}, "text": text})
    shares = [server.post(f"{noun}/{id}/shares", {"days": 1})["id"] for noun, id in
              (("explanations", first), ("explanations", review), ("concepts", study))]  # fmt: skip
    concepts = [text for (part, _), text in called.items() if part == "concept"]
    return {"picture": first, "text": review, "study": study, "shares": shares, "concepts": concepts}


def test_there_are_enough() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 40


def test_s13_the_library(quiet: Page, server: Server, made: dict[str, Any]) -> None:  # noqa: ARG001
    quiet.goto(f"{server.url}/library")
    quiet.wait_for_selector("[data-shown]")
    read, more = "", True
    while more:
        inert(quiet, [])
        read += flat(quiet.evaluate(READ)["text"])
        turn = quiet.get_by_role("button", name="Next")
        more = turn.is_enabled()
        if more:
            place = quiet.get_by_text(re.compile(r"^Page \d+ of")).inner_text()
            turn.click()
            expect(quiet.get_by_text(place)).to_have_count(0)
    assert [text for text in HOSTILE if flat(displayed(text)) not in read] == []
    # what is about to be deleted is named, too
    quiet.get_by_role("button", name=re.compile("^Choose all")).click()
    quiet.get_by_role("button", name=re.compile("^Delete \\d")).click()
    expect(quiet.get_by_role("dialog").get_by_role("listitem").first).to_be_visible()
    inert(quiet, [])


def test_s13_the_workbench_with_a_picture(quiet: Page, server: Server, made: dict[str, Any]) -> None:
    quiet.goto(f"{server.url}/?e={made['picture']}")
    quiet.wait_for_selector(DRAWN)
    expect(quiet.locator(".notes li")).to_have_count(len(HOSTILE) + 1)
    inert(quiet, [*HOSTILE, LONG[:LONGEST]])
    quiet.get_by_role("button", name="Export").click()
    expect(quiet.get_by_text("For a methods section")).to_be_visible()
    quiet.keyboard.press("Escape")
    quiet.get_by_role("button", name="Share").click()
    expect(quiet.get_by_text("Links you have given")).to_be_visible()
    inert(quiet, [HOSTILE[0]])
    quiet.keyboard.press("Escape")
    quiet.get_by_role("button", name="Edit", exact=True).click()
    expect(quiet.locator(".kept button").first).to_be_visible()
    inert(quiet, HOSTILE)


def test_s13_the_workbench_with_a_text(quiet: Page, server: Server, made: dict[str, Any]) -> None:
    quiet.goto(f"{server.url}/?e={made['text']}")
    quiet.wait_for_selector(DRAWN)
    expect(quiet.get_by_text("Why not").first).to_be_visible()
    inert(quiet, KEPT)  # as words, as labels on the model's card, and as notes


def test_s13_the_concepts(quiet: Page, server: Server, made: dict[str, Any]) -> None:
    quiet.goto(f"{server.url}/concepts?c={made['study']}")
    quiet.wait_for_selector("[data-concepts]")
    inert(quiet, [*HOSTILE, *made["concepts"]])
    quiet.get_by_text("Strategies", exact=True).click()
    quiet.wait_for_selector("[data-strategies]")
    inert(quiet, [])


def test_s13_the_links(quiet: Page, server: Server, made: dict[str, Any]) -> None:
    picture, text, study = made["shares"]
    quiet.goto(f"{server.url}/?s={picture}")
    quiet.wait_for_selector(DRAWN)
    expect(quiet.locator(".notes li")).to_have_count(len(HOSTILE) + 1)
    inert(quiet, HOSTILE)
    quiet.goto(f"{server.url}/?s={text}")
    quiet.wait_for_selector(DRAWN)
    inert(quiet, KEPT)
    quiet.goto(f"{server.url}/concepts?s={study}")
    quiet.wait_for_selector("[data-concepts]")
    inert(quiet, [*HOSTILE, *made["concepts"]])


def test_s13_the_files(browser: Browser, server: Server, made: dict[str, Any], tmp_path: Path) -> None:
    """Opened from a folder, where nothing but the file itself says what it may do."""
    wrong: list[str] = []
    with browser.new_context(accept_downloads=False) as context:
        context.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
        context.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        context.on("request", lambda asked: wrong.append(asked.url) if not own(asked.url) else None)
        page = context.new_page()
        for noun, suffix in (("picture", "html"), ("text", "html"), ("picture", "svg")):
            answer = CLIENT.get(f"{server.api}/explanations/{made[noun]}/exports/{suffix}")
            assert answer.status_code == 200, answer.text
            file = tmp_path / f"{noun}.{suffix}"
            file.write_bytes(answer.content)
            page.goto(file.as_uri())
            inert(page, HOSTILE if suffix == "html" else [])
    assert wrong == []


def own(url: str) -> bool:
    return urlsplit(url).scheme in ("file", "data")
