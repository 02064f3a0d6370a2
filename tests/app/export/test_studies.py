"""Files of studies: the numbers of the result, the graph of the page, and harmless words."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save

from app.export.format import named
from app.export.studies import layout, marks
from app.export.studies.formats import FORMATS, filename
from app.export.studies.methods import paragraph
from app.export.studies.study import Study, percent
from app.jobs.pictures import sprite, webp
from app.jobs.spec import ConceptSpec
from app.views import colours
from tests.app.conftest import picture
from tests.app.export.test_formats import HOSTILE, SVG, Page

SAME = json.loads((Path(__file__).parents[2] / "static" / "graph.json").read_text("utf-8"))  # as JavaScript has it
NAMES = ("=cmd|' /C calc'!A0", f"\t{HOSTILE}", "\u202e+1")
N, K = 4, 3


def study(strategies: bool = True, **changes: Any) -> Study:
    """Of four pictures and three concepts."""
    spec = ConceptSpec(
        manifest="c" * 64, model=HOSTILE, digest="d" * 64, layer="features", target=1, by="predicted", n_concepts=K,
        factorizer="nmf", rows="locations", importance="shapley", seed=3, revision=1,
    )  # fmt: skip
    seen = [Image.open(io.BytesIO(picture(i))) for i in range(N)]
    parts = {
        "dictionary": save({"D": np.eye(K, 5, dtype=np.float32), "offset": np.zeros(5, np.float32)}),
        "codes": save({"codes": np.arange(N * K * 4, dtype=np.float32).reshape(N, K, 2, 2)}),
        "shares": save({"shares": np.full((N, K), 1 / K, np.float32)}),
        "sprite": sprite(seen, N),
        **{f"image-{i}": webp(image) for i, image in enumerate(seen)},
    }
    crop = {"image": 1, "box": [4, 2, 20, 18], "strength": 2.5}
    concepts = [
        {"index": k, "importance": importance, "stderr": 0.125, "amount": 1.5, "share": share, "crops": [crop],
         "dead": False}
        for k, importance, share in ((2, 2.5, 0.5), (0, -1.25, -0.25), (1, 0.5, 0.1))
    ]  # fmt: skip
    images = [
        {"index": i, "number": 10 + i, "name": HOSTILE, "label": "a", "predicted": "b", "probability": 0.5 + i / 10,
         "right": (True, False, None, True)[i], "cluster": (0, 0, 1, -1)[i] if strategies else -1, "x": i / 3,
         "y": 1 - i / 3}
        for i in range(N)
    ]  # fmt: skip
    clusters = [
        {"index": 0, "members": [0, 1], "prevalence": 0.5, "reliability": [0.5, 0.25, 0.75],
         "importance": [0.1, -0.2, 0.7], "leading": 2},
        {"index": 1, "members": [2], "prevalence": 0.25, "reliability": None, "importance": [0.5, 0.3, 0.2],
         "leading": 0},
    ]  # fmt: skip
    result = {
        "target": 1, "label": HOSTILE, "by": "predicted", "linear": True, "concepts": concepts, "images": images,
        "clusters": clusters if strategies else [], "note": None if strategies else "Too few pictures.",
        "edges": [{"first": 0, "second": 1, "weight": 0.5}] if strategies else [],
        "quality": {"error": 0.25, "deletion": -1.5, "deletion_random": 2.25, "fidelity": None},
    }  # fmt: skip
    view = {
        "concepts": {"2": {"name": NAMES[0], "suspicious": True}, "0": {"name": NAMES[1], "suspicious": False}},
        "strategies": {"0": {"name": NAMES[2], "suspicious": True}},
    }
    about = {"place": {"kind": "concept", "number": 2}, "number": 1, "text": HOSTILE}
    made: dict[str, Any] = {
        "name": HOSTILE, "set": "set", "pictures": 9, "spec": spec, "result": result, "view": view,
        "part": parts.__getitem__, "notes": (about,),
    }  # fmt: skip
    return Study(**made | changes)


def written(suffix: str, made: Study) -> bytes:
    return named(FORMATS, suffix, "a study").written(made)


@pytest.mark.parametrize("strategies", [True, False])
@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.suffix)
def test_the_same_study_is_the_same_bytes(format: Any, strategies: bool) -> None:
    assert format.written(study(strategies)) == format.written(study(strategies))


def test_arrays_are_those_of_the_result() -> None:
    made = study()
    with np.load(io.BytesIO(written("npz", made)), allow_pickle=False) as found:
        assert np.array_equal(found["D"], np.eye(K, 5))
        assert found["codes"].shape == (N, K, 2, 2)
        assert found["importance"].tolist() == [-1.25, 0.5, 2.5], "by index, not by rank"
        assert found["share"].tolist() == [-0.25, 0.1, 0.5]
        assert found["numbers"].tolist() == [10, 11, 12, 13]
        assert found["cluster"].tolist() == [0, 0, 1, -1]
        assert found["members"].tolist() == [[True, True, False, False], [False, False, True, False]]
        assert found["cluster_share"].tolist() == [[0.1, -0.2, 0.7], [0.5, 0.3, 0.2]]
        assert np.array_equal(found["right"], [1, 0, np.nan, 1], equal_nan=True)
        assert np.array_equal(found["reliability"], [[0.5, 0.25, 0.75], [np.nan] * 3], equal_nan=True)
        assert found["edges"].tolist() == [[0, 1, 0.5]]
    with np.load(io.BytesIO(written("npz", study(strategies=False))), allow_pickle=False) as found:
        assert found["members"].shape == (0, N)
        assert found["edges"].shape == found["reliability"].shape == (0, 3)


def test_one_table_of_concepts_and_strategies() -> None:
    head, *rows = csv.reader(io.StringIO(written("csv", study()).decode("utf-8-sig"), newline=""))
    assert {len(row) for row in rows} == {len(head)}
    assert [row[0] for row in rows] == ["concept"] * 3 + ["strategy"] * 2
    assert [row[1] for row in rows] == ["2", "0", "1", "0", "1"]
    assert [row[2][:2] for row in rows] == ["'=", "<s", "Co", "'+", "St"], "none begins a formula"
    assert not {"\t", "\u202e", "\x00"} & set("".join(map("".join, rows)))
    assert not any(cell.startswith(("=", "+", "@", "\t")) for row in [head, *rows] for cell in row)
    assert rows[0][4:8] == ["2.5", "0.125", "0.5", "1.5"]
    assert rows[1][4] == "-1.25", "numbers stay numbers"
    assert rows[3][8:13] == ["2", "0.5", "0.5", "0.25", "0.75"]
    assert rows[3][13:] == ["0.7", "0.1", "-0.2"], "in the order of the columns"
    assert rows[4][10:13] == ["", "", ""]


def test_a_page_without_scripts() -> None:
    html = written("html", study()).decode()
    seen = Page(html)
    assert not {"script", "iframe", "object", "embed", "form", "link", "b", "base"} & set(seen.tags)
    assert not {name for name, _ in seen.attributes if name.startswith("on") or name == "style"}
    for name, value in seen.attributes:
        if name in ("src", "href"):
            assert (value or "").startswith(("data:image/png;base64,", "data:image/webp;base64,"))
    assert seen.tags.count("img") == K, "a crop each"
    for part in ("=cmd|", "<script>alert(1)</script>", "+50% of the logit", "50% right (25\u201375)", "by chance 2.25"):
        assert part in seen.read, part
    # 2.5 ± 1.96 × 0.125
    assert "importance +2.5 (95%: +2.26 to +2.74)" in seen.read
    assert "Too few pictures." in Page(written("html", study(strategies=False)).decode()).read


def test_a_drawing_of_the_graph() -> None:
    root = ET.fromstring(written("svg", study()))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg", "title", "desc", "rect", "g", "polygon", "circle", "line", "image", "text",
    }  # fmt: skip
    told = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert "+1" in told, "a name without what would turn it"
    assert "50% of pictures" in told
    assert "\u202e" not in "".join(told)
    assert len(list(root.iter(f"{SVG}image"))) == 2
    (line,) = root.iter(f"{SVG}line")
    assert line.get("stroke-width") == "8.5", "1.5 and half of 14"
    drawn = Image.open(io.BytesIO(written("png", study())))
    assert drawn.size == (int(root.get("width", "")), int(root.get("height", "")))
    colour = np.asarray(drawn.convert("RGB")).reshape(-1, 3)
    for strategy in (0, 1):
        assert (colour == marks.of_strategy(strategy).colour).all(1).any()


def test_a_paragraph_for_a_paper() -> None:
    told = paragraph(study())
    for part in (
        "in 4 pictures", "of 9 in the set \u201cset\u201d", "3 concepts by NMF", "seed 3", "Shapley values",
        "mean share of +50% (importance 2.5, standard error 0.12)", "Left out 25%", "(by chance 2.25)", "2 strategies",
    ):  # fmt: skip
        assert part in told, part
    assert "\n" not in told
    assert "\u202e" not in told
    assert "CRAFT" in written("txt", study()).decode()
    assert filename(study(), "png").startswith("whylens-study-")


def test_shares_are_said_with_their_sign() -> None:
    assert [percent(share) for share in (0.124, -0.126, 0.0, -0.001)] == ["+12%", "\u221213%", "0%", "0%"]


@pytest.mark.parametrize("case", SAME["layouts"], ids=lambda case: f"{len(case['groups'])} groups")
def test_nodes_lie_where_the_page_has_them(case: dict[str, Any]) -> None:
    groups = [(group["places"], group["prevalence"]) for group in case["groups"]]
    placed = layout.nodes(groups, case["w"], case["h"])
    found = [[node.x, node.y, node.r] for node in placed]
    assert np.array(found) == pytest.approx(np.array(case["nodes"]), abs=1e-6)  # sums in another order


def test_marks_are_the_pages() -> None:
    for make, told in ((marks.of_concept, SAME["marks"]["concepts"]), (marks.of_strategy, SAME["marks"]["strategies"])):
        for rank, (shape, colour) in enumerate(told):
            mark = make(rank)
            assert (mark.shape, mark.colour) == (shape, colours.CATEGORICAL[colour])
