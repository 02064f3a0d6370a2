"""`python -m app explain`: one picture or text, one JSON object; or one sentence, and nothing written."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import explainers
import models
from app import explain
from app.__main__ import main
from explainers import list_methods
from explainers.scoring import NO_GRADIENT
from tests import awkward
from tests.app.conftest import LABELS, picture
from tests.models.nets import Small

Run = Callable[..., tuple[int, str, str]]

QUICK = ["--param", "n_masks=32", "--param", "cells=4"]
KEYS = ["key", "model", "method", "target", "label", "against", "score", "output", "delta", "forwards", "seconds"]
METHODS = ", ".join(method.name for method in list_methods("image")) + " for images"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with one picture; the home folder would be inside it, if anything made one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WHYLENS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WHYLENS_THREADS", str(torch.get_num_threads()))
    (tmp_path / "photo.png").write_bytes(picture(0))
    return tmp_path


@pytest.fixture
def small_model(tiny: models.ImageClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    load = models.load
    monkeypatch.setenv("WHYLENS_MODEL", "tiny")
    monkeypatch.setattr(models, "load", lambda name, *rest: tiny if name == "tiny" else load(name, *rest))


@pytest.fixture
def small_models(tiny: models.ImageClassifier, wordy: models.TextClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    load, ready = models.load, {"tiny": tiny, "wordy": wordy}
    monkeypatch.setenv("WHYLENS_MODEL", "tiny")
    monkeypatch.setenv("WHYLENS_TEXT_MODEL", "wordy")
    monkeypatch.setattr(models, "load", lambda name, *rest: ready.get(name) or load(name, *rest))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], here: Path) -> Run:  # noqa: ARG001
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["explain", *arguments])
        return code, *capsys.readouterr()

    return run


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def photo() -> Image.Image:
    return Image.open(io.BytesIO(picture(0)))


@pytest.mark.usefixtures("small_model")
def test_one_json_object_on_stdout(run: Run, here: Path, tiny: models.ImageClassifier) -> None:
    before = files(here)
    code, out, error = run("photo.png", *QUICK, "--seed", "3")
    assert (code, error) == (0, "")
    (line,) = out.splitlines()
    report = json.loads(line)
    assert list(report) == KEYS
    probabilities = tiny.predict(photo())[0]
    best = int(probabilities.argmax())
    assert len(report["key"]) == 64
    assert (report["model"], report["method"], report["output"], report["delta"]) == ("tiny", "rise", "logit", None)
    assert (report["target"], report["label"]) == (best, LABELS[best])
    with torch.inference_mode():
        logit = tiny.module(tiny.prepare(photo())[None])[0, best].item()
    assert report["score"] == pytest.approx(logit, rel=1e-5)  # the same forward in another batch: float32 rounding
    assert report["forwards"] >= 32
    assert report["seconds"] >= 0
    assert files(here) == before


@pytest.mark.usefixtures("small_model")
@pytest.mark.parametrize(
    ("method", "params", "output"),
    [
        ("rise", {"n_masks": 32, "cells": 4, "estimator": "centred"}, "probability"),
        ("occlusion", {"window": 16, "stride": 8, "baseline": "black"}, "logit"),
        ("sobol", {"n": 8, "cells": 2}, "log_probability"),
    ],
)
def test_npz_is_what_a_notebook_gets(
    run: Run, tiny: models.ImageClassifier, method: str, params: dict[str, Any], output: Any
) -> None:
    given = [part for name, value in params.items() for part in ("--param", f"{name}={value}")]
    code, _, error = run("photo.png", "--method", method, *given, "--output", output, "--seed", "7", "--out", "map.npz")
    assert (code, error) == (0, "")
    *_, last = explainers.stream_classes(method, tiny, photo(), None, 7, output, params=params)
    expected = last.result.of(last.result.classes[0])
    alone = explainers.explain(method, tiny, photo(), seed=7, output=output, **params)
    with np.load("map.npz", allow_pickle=False) as arrays:
        assert set(arrays) == {"values"} if expected.stderr is None else {"values", "stderr"}
        assert arrays["values"].dtype == np.float32
        assert arrays["values"].tobytes() == expected.values.tobytes()
        if expected.stderr is not None:
            assert arrays["stderr"].tobytes() == expected.stderr.tobytes()
        # one class instead of twenty: the same sums in another order, float32 rounding
        assert np.abs(arrays["values"] - alone.values).max() <= 1e-4 * np.ptp(alone.values)


@pytest.mark.usefixtures("small_model")
def test_png_is_a_picture_of_the_map(run: Run, here: Path) -> None:
    code, _, _ = run("photo.png", *QUICK, "--out", "map.png")
    assert code == 0
    drawn = Image.open(here / "map.png")
    drawn.verify()
    assert (drawn.format, drawn.mode) == ("PNG", "RGB")
    assert min(drawn.size) > 300


@pytest.mark.usefixtures("small_model")
def test_why_this_and_not_that(run: Run, here: Path) -> None:
    """The margin: swapping the classes turns the signs of a map that is linear in the score."""
    maps = []
    for target, against in (("kind 4", "7"), ("7", "kind 4")):
        asked = ["--method", "gradient_x_input", "--target", target, "--against", against, "--out", "map.npz"]
        code, out, error = run("photo.png", *asked)
        assert (code, error) == (0, "")
        told = json.loads(out)
        assert {told["label"], told["against"]} == {"kind 4", "kind 7"}
        maps.append(np.load(here / "map.npz")["values"])
    assert np.abs(maps[0]).max() > 0
    assert np.abs(maps[0] + maps[1]).max() <= 1e-6 * np.abs(maps[0]).max()  # float32 rounding
    code, out, error = run("photo.png", *QUICK, "--target", "4", "--against", "4")
    assert (code, out) == (2, "")
    assert error == "against must be another class than the target; got 'kind 4' twice\n"


@pytest.mark.usefixtures("small_model")
def test_a_class_by_index_and_by_label(run: Run) -> None:
    by_index, by_label = (json.loads(run("photo.png", *QUICK, "--target", target)[1]) for target in ("4", "kind 4"))
    assert (by_index["target"], by_index["label"]) == (4, "kind 4")
    assert by_index | {"seconds": 0} == by_label | {"seconds": 0}


def test_a_method_that_cannot_be_is_a_sentence(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dull = models.wrap(awkward.network("hard steps"), awkward.SIZE, name="dull")
    monkeypatch.setattr(models, "load", lambda *_: dull)
    before = files(here)
    code, out, error = run("photo.png", "--method", "saliency", "--out", "map.npz")
    assert (code, out) == (2, "")
    assert error.strip().endswith(f"saliency cannot explain this model: {NO_GRADIENT}.")
    assert len(error.strip().splitlines()) == 1
    assert files(here) == before
    main(["doctor"])
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "  methods: " in line or " methods: " in line]
    assert f"saliency (impossible: {NO_GRADIENT})" in line
    assert line.startswith("ok    methods: deep_shap, deeplift, exact_shapley")


WRONG: dict[str, tuple[list[str], str]] = {
    "no such file": (["nothing.png"], "nothing.png"),
    "a folder": (["."], "."),
    "a text": (["notes.txt"], "The file is not a readable PNG, JPEG or WebP image."),
    "an empty file": (["empty.png"], "The file is empty."),
    "unknown method": (["photo.png", "--method", "magic"], f"method must be one of {METHODS}; got 'magic'"),
    "unknown parameter": (
        ["photo.png", "--param", "n_mask=32"],
        "rise has no parameter 'n_mask'; did you mean n_masks?",
    ),
    "out of range": (["photo.png", "--param", "n_masks=1"], "n_masks must lie in [16, 32768]; got 1"),
    "wrong type": (["photo.png", "--param", "n_masks=many"], "n_masks must be a whole number; got 'many'"),
    "no value": (["photo.png", "--param", "n_masks"], "param must be NAME=VALUE; got 'n_masks'"),
    "unknown model": (["photo.png", "--model", "no_such_net"], "no model is called 'no_such_net'"),
    "unknown label": (
        ["photo.png", "--target", "yak"],
        "target must be a class label or index of this model; got 'yak'",
    ),
    "unknown index": (["photo.png", "--target", "25"], "target must lie in [0, 24]; got 25"),
    "wrong suffix": (
        ["photo.png", "--out", "map.jpg"],
        "out must end in .png, .svg, .html, .csv, .npz or .txt for a picture; got 'map.jpg'",
    ),
    "no suffix": (
        ["photo.png", "--out", "map"],
        "out must end in .png, .svg, .html, .csv, .npz or .txt for a picture; got 'map'",
    ),
    "seed": (["photo.png", "--seed", "-1"], "seed must lie in [0, 2147483647]; got -1"),
    "no folder to write to": (["photo.png", *QUICK, "--out", "nowhere/map.npz"], "nowhere/map.npz"),
    "window": (["photo.png", "--method", "occlusion", "--param", "window=48"], "window must be smaller than the"),
}


@pytest.mark.usefixtures("small_model", "as_in_production")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [pytest.param(*case, id=name) for name, case in WRONG.items()],
)
def test_what_can_be_mended_is_one_sentence(run: Run, here: Path, arguments: list[str], sentence: str) -> None:
    (here / "notes.txt").write_text("dear diary")
    (here / "empty.png").touch()
    before = files(here)
    if "--out" not in arguments:
        arguments = [*arguments, "--out", "map.npz"]
    code, out, error = run(*arguments)
    assert (code, out) == (2, "")
    (line,) = error.splitlines()
    assert sentence in line
    assert "Traceback" not in line
    assert "Errno" not in line
    assert files(here) == before


@pytest.mark.usefixtures("small_model")
def test_what_nobody_foresaw_is_not_hidden(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[Any]:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(explain, "stream", broken)
    with pytest.raises(ZeroDivisionError, match="a mistake of ours"):
        run("photo.png", *QUICK)


TEXT = "The good film, and a ba\u0301d \u05d0\u202e one."


@pytest.mark.usefixtures("small_models")
def test_a_text(run: Run, here: Path, wordy: models.TextClassifier) -> None:
    asked = ("--text", TEXT, "--param", "n_masks=64", "--seed", "5", "--out", "map.npz")
    code, out, error = run(*asked)
    assert (code, error) == (0, "")
    report = json.loads(out)
    assert list(report) == [*KEYS, "by", "cut"]
    assert (report["model"], report["method"], report["output"]) == ("wordy", "rise", "log_probability")
    assert (report["label"], report["by"], report["cut"]) == ("positive", "word", 0)
    alone = explainers.explain("rise", wordy, TEXT, seed=5, output="log_probability", n_masks=64)
    with np.load(here / "map.npz", allow_pickle=False) as arrays:
        assert set(arrays) == {"values", "stderr", "starts", "ends"}
        assert np.abs(arrays["values"] - alone.values).max() <= 1e-4 * np.ptp(alone.values)
        spans = zip(arrays["starts"].tolist(), arrays["ends"].tolist(), strict=True)
        assert [TEXT[start:end] for start, end in spans] == [word.text for word in alone.words]
    again = json.loads(run(*asked, "--output", "logit")[1])
    assert again["output"] == "logit"


WRONG_TEXTS: dict[str, tuple[list[str], str]] = {
    "empty": (["--text", ""], "The text is empty."),
    "blank": (["--text", " \n"], "The text is only white space."),
    "half a character": (["--text", "a\udcff"], "a lone surrogate, at character 2"),
    "method of pictures": (["--text", "a", "--method", "grad_cam"], "for texts; got 'grad_cam'"),
    "parameter of pictures": (["--text", "a", "--param", "cells=4"], "rise has no parameter 'cells'"),
    "model of pictures": (["--text", "a", "--model", "tiny"], "tiny classifies images; ask it about a picture"),
    "model of texts": (["photo.png", "--model", "wordy"], "wordy classifies texts; ask it about a text"),
    "a picture of it": (
        ["--text", "a", "--out", "map.png"],
        "out must end in .html, .csv, .npz or .txt for a text; got 'map.png'",
    ),
    "a head": (["--text", "a", "--model", "head/x"], "no model is called 'head/x'"),
}


@pytest.mark.usefixtures("small_models", "as_in_production")
@pytest.mark.parametrize(("arguments", "sentence"), WRONG_TEXTS.values(), ids=WRONG_TEXTS)
def test_a_text_that_cannot_be_explained_is_one_sentence(
    run: Run, here: Path, arguments: list[str], sentence: str
) -> None:
    before = files(here)
    code, out, error = run(*arguments)
    assert (code, out) == (2, "")
    (line,) = error.splitlines()
    assert sentence in line
    assert files(here) == before


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["explain"],
        ["fly"],
        ["explain", "x.png", "--output", "softmax"],
        ["explain", "x.png", "--text", "x"],
    ],
)
def test_a_wrong_command_line_is_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: python -m app" in capsys.readouterr().err


def test_another_model_has_another_key(run: Run, tiny: models.ImageClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set()
    retrained = models.wrap(Small(25, seed=1), (40, 56), labels=LABELS, name="tiny")
    for model in (tiny, retrained):
        monkeypatch.setattr(models, "load", lambda *_, model=model: model)
        keys.add(json.loads(run("photo.png", *QUICK, "--target", "4")[1])["key"])
    assert len(keys) == 2


def test_the_bundled_model(run: Run, here: Path) -> None:
    Image.new("RGB", (64, 48), (200, 30, 90)).save(here / "plain.png")
    code, out, error = run("plain.png", "--param", "n_masks=16", "--out", "map.npz")
    assert (code, error) == (0, "")
    report = json.loads(out)
    assert report["model"] == "efficientnet_lite0"
    with np.load(here / "map.npz", allow_pickle=False) as arrays:
        assert arrays["values"].shape == (224, 224)


def test_the_bundled_text_model(run: Run) -> None:
    code, out, error = run("--text", "A funny, thoughtful film.", "--method", "saliency")
    assert (code, error) == (0, "")
    report = json.loads(out)
    assert (report["model"], report["label"]) == ("minilm", "positive")


def test_doctor_looks_at_the_text_model(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny: models.ImageClassifier,
    wordy: models.TextClassifier,
    here: Path,  # noqa: ARG001
) -> None:
    monkeypatch.setattr(models, "load", lambda name, *_: wordy if name == "minilm" else tiny)
    main(["doctor"])
    assert "ok    text model: wordy, reads 300 tokens, weights " in capsys.readouterr().out
    monkeypatch.setenv("WHYLENS_TEXT_MODEL", "tiny")
    assert main(["doctor"]) == 1
    assert (
        "FAIL  text model: WHYLENS_TEXT_MODEL must name a model of texts; tiny classifies images"
        in capsys.readouterr().out
    )
