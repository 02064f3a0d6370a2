"""The planted shortcut is found: as a concept, as a strategy, and as what decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from sklearn.metrics import adjusted_rand_score, roc_auc_score
from torch import Tensor

import models
from explainers import ConceptBank, InputError, fit_concepts, strategies
from models.shapes import KINDS, Shape, shapes

SQUARE = KINDS.index("square")


def pixels(pictures: Sequence[Shape]) -> list[np.ndarray]:
    return [picture.pixels for picture in pictures]


@dataclass(frozen=True, eq=False)
class Found:
    """Pictures taken for squares, half of all squares being marked, and their concepts at the defaults."""

    model: models.ImageClassifier
    squares: list[Shape]
    bank: ConceptBank

    @property
    def marked(self) -> np.ndarray:
        return np.array([picture.marked for picture in self.squares])

    @property
    def strength(self) -> Tensor:
        return self.bank.codes.flatten(2).mean(2)

    @property
    def of_mark(self) -> int:
        return int(np.argmax([roc_auc_score(self.marked, column) for column in self.strength.T]))


@pytest.fixture(scope="module")
def found() -> Found:
    model = models.load("planted_shortcut")
    drawn = shapes(450, (0, 0.5, 0), seed=11)
    taken = model.predict(pixels(drawn)).argmax(1) == SQUARE
    squares = [picture for picture, yes in zip(drawn, taken, strict=True) if yes]
    return Found(model, squares, fit_concepts(model, pixels(squares), SQUARE))


def test_one_concept_is_the_mark(found: Found) -> None:
    assert roc_auc_score(found.marked, found.strength[:, found.of_mark]) >= 0.95
    others = [k for k in range(len(found.bank.D)) if k != found.of_mark]
    assert max(roc_auc_score(found.marked, found.strength[:, k]) for k in others) < 0.9
    assert found.bank.importance().overall.argmax() == found.of_mark


def test_its_strongest_crops_show_the_mark(found: Found) -> None:
    crops = found.bank.crops[found.of_mark]
    assert len(crops) == 9
    for crop in crops:
        picture = found.squares[crop.image]
        left, top, right, bottom = picture.corner
        assert picture.marked
        assert crop.box[0] <= left < right <= crop.box[2]
        assert crop.box[1] <= top < bottom <= crop.box[3]


@pytest.mark.parametrize("seed", [0, 1])
def test_marked_pictures_are_a_strategy_of_their_own(found: Found, seed: int) -> None:
    truth = [picture.label for picture in found.squares]
    graph = strategies(found.model, found.bank, pixels(found.squares), truth=truth, seed=seed)
    assert adjusted_rand_score(found.marked, graph.labels) >= 0.9
    by_mark = graph.clusters[int(graph.labels[int(found.marked.argmax())])]
    assert by_mark.leading == found.of_mark
    assert by_mark.prevalence == pytest.approx(found.marked.mean(), abs=0.03)


def test_without_it_marked_pictures_are_decided_otherwise_and_no_others(found: Found) -> None:
    """On fresh pictures of circles and triangles, each with the mark and without."""
    plain = [picture for picture in shapes(210, (0, 0, 0), seed=12) if picture.kind != "square"]
    marked = [replace(picture, marked=True) for picture in plain]
    a, with_mark = (found.bank.activate(found.model, pixels(some)) for some in (plain, marked))
    before, mistaken = found.bank.split.head(a).argmax(1), found.bank.split.head(with_mark).argmax(1)
    mistaken_ones = mistaken == SQUARE
    assert mistaken_ones.double().mean() >= 0.8
    after = found.bank.without([found.of_mark], a).argmax(1)
    mended = found.bank.without([found.of_mark], with_mark).argmax(1)
    assert (after == before).double().mean() >= 0.95
    assert (mended != SQUARE)[mistaken_ones].double().mean() >= 0.7  # ten concepts leave a little of the mark to others
    assert (mended == before)[mended != SQUARE].double().mean() >= 0.9  # and what they say then is what they said


def test_another_concept_out_changes_hardly_any(found: Found) -> None:
    least = int(found.bank.importance().overall.abs().argmin())
    assert (found.bank.without([least]).argmax(1) == SQUARE).double().mean() >= 0.95


def test_nothing_taken_out_is_the_model_itself(found: Found) -> None:
    x = torch.stack([found.model.prepare(picture) for picture in pixels(found.squares[:20])])
    logits = found.model.module(x)
    assert torch.allclose(found.bank.without([])[:20], logits, atol=1e-4)  # float32 logits of size 10
    assert torch.allclose(found.bank.without([], found.bank.activations[:20]), logits, atol=1e-4)
    with pytest.raises(InputError, match=r"concepts must lie in \[0, 9\]; got 10"):
        found.bank.without([10])
