from __future__ import annotations

import dataclasses
import math

import pytest

from models.card import ModelCard


def test_card_is_a_value() -> None:
    assert ModelCard(name="a") == ModelCard(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        ModelCard(name="a").name = "b"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"size": (0, 224)}, r"size must lie in \[1, 2048\] on both sides; got \(0, 224\)"),
        ({"size": (4096, 4096), "resize": (4096, 4096)}, r"size must lie in \[1, 2048\]"),
        ({"size": (256, 256)}, r"resize must be at least size \(256, 256\).*got \(224, 224\)"),
        ({"std": (1.0, 0.0, 1.0)}, r"std must be positive and finite; got \(1.0, 0.0, 1.0\)"),
        ({"mean": (math.nan, 0.0, 0.0)}, r"mean must be finite; got \(nan"),
        ({"temperature": 0.0}, r"temperature must be positive; got 0.0"),
        ({"temperature": math.nan}, r"temperature must be positive; got nan"),
        ({"kind": "text"}, r"limit, in tokens, is for text models and needed there; got None, text"),
        ({"limit": 9}, r"limit, in tokens, is for text models and needed there; got 9, image"),
        ({"kind": "text", "limit": 2}, r"limit must lie in \[3, 1000000\] tokens; got 2"),
    ],
)
def test_limits(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(ModelCard(name="a"), **change)  # type: ignore[arg-type]
