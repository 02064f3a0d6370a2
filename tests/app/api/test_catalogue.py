"""What there is to choose from, and the documentation of it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from app.examples import EXAMPLES, FIRST
from explainers import list_methods
from tests.app.api.conftest import ROOT, refusal
from tests.app.conftest import Counts
from tests.app.inline import HeldPool, InlineWorkshop

ROUTES = {
    ("post", "/batches/plan"),
    ("get", "/batches"),
    ("post", "/batches"),
    ("get", "/batches/{id}"),
    ("delete", "/batches/{id}"),
    ("post", "/batches/{id}/cancel"),
    ("post", "/batches/{id}/resume"),
    ("get", "/batches/{id}/rows"),
    ("get", "/batches/{id}/summary.csv"),
    ("get", "/batches/{id}/images/{index}/thumbnail"),
    ("post", "/batches/{id}/images/{index}/explanation"),
    ("get", "/sets"),
    ("post", "/sets"),
    ("get", "/sets/{id}"),
    ("delete", "/sets/{id}"),
    ("get", "/sets/{id}/images/{index}"),
    ("get", "/concepts/plan"),
    ("get", "/concepts"),
    ("post", "/concepts"),
    ("get", "/concepts/{id}"),
    ("delete", "/concepts/{id}"),
    ("post", "/concepts/{id}/cancel"),
    ("post", "/concepts/{id}/again"),
    ("get", "/concepts/{id}/events"),
    ("patch", "/concepts/{id}/view"),
    ("get", "/concepts/{id}/sizes"),
    ("get", "/concepts/{id}/trials"),
    ("get", "/concepts/{id}/images/{index}/map"),
    ("post", "/concepts/{id}/concepts/{concept}/apart"),
    ("post", "/concepts/{id}/probe"),
    ("get", "/concepts/{id}/images/{index}"),
    ("post", "/concepts/{id}/images/{index}/asset"),
    ("get", "/concepts/{id}/blobs/{sha256}"),
    ("get", "/concepts/{id}/exports/{format}"),
    ("post", "/assets"),
    ("get", "/assets/{id}/image"),
    ("post", "/texts"),
    ("get", "/assets/{id}/text"),
    ("post", "/heads"),
    ("post", "/heads/fit"),
    ("get", "/heads"),
    ("delete", "/heads/{id}"),
    ("post", "/explanations/{id}/paint"),
    ("post", "/explanations/{id}/paint/control"),
    ("post", "/explanations/{id}/paint/fills"),
    ("get", "/explanations/{id}/paint/regions"),
    ("post", "/explanations/{id}/paint/score"),
    ("post", "/explanations/{id}/cells"),
    ("get", "/explanations/{id}/revisions"),
    ("post", "/explanations/{id}/revisions"),
    ("get", "/explanations/{id}/revisions/{revision}/mask"),
    ("get", "/explanations/{id}/revisions/{revision}/exports/{format}"),
    ("get", "/explanations/{id}/pairs"),
    ("post", "/explanations/{id}/probe"),
    ("get", "/models"),
    ("get", "/methods"),
    ("get", "/fits"),
    ("get", "/examples"),
    ("post", "/examples/{name}"),
    ("get", "/examples/{name}/image"),
    ("post", "/explanations"),
    ("get", "/explanations/{id}"),
    ("put", "/explanations/{id}/view"),
    ("post", "/explanations/{id}/cancel"),
    ("get", "/explanations/{id}/events"),
    ("get", "/explanations/{id}/preview"),
    ("get", "/explanations/{id}/agreement"),
    ("post", "/explanations/{id}/trust"),
    ("get", "/explanations/{id}/trust"),
    ("get", "/explanations/{id}/trust/events"),
    ("get", "/explanations/{id}/blobs/{sha256}"),
    ("post", "/explanations/{id}/trust"),
    ("get", "/explanations/{id}/trust"),
    ("get", "/explanations/{id}/trust/events"),
    ("post", "/explanations/{id}/shares"),
    ("post", "/concepts/{id}/shares"),
    ("get", "/shares"),
    ("get", "/shares/{id}"),
    ("delete", "/shares/{id}"),
    ("get", "/shares/{id}/blobs/{sha256}"),
    ("post", "/shares/{id}/copy"),
    ("get", "/library"),
    ("get", "/library/dependants"),
    ("post", "/library/delete"),
    ("patch", "/explanations/{id}"),
    ("delete", "/explanations/{id}"),
    ("get", "/explanations/{id}/dependants"),
    ("get", "/explanations/{id}/thumbnail"),
    ("get", "/explanations/{id}/exports/{format}"),
    ("delete", "/explanations/{id}/revisions/{revision}"),
    ("get", "/explanations/{id}/notes"),
    ("post", "/explanations/{id}/notes"),
    ("delete", "/explanations/{id}/notes/{note}"),
    ("patch", "/concepts/{id}"),
    ("get", "/concepts/{id}/notes"),
    ("post", "/concepts/{id}/notes"),
    ("delete", "/concepts/{id}/notes/{note}"),
}


class Links(HTMLParser):
    """Every address of a page, and every script that stands in it."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline = ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert not [name for name in named if name.startswith("on")], "an inline handler"
        self.addresses += [value for name, value in attrs if name in ("src", "href") and value]
        self._inside = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("script", "style")

    def handle_data(self, data: str) -> None:
        self.inline += data.strip() if self._inside else ""


def test_models(client: TestClient) -> None:
    pictures, texts = client.get(f"{ROOT}/models").json()
    assert (pictures["name"], pictures["kind"], pictures["size"]) == ("tiny", "image", [40, 56])
    assert (texts["name"], texts["kind"], texts["limit"]) == ("wordy", "text", 300)


def test_methods_with_everything_a_form_needs(client: TestClient) -> None:
    listed = {(method["name"], method["kind"]): method for method in client.get(f"{ROOT}/methods").json()}
    assert set(listed) == {(method.name, method.kind) for method in list_methods()}
    for method in list_methods():
        entry = listed[method.name, method.kind]
        assert entry["description"] == method.description
        assert (entry["revision"], entry["needs"]) == (method.revision, method.needs)
        defaults = method.parameters().as_dict()
        assert {p["name"]: p["default"] for p in entry["parameters"]} == defaults
        for parameter in entry["parameters"]:
            assert parameter["help"]
            assert (parameter["range"] is None) != (parameter["choices"] is None) or parameter["type"] == "bool"


def test_what_suits_a_model(client: TestClient) -> None:
    told = client.get(f"{ROOT}/fits").json()
    assert (told["model"], told["checked"]) == ("tiny", True)
    assert [fit["method"] for fit in told["methods"]] == [method.name for method in list_methods("image")]
    assert {fit["status"] for fit in told["methods"]} == {"valid"}
    assert client.get(f"{ROOT}/fits?model=tiny").json() == told
    assert "no model is called" in refusal(client.get(f"{ROOT}/fits?model=nothing"), 422)
    told = client.get(f"{ROOT}/fits?model=wordy").json()
    assert [fit["method"] for fit in told["methods"]] == [method.name for method in list_methods("text")]
    assert "impossible" not in {fit["status"] for fit in told["methods"]}


def test_what_suits_a_model_is_told_when_it_is_known(slow_client: TestClient, held: HeldPool) -> None:
    held.checking = True
    assert slow_client.get(f"{ROOT}/fits").json() == {"model": "tiny", "checked": False, "methods": []}


def test_what_cannot_be_is_refused(client: TestClient, counts: Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = client.post(f"{ROOT}/examples/{FIRST}").json()["id"]
    fits = ({"method": "saliency", "status": "impossible", "reason": "it has no gradient"},)
    monkeypatch.setattr(InlineWorkshop, "fits", lambda self, model: fits)  # noqa: ARG005
    before = counts()
    answer = client.post(f"{ROOT}/explanations", json={"asset": asset, "method": "saliency"})
    assert refusal(answer, 422) == "saliency cannot explain this model: it has no gradient."
    assert counts() == before


def test_every_example_can_be_seen_and_used(client: TestClient, counts: Counts) -> None:
    listed = client.get(f"{ROOT}/examples").json()
    assert [entry["name"] for entry in listed] == list(EXAMPLES)
    assert FIRST in EXAMPLES
    for entry in listed:
        assert client.get(f"{ROOT}/examples/{entry['name']}/image").content == EXAMPLES[entry["name"]].read()
        used = [client.post(f"{ROOT}/examples/{entry['name']}") for _ in range(2)]
        assert [answer.status_code for answer in used] == [201, 201]
        assert used[0].json() == used[1].json()
    assert counts()["assets"] == len(EXAMPLES)


@pytest.mark.parametrize("name", ["nothing", "..%2f..%2fcoffee", "coffee.png"])
def test_an_unknown_example(client: TestClient, counts: Counts, name: str) -> None:
    refusal(client.post(f"{ROOT}/examples/{name}"), 404)
    refusal(client.get(f"{ROOT}/examples/{name}/image"), 404)
    assert counts()["assets"] == 0


def test_the_openapi_document_lists_every_route(client: TestClient) -> None:
    document = client.get(f"{ROOT}/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert {(verb, path) for path, verbs in document["paths"].items() for verb in verbs} == ROUTES
    assert document["servers"] == [{"url": ROOT}]
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert referred <= set(document["components"]["schemas"])
    assert "Queue an explanation" in document["paths"]["/explanations"]["post"]["description"]


def test_the_docs_page_is_made_of_our_own_files(client: TestClient) -> None:
    page = client.get(f"{ROOT}/docs")
    links = Links()
    links.feed(page.text)
    assert links.inline == ""
    assert len(links.addresses) == 4
    for address in links.addresses:
        assert "//" not in address
        if not address.startswith("data:"):
            part = client.get(f"{ROOT}/{address}")
            assert part.status_code == 200
            assert part.headers["content-type"].split(";")[0] in ("text/css", "text/javascript")
    start = client.get(f"{ROOT}/docs/start.js").text
    assert "//" not in start
    assert 'url: "openapi.json"' in start
