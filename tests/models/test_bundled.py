"""The default model, on images whose content is known."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data as photos

import models
from models.labels import imagenet
from models.sources import bundled


def test_coffee_is_espresso(lite0: models.ImageClassifier) -> None:
    (row,) = lite0.predict(photos.coffee())  # type: ignore[no-untyped-call]
    assert lite0.labels[row.argmax()] == "espresso"
    assert row.max() == pytest.approx(0.951, abs=2e-3)  # other processors and libraries round differently


@pytest.mark.thorough
def test_top_1_on_real_images(lite0: models.ImageClassifier, data: Path) -> None:
    folder = data / "imagenet_samples"
    rows = list(csv.DictReader((folder / "labels.csv").read_text().splitlines()))
    answers = lite0.predict([Image.open(folder / row["file"]) for row in rows]).argmax(1)
    assert len(rows) == 200
    assert np.mean([answer == int(row["index"]) for answer, row in zip(answers, rows, strict=True)]) >= 0.85


def test_concept_layer_decides_alone(lite0: models.ImageClassifier) -> None:
    """Non-negative 1280 × 7 × 7 maps, whose pooled linear image is the logits."""
    kept = []
    assert lite0.card.concept_layer == "bn2"
    layer = lite0.module.get_submodule(lite0.card.concept_layer)
    handle = layer.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    try:
        with torch.inference_mode():
            logits = lite0.module(torch.rand(1, 3, 224, 224))
    finally:
        handle.remove()
    assert kept[0].shape == (1, 1280, 7, 7)
    assert kept[0].min() >= 0
    head = lite0.module.get_submodule("classifier")
    assert torch.allclose(head(kept[0].mean((2, 3))), logits, atol=1e-4)  # float32 sums of 49 × 1280 terms


def test_labels_are_imagenets_and_differ(data: Path) -> None:
    names = imagenet()
    assert len(names) == 1000
    assert [name for name, n in Counter(names).items() if n > 1] == []
    assert (names[134], names[517]) == ("crane (bird)", "crane (machine)")
    assert (names[638], names[639]) == ("maillot", "maillot (tank suit)")

    def words(name: str) -> str:
        return name.partition(" (")[0].lower().replace(" ", "_").replace("-", "_").replace("'", "")

    theirs = json.loads((data / "imagenet_classes.json").read_text())
    assert [(row["index"], words(row["name"])) for row in theirs] == [(k, words(name)) for k, name in enumerate(names)]


def test_card_and_listing(lite0: models.ImageClassifier) -> None:
    listed = models.list_models()[0]
    assert listed.digest is None
    assert listed.name == lite0.card.name == "efficientnet_lite0"
    assert lite0.card.digest is not None
    assert not any(parameter.requires_grad for parameter in lite0.module.parameters())


def test_names_of_blocks_are_counted_through_the_stages() -> None:
    assert bundled.renamed("_conv_stem.weight") == "conv_stem.weight"
    assert bundled.renamed("_blocks.0._project_conv.weight") == "blocks.0.0.conv_pw.weight"
    assert bundled.renamed("_blocks.2._bn0.bias") == "blocks.1.1.bn1.bias"
    assert bundled.renamed("_blocks.15._bn2.weight") == "blocks.6.0.bn3.weight"


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "PACKAGE", "no_such_package")
    assert [card.name for card in models.list_models()] == ["planted_shortcut"]
    with pytest.raises(models.UnsupportedModelError, match="needs the Python package no-such-package"):
        models.load("efficientnet_lite0")
