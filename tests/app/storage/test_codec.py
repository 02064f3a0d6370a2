"""Results as bytes and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load

from app.storage import codec
from explainers.types import Attributions, Word

H, W = 224, 200


def result(classes: int = 3, h: int = H, w: int = W, *, stderr: bool = True) -> Attributions:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((classes, h, w)).astype(np.float32)
    values[0, 0, :4] = [-0.0, 1e-42, 3.4e38, np.pi]  # signed zero and a subnormal must survive
    return Attributions(
        values=values,
        classes=tuple(range(classes, 2 * classes)),
        scores=tuple(float(np.float32(score)) for score in rng.standard_normal(classes)),
        output="log_probability",
        signed=True,
        stderr=np.abs(values) if stderr else None,
        words=(Word("x", 0, 1), Word("\u00e9t\u00e9", 2, 5)) if stderr else (),
        deltas=tuple(0.1 * k for k in range(classes)) if stderr else None,
        meta={"method": "rise", "params": {"p": 0.1}, "precision_rms": None, "forwards": 801},
    )


@pytest.mark.parametrize("stderr", [True, False])
def test_a_result_comes_back_bit_by_bit(stderr: bool) -> None:
    given = result(stderr=stderr)
    manifest, parts = codec.encode(given)
    manifest = json.loads(json.dumps(manifest))  # as the database keeps it
    assert list(parts) == [str(k) for k in given.classes]
    for k in given.classes:
        expected, found = given.of(k), codec.decode(manifest, k, parts[str(k)])
        assert found.values.tobytes() == expected.values.tobytes()
        assert found.values.dtype == np.float32
        if expected.stderr is None:
            assert found.stderr is None
        else:
            assert found.stderr is not None
            assert found.stderr.tobytes() == expected.stderr.tobytes()
        assert (found.words, found.delta) == (expected.words, expected.delta)
        assert (found.target, found.score, found.output, found.signed, dict(found.meta)) == (
            expected.target,
            expected.score,
            expected.output,
            expected.signed,
            dict(expected.meta),
        )


def test_a_part_does_not_depend_on_how_the_array_lies_in_memory() -> None:
    given = result()
    turned = Attributions(
        np.ascontiguousarray(given.values.transpose(0, 2, 1)).transpose(0, 2, 1),
        given.classes,
        given.scores,
        given.output,
        given.signed,
    )
    plain = result(stderr=False)
    assert codec.encode(turned)[1] == codec.encode(plain)[1]


@pytest.mark.parametrize("classes", [1, 20, 100])
@pytest.mark.parametrize("size", [(224, 224), (1024, 1024), (7, 1024)])
def test_a_preview_fits_its_row(classes: int, size: tuple[int, int]) -> None:
    values = np.broadcast_to(np.float32(1), (classes, *size))
    names = tuple(range(900, 900 + classes))  # long names make long headers
    given = Attributions(values, names, (0.0,) * classes, "logit", True)
    data = codec.preview(given)
    assert len(data) <= 64_000
    maps = load(data)
    assert set(maps) == {str(k) for k in given.classes}
    assert len({coarse.shape for coarse in maps.values()}) == 1


def test_a_preview_takes_the_middle_of_each_cell() -> None:
    # 20 classes leave a side of 27; the map's value is its own row and column
    values = np.broadcast_to(np.arange(54)[:, None] * 100 + np.arange(81), (20, 54, 81)).astype(np.float32)
    given = Attributions(values, tuple(range(20)), (0.0,) * 20, "logit", True)
    coarse = load(codec.preview(given))["19"]
    assert coarse.dtype == np.float32
    assert coarse.tolist() == [[r * 100 + c for c in range(1, 81, 3)] for r in range(1, 54, 2)]


def test_a_small_map_is_its_own_preview() -> None:
    given = result(3, 5, 7)
    assert np.array_equal(load(codec.preview(given))["4"], given.values[1])


@pytest.mark.parametrize(("classes", "words"), [(2, 250), (20, 700), (20, 5_000), (100, 300)])
def test_a_preview_of_words(classes: int, words: int) -> None:
    values = np.tile(np.arange(words, dtype=np.float32), (classes, 1))
    data = codec.preview(Attributions(values, tuple(range(900, 900 + classes)), (0.0,) * classes, "logit", True))
    assert len(data) <= 64_000
    coarse = load(data)["900"]
    assert coarse.ndim == 1
    if words * classes * 4 < 60_000:
        assert coarse.tolist() == list(range(words))
    else:
        assert len(coarse) > 100
        assert (np.diff(coarse) > 0).all()
