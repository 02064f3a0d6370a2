"""Hundreds of hostile files and requests: each is answered with one sentence, and nothing of it is kept."""

from __future__ import annotations

import io
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import anyio
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from app.service import Service
from app.settings import Settings
from tests import soak
from tests.app.api.conftest import ROOT, refusal
from tests.app.api.test_explanations import ask, send
from tests.app.conftest import Counts
from tests.app.zips import FILES
from tests.corpus.case import MARK, Case, Request, chosen
from tests.corpus.whole import CASES, PARTS

pytestmark = [
    pytest.mark.usefixtures("as_in_production"),
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),  # of metadata that it cannot read: they are dropped anyway
]

USUAL = chosen(CASES, 200)
CODE = Path(__file__).parents[3]
# what only our side of the fence knows: the user's own paths and names may be quoted to them
INSIDE = re.compile(
    r"Traceback|File \"|site-packages|\.py\b|<class |object at 0x|\b(?!HTTP)\w+(Error|Exception|Warning)\b"
)
LONGEST = 700  # characters of a sentence


@dataclass(frozen=True)
class Answer:
    status_code: int
    headers: Headers
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class Bench:
    """The application, and what it has of its user's."""

    app: Starlette
    there: dict[str, str]

    def send(self, request: Request) -> Answer | None:
        """As an ASGI server would; None when the sender is gone. An exception of the application's comes out."""
        return anyio.run(self._send, request)

    async def _send(self, request: Request) -> Answer | None:
        body = self.filled(request.body)
        incoming: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": request.breaks_off}]
        status, headers, sent = 0, Headers(), b""

        async def receive() -> dict[str, Any]:
            return incoming.pop(0) if incoming else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal status, headers, sent
            status = message.get("status", status)
            headers = Headers(raw=message["headers"]) if "headers" in message else headers
            sent += message.get("body", b"")

        raw = self.filled(request.path.encode())
        own = [] if any(name == b"host" for name, _ in request.headers) else [(b"host", b"localhost")]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote_to_bytes(raw).decode(errors="replace"),  # as uvicorn has it
            "raw_path": raw,
            "root_path": "",
            "query_string": self.filled(request.query),
            "headers": [*own, *request.headers],
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1),
        }
        await self.app(scope, receive, send)
        return Answer(status, headers, sent) if status else None

    def filled(self, data: bytes) -> bytes:
        for name, id in self.there.items():
            data = data.replace(f"${name}".encode(), id.encode())
        return data


@pytest.fixture
def bench(client: TestClient) -> Bench:
    picture = send(client)
    text = client.post(f"{ROOT}/texts", json={"text": "The good film, and a bad one."}).json()["id"]
    pictures = client.post(f"{ROOT}/sets", files=[("files", file) for file in FILES]).json()["id"]
    there = {"asset": picture, "text": text, "explanation": ask(client, picture)["id"], "set": pictures}
    return Bench(client.app, there)  # type: ignore[arg-type]  # ours


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))


def test_the_corpus_is_large_and_the_same_every_time() -> None:
    names = Counter((case.kind, case.name) for case in CASES)
    assert [name for name, count in names.items() if count > 1] == []
    assert len(CASES) >= 500
    assert len(USUAL) == 200
    assert {case.kind for case in USUAL} == {case.kind for case in CASES}
    assert [(case.kind, case.name) for case in USUAL] == [(case.kind, case.name) for case in chosen(CASES, 200)]
    for case in USUAL:
        assert case.make() == case.make(), case


@pytest.mark.parametrize("part", PARTS)
def test_two_hundred(bench: Bench, counts: Counts, settings: Settings, desk: Service, part: str) -> None:
    tried(bench, counts, settings, desk, [case for case in USUAL if case in PARTS[part]])


@pytest.mark.soak
@pytest.mark.parametrize("part", PARTS)
def test_the_whole(bench: Bench, counts: Counts, settings: Settings, desk: Service, part: str) -> None:
    answers = tried(bench, counts, settings, desk, PARTS[part])
    soak.told(f"hostile: {part}", cases=len(PARTS[part]), **{"answers by status": answers})


def tried(bench: Bench, counts: Counts, settings: Settings, desk: Service, cases: Sequence[Case]) -> dict[str, int]:
    """All of them, before any fault is told; how often each status was answered, where anybody was left to be told."""
    faults: dict[str, str] = {}
    statuses: Counter[str] = Counter()
    for case in cases:
        before, files = counts(), _files(settings.home)
        try:
            answer = bench.send(case.make())
            statuses[str(answer.status_code) if answer else "sender gone"] += 1
            if answer is not None and answer.status_code == 201:
                kept(answer, case, desk)
                assert {name for name, count in counts().items() if count != before[name]} <= {"assets", "blobs"}
            else:
                assert case.fate != "kept", answer and answer.text
                if answer is not None and not elsewhere(answer):
                    assert case.fate == "either" or answer.status_code >= 400, f"accepted: {answer.text:.200}"
                    told(answer, settings)
                assert counts() == before, "something was stored"
            assert _files(settings.home) == files, "a file was left"
        except BaseException as error:
            faults[f"{case.kind}: {case.name}"] = f"{type(error).__name__}: {error!s:.300}"
    assert not faults, "\n".join(f"{name}: {fault}" for name, fault in faults.items())
    return dict(sorted(statuses.items()))


def told(answer: Answer, settings: Settings) -> None:
    """One sentence in the one shape, which says nothing of our insides."""
    if answer.status_code == 200:
        return
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text)
    message = refusal(answer, answer.status_code)
    assert len(message) <= LONGEST, (len(message), message[:100])
    assert not INSIDE.search(message), message
    for place in (settings.home, CODE, sys.prefix):
        assert str(place) not in message, message


def elsewhere(answer: Answer) -> bool:
    """The same place without its last slash."""
    return answer.status_code == 307 and answer.headers["location"].startswith(f"http://localhost{ROOT}/")


def kept(answer: Answer, case: Case, desk: Service) -> None:
    """Of a picture that is accepted nothing is kept but its pixels."""
    assert case.fate != "refused", f"accepted: {answer.text:.200}"
    data = desk.asset_data("local", answer.json()["id"], "image")
    assert MARK not in data
    picture = Image.open(io.BytesIO(data))
    picture.load()
    assert (picture.format, picture.mode, picture.info) == ("PNG", "RGB", {})


def _files(home: Path) -> set[Path]:
    """But for the database's own, which come and go."""
    return {path for path in home.rglob("*") if path.is_file() and not path.name.startswith("whylens.db")}
