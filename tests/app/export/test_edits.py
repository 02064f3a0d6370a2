"""Files of edited maps: what was done to the machine's map, in numbers that are known, and in nobody's name."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from app.access.identity import owner_of
from app.export.edits.answers import Answers, Tried
from app.export.edits.edited import Edited
from app.export.edits.formats import FORMATS, filename
from app.export.edits.methods import GONE, paragraph
from app.export.format import named
from app.storage.revisions import Revision, Sketch
from tests.app.export.test_formats import HOSTILE, SVG, Page, finding
from tests.app.export.test_formats import REPORT as REPORT

H, W = 32, 48  # of the finding's map
UNCHANGED = np.full((H, W), 128, np.uint8)
NOTHING = np.zeros((H, W), np.uint8)
ANSWERS = Answers(
    (
        Tried(mode="remove", before=0.951, after=0.123, low=0.8, high=0.9, places=20),
        Tried(mode="keep", before=0.951, after=0.45, low=0.4, high=0.5, places=20),
    ),
    {
        "edited": {"insertion": 9.25, "deletion": 2.5},
        "machine": {"insertion": 8.5, "deletion": 3.75},
        "random": [5.0, 6.5],
        "output": "logit",
        "cells": 49,
    },
)


def edited(
    amount: np.ndarray = NOTHING, added: np.ndarray = UNCHANGED, author: str = "local", answers: Answers | None = None
) -> Edited:
    kept: dict[str, Any] = {"explanation": "e" * 32, "author": author, "created": 0.0, "sha256": "0" * 64}
    area = float(amount.mean() / 255)
    sketch = Sketch(target=2, mode="remove", fill="blur", area=area, note=f"=note\t{HOSTILE}")
    parent = Revision(id="a" * 32, number=1, parent=None, sketch=replace(sketch, note=""), **kept)
    revision = Revision(id="b" * 32, number=2, parent=parent.id, sketch=sketch, **kept)
    planes = amount.tobytes() + added.tobytes()
    machine = finding(report=REPORT)
    return Edited(machine=machine, revision=revision, parent=parent, planes=planes, ask=lambda: answers)


def dabbed() -> Edited:
    """A block of 10 × 20 raised by all that can be added, another of 5 × 4 lowered, a third painted over."""
    amount, added = NOTHING.copy(), UNCHANGED.copy()
    added[2:12, 3:23], added[20:25, 30:34], amount[12:20, :24] = 255, 0, 255
    return edited(amount, added, answers=ANSWERS)


def written(suffix: str, made: Edited) -> bytes:
    return named(FORMATS, suffix, "an edit").written(made)


def arrays(made: Edited) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(written("npz", made)), allow_pickle=False) as found:
        return dict(found)


def test_an_edit_of_nothing_is_exactly_the_machines_map() -> None:
    made = edited()
    found = arrays(made)
    assert set(found) == {"machine", "added", "edited", "painted"}
    assert found["edited"].tobytes() == found["machine"].tobytes() == made.machine.attribution.values.tobytes()
    assert made.changed == 0
    assert written("svg", made).count(b"<image") == 2, "nothing is hatched"


def test_a_dab_adds_what_is_known() -> None:
    made = dabbed()
    found = arrays(made)
    reach = float(np.abs(found["machine"]).max())
    change = found["edited"].astype(float) - found["machine"]
    # a sum of 220 float32 values of a few units
    assert change.sum() == pytest.approx((200 * 127 / 127 - 20 * 128 / 127) * reach, rel=1e-5)
    assert np.count_nonzero(change) == 220
    assert made.changed == pytest.approx(220 / (H * W))
    assert (found["painted"] == 255).sum() == 8 * 24


def test_both_are_drawn_on_one_scale_and_nothing_of_the_machines_doubt_is_said_of_the_edited() -> None:
    made = dabbed()
    drawn = made.finding
    assert drawn.limits == made.machine.limits
    assert np.abs(drawn.attribution.values).max() > drawn.limits[1]
    assert (drawn.attribution.stderr, drawn.attribution.delta, drawn.report) == (None, None, None)
    for suffix in ("txt", "html"):
        told = written(suffix, made).decode()
        assert "standard error of" not in told
        assert REPORT.sentence not in told


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.suffix)
def test_the_same_edit_is_the_same_bytes(format: Any) -> None:
    assert format.written(dabbed()) == format.written(dabbed())


def test_what_the_model_says_is_told_with_its_band() -> None:
    told = paragraph(dabbed())
    for part in (
        "probability of 95.1%; without that area, 12.3%, and with the area at 20 random places, 80.0% to 90.0%; "
        "with nothing but that area, 45.0%, and with the area at 20 random places, 40.0% to 50.0%",
        "curve of the edited map over 49 cells is 9.25 (the machine\u2019s: 8.5), under the deletion curve 2.5 (the "
        "machine\u2019s: 3.75); 2 random orders lie in [5, 6.5]",
        "revision 2, id bbbbbbbb",
        "made from revision 1, id aaaaaaaa",
        "covers 12.5% of the picture",
    ):
        assert part in told, part
    read = Page(written("html", dabbed()).decode()).read
    for cell in ("12.3%", "80.0% to 90.0%", "more than chance", "no more than chance", "9.25", "3.75", "5 to 6.5"):
        assert cell in read, cell


def test_where_the_model_is_gone_it_is_said() -> None:
    amount = NOTHING.copy()
    amount[:4] = 255
    assert GONE in paragraph(edited(amount))
    assert GONE in Page(written("html", edited(amount)).decode()).read


def test_nobodys_identifier_is_given_as_a_name() -> None:
    author = owner_of("ann")
    for suffix in ("txt", "html", "svg"):
        theirs = written(suffix, edited(author=author)).decode()
        assert author not in theirs
        assert "Edited by hand" in theirs or "edited by hand" in theirs
        assert "local user" not in theirs
        assert "by the local user" in written(suffix, edited()).decode()


def test_the_drawing_says_what_it_is_of() -> None:
    root = ET.fromstring(written("svg", dabbed()))
    assert [image.get("id") for image in root.iter(f"{SVG}image")] == ["picture", "map", "painted"]
    told = root.findtext(f"{SVG}desc") or ""
    for part in ("Edited by hand", "id bbbb", "revision 1, id aaaa", "of explanation eeee", "RISE", "weights dddd"):
        assert part in told, part
    lines = " ".join(element.text or "" for element in root.iter(f"{SVG}text"))
    assert "Edited by hand: revision 2, hatched is what was painted over, 12.5% of the picture" in lines


def test_strangers_words_stay_words() -> None:
    seen = Page(written("html", dabbed()).decode())
    assert not {"script", "iframe", "object", "embed", "form", "link", "b", "base"} & set(seen.tags)
    assert not {name for name, _ in seen.attributes if name.startswith("on") or name == "style"}
    assert "<script>alert(1)</script>" in seen.read
    assert "\u202e" not in paragraph(dabbed())
    assert b"<script>" not in written("svg", dabbed())
    assert filename(dabbed(), "png") == "whylens-edit-bbbbbbbb.png"


def test_regions_for_a_spreadsheet() -> None:
    made = dabbed()
    head, *rows = csv.reader(io.StringIO(written("csv", made).decode("utf-8-sig"), newline=""))
    assert head[-3:] == ["mean value", "mean value of the machine", "share painted"]
    assert len(rows) == 49
    strengths = [abs(float(row[7])) for row in rows]
    assert strengths == sorted(strengths, reverse=True)
    for row in rows:
        left, top, right, bottom = map(int, row[3:7])
        here = np.s_[top:bottom, left:right]
        cells = (made.values[here].mean(), made.machine.attribution.values[here].mean(), made.amount[here].mean() / 255)
        assert list(map(float, row[7:])) == pytest.approx(cells, abs=1e-6)  # float32 means of a few units
