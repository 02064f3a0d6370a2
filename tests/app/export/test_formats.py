"""Files of findings: the numbers of the map, harmless words, and the same bytes again."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from app.export import formats, methods, table
from app.export.finding import Finding
from app.export.format import named
from app.export.words import drawable, font, lines
from app.jobs.spec import JobSpec
from app.views import colours
from explainers import TrustReport, list_methods
from explainers.metrics.report import Check
from explainers.types import Attribution, Word
from tests.app.conftest import picture

HOSTILE = "<script>alert(1)</script>\"'&\u202egnp\x00\x07=1+1"
SVG = "{http://www.w3.org/2000/svg}"
TEXT = "=cmd|x good\r\n\u202efilm, \u05d0 tail"
SPANS = ((0, 6), (7, 11), (14, 18), (20, 21))


def finding(kind: str = "image", **changes: Any) -> Finding:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((32, 48) if kind == "image" else (4,)).astype(np.float32)
    words = () if kind == "image" else tuple(Word(TEXT[a:b], a, b) for a, b in SPANS)
    spec = JobSpec(
        asset="a" * 64, model="tiny", digest="d" * 64, method="rise", revision=2,
        params={"n_masks": 32, "baseline": "mean", "p": 0.5}, output="logit", seed=3, precision="float32",
        classes=(2, 1), kind="image" if kind == "image" else "text",
    )  # fmt: skip
    look: Mapping[str, Any] = {
        "classes": [2, 1],
        "labels": [HOSTILE, "b"],
        "probabilities": [0.75, 0.125],
        "rivals": [[2, HOSTILE, 0.75], [1, "b", 0.125]],
        "by": None if kind == "image" else "word",
        "cut": 0 if kind == "image" else 5,
    }
    meta = {"forwards": 1234, "versions": {"torch": "2", "numpy": "1"}}
    stderr = np.full_like(values, 0.25)
    attribution = Attribution(values, 2, 4.5, "logit", True, stderr, words, None, meta)
    input = picture(0) if kind == "image" else TEXT.encode()
    made = Finding(name=HOSTILE, input=input, spec=spec, look=look, model=HOSTILE, attribution=attribution)
    return replace(made, **changes)


def written(suffix: str, made: Finding) -> bytes:
    return named(formats.FORMATS[made.spec.kind], suffix, "this").written(made)


BOTH = [(kind, format.suffix) for kind, offered in formats.FORMATS.items() for format in offered]


@pytest.mark.parametrize(("kind", "suffix"), BOTH)
def test_the_same_finding_is_the_same_bytes(kind: str, suffix: str) -> None:
    assert written(suffix, finding(kind)) == written(suffix, finding(kind))


def test_numbers_for_numpy() -> None:
    made = finding("text")
    with np.load(io.BytesIO(written("npz", made)), allow_pickle=False) as arrays:
        assert set(arrays) == {"values", "stderr", "starts", "ends"}
        assert np.array_equal(arrays["values"], made.attribution.values)
        assert (arrays["stderr"] == 0.25).all()
        spans = zip(arrays["starts"].tolist(), arrays["ends"].tolist(), strict=True)
        assert [TEXT[a:b] for a, b in spans] == [word.text for word in made.attribution.words]
    archive = zipfile.ZipFile(io.BytesIO(written("npz", made)))
    assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def rows(made: Finding) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written("csv", made).decode("utf-8-sig"), newline="")))


def test_words_for_a_spreadsheet() -> None:
    made = finding("text")
    head, *body = rows(made)
    assert head == ["number", "word", "start", "end", "value", "standard error"]
    assert [row[1] for row in body] == ["'=cmd|x", "good", "film", "\u05d0"]
    assert [float(row[4]) for row in body] == made.attribution.values.tolist(), "numbers stay numbers"
    assert min(float(row[4]) for row in body) < 0, "a sign begins no formula"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "\uff1d1"])
def test_s13_no_cell_of_text_is_a_formula(text: str) -> None:
    assert table.safe(text) == f"'{text}"
    assert table.safe(f"x{text}") == f"x{text}"


def test_regions_for_a_spreadsheet() -> None:
    values = np.zeros((70, 140), np.float32)
    values[20:30, 100:120] = -3.0  # row 3, column 6 of cells 10 high and 20 wide
    values[60:70, 0:20] = 2.0
    made = finding()
    head, first, second, *rest = rows(replace(made, attribution=replace(made.attribution, values=values, stderr=None)))
    assert head == ["rank", "row", "column", "left", "top", "right", "bottom", "mean value"]
    assert first == ["1", "3", "6", "100", "20", "120", "30", "-3.0"]
    assert second == ["2", "7", "1", "0", "60", "20", "70", "2.0"]
    assert len(rest) == 47


def test_a_picture_to_show() -> None:
    drawn = Image.open(io.BytesIO(written("png", finding())))
    assert drawn.format == "PNG"
    assert drawn.info == {}, "no time, no software"
    colour = np.asarray(drawn.convert("RGB")).reshape(-1, 3)
    assert (colour == colours.DIVERGING[0]).all(1).any(), "the end of the scale"


def test_a_drawing_whose_words_are_words() -> None:
    root = ET.fromstring(written("svg", finding()))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg", "title", "desc", "defs", "linearGradient", "stop", "rect", "image", "text",
    }  # fmt: skip
    assert "<script>alert(1)</script>" in (root.findtext(f"{SVG}title") or "")
    assert all(name.partition("}")[2] not in ("onload", "onclick") for e in root.iter() for name in e.attrib)
    assert {image.get("href", "")[:22] for image in root.iter(f"{SVG}image")} == {"data:image/png;base64,"}
    told = " ".join(element.text or "" for element in root.iter(f"{SVG}text"))
    assert "\u202e" not in told
    assert "effect on the logit of" in told
    assert "weights dddddddddddd" in told
    width = float(root.get("width", ""))
    for line in root.iter(f"{SVG}text"):  # in any face: the length is given
        x, length = float(line.get("x", "")), float(line.get("textLength", ""))
        left = x - {"start": 0, "middle": 0.5, "end": 1}[line.get("text-anchor", "")] * length
        assert 0 <= left <= left + length <= width


class Page(HTMLParser):
    """Tags, attributes, and what can be read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.read = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.read += data


REPORT = TrustReport(
    (Check("deletion", "passed", 0.5, 0.1, "Deletion <b>falls</b>."), Check("noise", "doubtful", None, None, "Hm.")), 9
)
PIN = {"number": 7, "place": {"kind": "point", "x": 0.25, "y": 0.5}, "text": HOSTILE}
BOX = {"number": 9, "place": {"kind": "rectangle", "left": 0, "top": 0, "right": 0.5, "bottom": 1}, "text": "all"}


def test_s14_a_page_without_scripts() -> None:
    html = written("html", finding(report=REPORT, notes=(PIN, BOX))).decode()
    seen = Page(html)
    assert not {"script", "iframe", "object", "embed", "form", "link", "b", "base"} & set(seen.tags)
    names = {name for name, _ in seen.attributes}
    assert not {name for name in names if name.startswith("on")} | ({"style"} & names)
    assert all((value or "").startswith("data:image/png;base64,") for name, value in seen.attributes if name == "src")
    assert "<script>alert(1)</script>" in seen.read
    assert REPORT.sentence in seen.read
    assert "Deletion <b>falls</b>." in seen.read
    assert "Petsiuk" in seen.read
    (style,) = re.findall("<style>(.*?)</style>", html, re.S)
    policy = next(value for name, value in seen.attributes if name == "content" and "default-src" in (value or ""))
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "left: 25.000%; top: 50.000%" in style
    assert "width: 50.000%; height: 100.000%" in style


def test_the_page_of_a_text_has_all_of_it() -> None:
    noted = {"number": 1, "place": {"kind": "word", "number": 1}, "text": "praise"}
    html = written("html", finding("text", notes=(noted,))).decode()
    body = html.partition('<div class="text" dir="auto">')[2].partition("</div>")[0]
    assert Page(body).read.replace("1", "", 1) == TEXT.replace("\r\n", "\n")
    assert '<span class="cut"> tail</span>' in body
    assert "<sup>1</sup>" in body


@pytest.mark.parametrize("method", list_methods(), ids=lambda method: f"{method.name}-{method.kind}")
def test_every_method_has_a_source(method: Any) -> None:
    made = finding(method.kind)
    asked = replace(made.spec, method=method.name, params=method.parameters().as_dict(), kind=method.kind)
    told = methods.written(replace(made, spec=asked)).decode()
    assert re.search(r"References: .+, (19|20)\d\d", told), told


def test_a_paragraph_for_a_paper() -> None:
    told = methods.paragraph(finding(report=REPORT))
    for part in (
        "75.0%",
        "seed 3",
        "n_masks 32",
        "1,234 forward passes",
        "at most 0.25",
        "Checks of the map: Mixed",
        "torch 2",
    ):
        assert part in told, part
    assert "\n" not in told
    assert "\u202e" not in told


def test_lines_fit_and_end() -> None:
    face = font(20)
    told = "a few words and a very" + "long" * 200 + " end"
    for most in (1, 2, 5):
        broken = lines(told, 200, face, most)
        assert len(broken) <= most
        assert all(face.getlength(line) <= 200 for line in broken)
    assert lines("short", 200, face, 2) == ["short"]
    assert lines("", 200, face, 2) == [""]
    assert " ".join(lines("one two three four five six", 60, face, 9)) == "one two three four five six"
    assert drawable("a\x00b\u202ec\n d") == "abc d"


def test_s6_a_file_name_is_minted() -> None:
    assert re.fullmatch(r"whylens-rise-[0-9a-f]{8}\.png", formats.filename(finding(), "png"))
