"""Sets of pictures over HTTP: sent in, listed, looked at, deleted; what is hostile is refused and nothing stored."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app import wiring
from app.api.identity import _owner
from app.service import Service
from app.sets.standing import SHAPES, drawn
from app.settings import Settings
from app.uploads import image
from tests.app.api.conftest import ROOT, application, refusal
from tests.app.conftest import Counts, picture
from tests.app.zips import FILES, HOSTILE, zipped

Files = Sequence[tuple[str, bytes]]
FACTS = ["id", "name", "images", "labels", "source", "created"]
EVIL = "<img src=x onerror=alert(1)>"


def post(client: TestClient, files: Files, name: str = "flowers", field: str = "files") -> Any:
    return client.post(f"{ROOT}/sets", params={"name": name}, files=[(field, file) for file in files])


def sent(client: TestClient, files: Files = FILES) -> dict[str, Any]:
    answer = post(client, files)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.fixture
def others(client: TestClient) -> Iterator[TestClient]:  # noqa: ARG001
    """The same service, asked by somebody else."""
    app = application()
    app.routes[0].app.dependency_overrides[_owner] = lambda: "bob"  # type: ignore[attr-defined]  # the mounted API
    with TestClient(app, "http://localhost", raise_server_exceptions=False) as other:
        yield other


def test_from_files_to_a_set(client: TestClient) -> None:
    told = sent(
        client, [*FILES[:5], *((f"rose/{n}.png", data) for n, (_, data) in enumerate(FILES)), ("top.png", FILES[0][1])]
    )
    assert list(told) == [*FACTS, "skipped"]
    assert (told["name"], told["images"], told["labels"]) == ("flowers", 16, {"lily": 5, "rose": 10})
    assert (told["source"], told["skipped"]) == ("upload", [])
    own, standing = client.get(f"{ROOT}/sets").json()
    assert own == {key: told[key] for key in FACTS}
    assert standing["id"] == SHAPES
    members = client.get(f"{ROOT}/sets/{told['id']}").json()["members"]
    assert members[0] == {"index": 0, "name": "0.png", "label": "lily"}
    assert members[15] == {"index": 15, "name": "top.png", "label": None}


def test_a_zip_is_its_files(client: TestClient) -> None:
    one, other = sent(client), sent(client, [("flowers.zip", zipped(FILES))])
    several = sent(client, [("a.zip", zipped(FILES[:5])), ("b.zip", zipped(FILES[5:]))])
    everything = [client.get(f"{ROOT}/sets/{told['id']}").json()["members"] for told in (one, other, several)]
    assert everything[0] == everything[1] == everything[2]


def test_what_is_no_picture_is_skipped_and_named(client: TestClient) -> None:
    html = b"<html><script>alert(1)</script></html>"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    odd = [
        ("__MACOSX/lily/._0.png", b"\0\5\x16\7"),
        ("lily/.DS_Store", b"\0\0\0\1"),
        ("page.png", html),
        ("drawing.jpg", svg),
        ("broken.png", picture(1)[:200]),
        ("notes.txt", b"seen in May"),
    ]
    for files in ([*FILES, *odd], [("all.zip", zipped([*FILES, *odd]))]):
        told = sent(client, files)
        assert told["images"] == 10
        assert [skipped["name"] for skipped in told["skipped"]] == [name for name, _ in odd]
        reasons = [skipped["reason"] for skipped in told["skipped"]]
        assert reasons[2] == reasons[3] == "The file is not a readable PNG, JPEG or WebP image."
        assert reasons[4] == "The image is damaged or incomplete and cannot be decoded."
    empty = sent(client, [*FILES, ("nothing.png", b"")])
    assert empty["skipped"] == [{"name": "nothing.png", "reason": "The file is empty."}]


def test_s6_names_are_text_and_never_paths(client: TestClient, settings: Settings) -> None:
    files = [*FILES[:8], (f"{EVIL}/../../{EVIL}.png", FILES[8][1]), ("..\\CON\\a\u202eb.png", FILES[9][1])]
    told = sent(client, files)
    members = client.get(f"{ROOT}/sets/{told['id']}").json()["members"]
    assert members[8]["name"] == f"{EVIL}.png"
    assert members[9] == {"index": 9, "name": "a\u202eb.png", "label": "CON"}
    assert not list(settings.home.parent.rglob("*onerror*"))
    assert post(client, FILES, name=f"{EVIL}\x00").json()["name"] == EVIL


def test_large_pictures_are_kept_smaller(client: TestClient, desk: Service) -> None:
    big = [("big.jpg", picture(1, (1600, 800), "JPEG")), *FILES]
    told = sent(client, big)
    own = desk.store.image_sets.get("local", told["id"])
    assert own is not None
    member = desk.store.image_sets.manifest(own.manifest).members[0]
    assert image(desk.store.image_sets.picture(member.sha256)).size == (1024, 512)


@pytest.mark.parametrize("side", [16, 96, 256])
def test_thumbnails_are_squares_from_the_middle(client: TestClient, side: int) -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255
    out = io.BytesIO()
    Image.fromarray(wide).save(out, "PNG")
    id = sent(client, [("wide.png", out.getvalue()), *FILES])["id"]
    answer = client.get(f"{ROOT}/sets/{id}/images/0", params={"side": side})
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("image/webp", "private, max-age=3600")
    shown = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert shown.shape == (side, side, 3)
    assert shown[:, side // 4 : -side // 4].min() > 230  # of the white middle third; the filter and WebP blur its edge


@pytest.mark.usefixtures("as_in_production")
@pytest.mark.parametrize(("made", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_s4_a_hostile_archive(client: TestClient, counts: Counts, made: Callable[[], bytes], sentence: str) -> None:
    """Also after many good pictures: the whole set is refused."""
    before = counts()
    assert refusal(post(client, [*FILES, ("flowers.zip", made())]), 422).startswith(sentence)
    assert counts() == before


@pytest.mark.usefixtures("as_in_production")
@pytest.mark.parametrize(
    ("files", "name", "field", "sentence"),
    [
        (FILES[:9], "flowers", "files", "A set must have at least 10 pictures; got 9."),
        (
            [*FILES[:9], ("a.txt", b"a")],
            "flowers",
            "files",
            "A set must have at least 10 pictures; got 9; 'a.txt' was skipped: The file",
        ),
        (FILES, " ", "files", "name must have 1 to 200 characters, not blank; got ' '"),
        (FILES, "flowers", "pictures", "The form must have nothing but files, each called 'files'; got 'pictures'."),
    ],
)
def test_refused(client: TestClient, counts: Counts, files: Files, name: str, field: str, sentence: str) -> None:
    before = counts()
    assert refusal(post(client, files, name, field), 422).startswith(sentence)
    assert counts() == before


@pytest.mark.usefixtures("as_in_production")
@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        (b"", "image/png", "Pictures must be sent as multipart/form-data, in a field called 'files'."),
        (b"", "multipart/form-data", "Pictures must be sent as multipart/form-data"),
        (b"nonsense", "multipart/form-data; boundary=x", "The form is not well-formed multipart/form-data."),
        (b"x" * 9, f"multipart/form-data; boundary={'x' * 999}", "The form is not well-formed multipart/form-data."),
        (
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\nhalf a pict',
            "multipart/form-data; boundary=x",
            "The form ends in the middle of a file.",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="' + b"a" * 9000 + b'"\r\n\r\na\r\n--x--',
            "multipart/form-data; boundary=x",
            "The form is not well-formed multipart/form-data.",
        ),
        (b"--x--\r\n", "multipart/form-data; boundary=x", "A set must have at least 10 pictures; got 0."),
    ],
)
def test_a_wrong_form(client: TestClient, counts: Counts, body: bytes, kind: str, sentence: str) -> None:
    before = counts()
    answer = client.post(f"{ROOT}/sets", content=body, headers={"content-type": kind})
    assert refusal(answer, 422).startswith(sentence)
    assert counts() == before


@pytest.fixture
def strict(desk: Service) -> Callable[..., None]:
    """Other limits than the usual ones."""

    def use(**limits: object) -> None:
        wiring.use(Service(desk.settings.model_copy(update=limits), desk.store, desk.pool))

    return use


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"max_set_images": 10}, "A set has at most 10 pictures; these are more."),
        ({"max_set_bytes": 3_000}, "The archive unpacks to more than 3,000 bytes|A set has at most 3,000 bytes"),
    ],
)
def test_s2_more_than_the_limit(
    client: TestClient, counts: Counts, strict: Callable[..., None], packed: bool, limits: Any, sentence: str
) -> None:
    strict(**limits)
    before = counts()
    files = [*FILES, ("eleven.png", picture(11, (12, 8)))]
    answer = post(client, [("all.zip", zipped(files))] if packed else files)
    assert any(refusal(answer, 422).startswith(one) for one in sentence.split("|"))
    assert counts() == before


def test_a_body_without_end_is_not_read_to_its_end(client: TestClient, strict: Callable[..., None]) -> None:
    strict(max_set_bytes=10_000)
    limit = 10_000 + 2 * 2_000 * 1_000
    read = 0

    def body() -> Iterator[bytes]:
        nonlocal read
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        for _ in range(1_000):
            read += 100_000
            yield b"a" * 100_000

    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post(f"{ROOT}/sets", content=body(), headers=kind)
    assert refusal(answer, 422) == f"The pictures are larger than {limit:,} bytes together, which is the limit."


def test_somebody_elses_looks_unknown(client: TestClient, others: TestClient, counts: Counts) -> None:
    id = sent(client)["id"]
    before = counts()
    for verb, path in (("get", ""), ("get", "/images/0"), ("delete", "")):
        theirs = others.request(verb, f"{ROOT}/sets/{id}{path}")
        nobodys = others.request(verb, f"{ROOT}/sets/{'0' * 32}{path}")
        assert refusal(theirs, 404) == refusal(nobodys, 404)
    assert [each["id"] for each in others.get(f"{ROOT}/sets").json()] == [SHAPES]
    assert counts() == before
    assert client.get(f"{ROOT}/sets/{id}/images/0").status_code == 200


def test_deleted(client: TestClient, counts: Counts) -> None:
    before = counts()
    id = sent(client)["id"]
    assert client.delete(f"{ROOT}/sets/{id}").status_code == 204
    assert refusal(client.delete(f"{ROOT}/sets/{id}"), 404) == "There is no such set of pictures, or it is not yours."
    assert counts() == before
    assert "cannot be deleted" in refusal(client.delete(f"{ROOT}/sets/{SHAPES}"), 422)


@pytest.mark.parametrize("path", ["images/10", "images/-1"])
def test_no_such_picture(client: TestClient, path: str) -> None:
    assert refusal(client.get(f"{ROOT}/sets/{sent(client)['id']}/{path}"), 404).startswith("There is no picture")


@pytest.mark.parametrize("side", [15, 257])
def test_no_such_side(client: TestClient, side: int) -> None:
    answer = client.get(f"{ROOT}/sets/{sent(client)['id']}/images/0", params={"side": side})
    assert refusal(answer, 422) == f"side must lie in [16, 256]; got {side}"


def test_the_shapes_are_there_for_everybody(client: TestClient, others: TestClient) -> None:
    (told,) = others.get(f"{ROOT}/sets").json()
    assert (told["images"], told["source"]) == (300, "builtin")
    members = client.get(f"{ROOT}/sets/{SHAPES}").json()["members"]
    assert [member["label"] for member in members] == [shape.kind for shape in drawn()]
    assert "marked" not in str(members)
    assert others.get(f"{ROOT}/sets/{SHAPES}/images/299").status_code == 200


def folder(root: Path, name: str, files: Files) -> None:
    for path, data in files:
        (root / name / path).parent.mkdir(parents=True, exist_ok=True)
        (root / name / path).write_bytes(data)


def test_the_operators_folders(
    client: TestClient, strict: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read once, and again when a file changes; what links lead to is not theirs."""
    root = tmp_path / "sets"
    folder(root, "Spring flowers", [*FILES, ("notes.txt", b"seen in May"), (".DS_Store", b"x")])
    folder(root, "spring-flowers", FILES)
    (root / "Spring flowers" / "outside.png").symlink_to("/etc/passwd")
    (root / "elsewhere").symlink_to("/etc")
    (root / "empty").mkdir()
    strict(image_sets=root)
    _, first, second = client.get(f"{ROOT}/sets").json()
    assert (first["id"], first["name"], first["images"]) == ("folder-spring-flowers", "Spring flowers", 11)
    assert (second["id"], second["source"]) == ("folder-spring-flowers--2", "folder")
    address = f"{ROOT}/sets/{first['id']}"
    assert [member["label"] for member in client.get(address).json()["members"]] == ["lily"] * 10
    with monkeypatch.context() as undecoded:
        undecoded.setattr("app.uploads.accept", None)
        assert client.get(f"{address}/images/9").status_code == 200
    folder(root, "Spring flowers", [("rose/a.png", picture(50))])
    assert len(client.get(address).json()["members"]) == 11
    for id in ("folder-empty", "folder-elsewhere", "folder-..", "folder-nothing"):
        assert client.get(f"{ROOT}/sets/{id}").status_code in (404, 422), id


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read(client: TestClient, strict: Callable[..., None], tmp_path: Path) -> None:
    folder(tmp_path / "sets", "locked", FILES)
    (tmp_path / "sets" / "locked" / "lily").chmod(0)
    strict(image_sets=tmp_path / "sets")
    assert client.get(f"{ROOT}/sets").status_code == 200
