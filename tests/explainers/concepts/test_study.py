"""A study of the planted shortcut: every step of it, what it finds, and what it does not read twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import pytest
import timm
import torch
from sklearn.metrics import adjusted_rand_score
from torch import Tensor

import models
from explainers import InputError, Progress, Stage, Study, fit_ace, fit_concepts, stream_concepts
from explainers.concepts.bank import on_grid, sampled
from explainers.concepts.measured import frechet
from explainers.concepts.reading import MOST_PLACES, Recollection, room
from explainers.concepts.split import earlier
from explainers.concepts.study import By
from models.shapes import KINDS, Shape, shapes
from tests.explainers.concepts.planted import Pooled, pictures, pooled
from tests.oracles import classifier

SQUARE = KINDS.index("square")
Steps = list[Progress[Stage]]


@pytest.fixture(autouse=True)
def _few_curves(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The study that is shared has them all."""
    if "steps" not in request.fixturenames and "study" not in request.fixturenames:
        monkeypatch.setattr("explainers.concepts.measured.CURVES", 3)


class Counting(Recollection):
    """Remembers how often it was told something."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "told", [])

    told: list[int]

    def keep(self, i: int, a: Tensor, logits: Tensor) -> None:
        self.told.append(i)
        super().keep(i, a, logits)


@pytest.fixture(scope="module")
def model() -> models.ImageClassifier:
    return models.load("planted_shortcut")


@pytest.fixture(scope="module")
def drawn() -> list[Shape]:
    return [shape for n, shape in enumerate(shapes(300, (0.2, 0.5, 0.0), 0)) if shape.kind == "square" or n % 2]


@pytest.fixture(scope="module")
def steps(model: models.ImageClassifier, drawn: list[Shape]) -> Steps:
    pixels = [shape.pixels for shape in drawn]
    truth = [shape.label for shape in drawn]
    return list(stream_concepts(model, pixels, target=SQUARE, truth=truth))


@pytest.fixture(scope="module")
def study(steps: Steps) -> Study:
    found = steps[-1].result.study
    assert found is not None
    return found


def last(steps: Any) -> Study:
    *_, step = steps
    study: Study = step.result.study
    return study


def test_every_batch_and_every_stage_is_a_step(steps: Steps, drawn: list[Shape]) -> None:
    reading = [step for step in steps if step.result.doing.startswith("reading")]
    assert [step.done for step in reading[:-1]] == [32, 64, 96, 128, 160, 192, len(drawn)]
    assert reading[0].result.doing == "reading 32 of 200 pictures"
    verbs = list(dict.fromkeys(step.result.doing.split()[0] for step in steps))
    assert verbs == ["reading", "gathering", "looking", "finding", "weighing", "measuring", "grouping", "done"]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert {step.total for step in steps} == {steps[-1].done}
    assert all(step.result.study is None for step in steps[:-1])


def test_the_mark_is_a_strategy_and_less_reliable(study: Study, drawn: list[Shape]) -> None:
    """Of the others that carry the mark, all are taken for squares; of those without, squares alone are."""
    marked = np.array([drawn[i].marked for i in study.chosen])
    assert study.graph is not None
    assert adjusted_rand_score(marked, study.graph.labels) >= 0.9
    by_mark, plain = (study.graph.clusters[int(study.graph.labels[np.flatnonzero(marked == m)[0]])] for m in (1, 0))
    assert by_mark.reliability is not None
    assert plain.reliability is not None
    right = np.mean([drawn[i].label == SQUARE for i in study.chosen if drawn[i].marked])
    assert by_mark.reliability[0] == pytest.approx(right, abs=0.05)  # the clusters may differ by a picture or two
    assert by_mark.reliability[0] < plain.reliability[0]


def test_it_is_the_bank_that_one_call_fits(study: Study, model: models.ImageClassifier, drawn: list[Shape]) -> None:
    bank = fit_concepts(model, [drawn[i].pixels for i in study.chosen], SQUARE)
    # batches of another size, whose rounding the factorisation carries on
    assert torch.allclose(study.bank.D, bank.D, atol=1e-3)
    assert torch.allclose(study.importance.values, bank.importance().values, atol=1e-2)


def test_the_classes_are_the_models_own(study: Study, model: models.ImageClassifier, drawn: list[Shape]) -> None:
    predicted = model.predict([shape.pixels for shape in drawn]).argmax(1)
    assert study.chosen == tuple(np.flatnonzero(predicted == SQUARE).tolist())
    assert torch.equal(study.logits.argmax(1), torch.from_numpy(predicted))


def test_qualities_know_what_is_linear(study: Study) -> None:
    """The head is: concepts add up, and no order deletes or inserts better than that of their shares."""
    good = study.quality
    assert study.linear
    assert good.fidelity == pytest.approx(1, abs=1e-6)
    assert good.agreement == 1
    assert good.deletion is not None
    assert good.deletion_random is not None
    assert good.insertion is not None
    assert good.insertion_random is not None
    assert good.deletion < good.deletion_random
    assert good.insertion > good.insertion_random
    assert good.error is not None
    assert 0 < good.error < 1
    assert good.outlying is not None
    assert 0 < good.outlying < 10
    assert good.dead == 0


def test_what_is_remembered_is_not_read_again() -> None:
    some, memory = pictures(40), Counting()
    first = last(stream_concepts(pooled(), some, n_concepts=2, memory=memory))
    assert sorted(memory.told) == list(range(40))

    class Unread(Sequence[Any]):
        """The first is looked at for its size."""

        def __len__(self) -> int:
            return len(some)

        def __getitem__(self, i: Any) -> Any:
            assert i == 0
            return some[0]

    again = last(stream_concepts(pooled(), Unread(), n_concepts=2, memory=memory))
    half = Recollection({i: memory.kept[i] for i in range(0, 40, 2)})
    mended = last(stream_concepts(pooled(), some, n_concepts=2, memory=half))
    for other in (again, mended):
        assert torch.equal(other.bank.activations, first.bank.activations)
        assert torch.equal(other.bank.codes, first.bank.codes)
        assert torch.equal(other.importance.values, first.importance.values)


def test_stopped_while_reading_it_has_read_one_batch(model: models.ImageClassifier, drawn: list[Shape]) -> None:
    memory = Counting()
    steps = stream_concepts(model, [shape.pixels for shape in drawn], memory=memory)
    next(steps)
    assert memory.told == list(range(32))


@pytest.mark.parametrize("by", get_args(By))
def test_no_target_is_the_commonest_class(model: models.ImageClassifier, by: By) -> None:
    some = [shape for n, shape in enumerate(shapes(36, (0, 0, 0), 3)) if shape.kind != "circle" or n % 2]
    truth = [shape.label for shape in some]
    study = last(stream_concepts(model, [s.pixels for s in some], by=by, truth=truth, n_concepts=3))
    told = study.logits.argmax(1).tolist() if by == "predicted" else truth
    best = max(sorted(set(told)), key=told.count)
    assert study.bank.target == best
    assert study.chosen == tuple(i for i, k in enumerate(told) if k == best)


def test_few_pictures_have_concepts_and_no_strategies() -> None:
    study = last(stream_concepts(pooled(), pictures(9), n_concepts=2, by="labelled", truth=[1] * 9))
    assert len(study.bank.D) == 2
    assert study.graph is None
    assert study.note == "Strategies need at least 10 pictures of a class; there are 9 here."


def test_where_labels_are_unknown_reliability_is_of_the_others() -> None:
    some = pictures(20)
    truth = [1, None] * 10
    mixed = last(stream_concepts(pooled(), some, n_concepts=2, by="predicted", truth=truth))
    assert mixed.graph is not None
    for cluster in mixed.graph.clusters:
        known = [i for i in cluster.members if truth[mixed.chosen[i]] is not None]
        right = [truth[mixed.chosen[i]] == mixed.bank.target for i in known]
        assert (cluster.reliability is None) == (not known)
        assert cluster.reliability is None or cluster.reliability[0] == pytest.approx(np.mean(right))


@pytest.mark.parametrize(
    ("method", "rows_from"), [("gradient_x_input", "crops"), ("shapley", "locations"), ("sobol", "locations")]
)
def test_importances_do_not_depend_on_batches(method: str, rows_from: Any) -> None:
    """More pictures than a batch has: the same as all at once."""
    study = last(
        stream_concepts(
            pooled(), pictures(40), n_concepts=2, method=method, rows_from=rows_from, by="labelled", truth=[0] * 40
        )
    )
    whole = study.bank.importance(method)
    assert torch.allclose(study.importance.values, whole.values, atol=1e-6)
    assert (study.importance.stderr is None) == (whole.stderr is None)
    assert study.importance.shares.shape == (40, 2)


@pytest.mark.parametrize(("layer", "linear"), [(None, True), ("blocks.0", False)])
def test_tokens_are_places_of_the_picture(layer: str | None, linear: bool) -> None:
    """Of a transformer, whose activations are signed: a class token, then 4 × 4 patches."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = timm.create_model("vit_tiny_patch16_224", img_size=64, depth=2, num_classes=3).eval()
    model = models.wrap(network, (64, 64), labels=("a", "b", "c"))
    some = pictures(12, (64, 64))
    study = last(
        stream_concepts(model, some, n_concepts=3, factorizer="semi_nmf", by="labelled", truth=[0] * 12, layer=layer)
    )
    grid = on_grid(study.bank.codes, (64, 64))
    assert grid is not None
    assert (study.bank.codes.shape, grid.shape) == ((12, 3, 17), (12, 3, 4, 4))
    assert torch.equal(grid.flatten(2), study.bank.codes[:, :, 1:])
    assert study.linear == linear
    x = torch.stack([model.prepare(picture) for picture in some])
    # the head goes on from the layer: float32 through two blocks
    assert torch.allclose(study.logits, model.module(x), atol=1e-4)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = (
        last(stream_concepts(pooled(), pictures(24), n_concepts=3, seed=7, method="shapley")) for _ in range(2)
    )
    assert torch.equal(first.importance.values, second.importance.values)
    assert first.quality == second.quality


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"target": 3}, r"target must lie in \[0, 2\]; got 3"),
        ({"by": "labelled"}, "by must be predicted here: none of the pictures is labelled with a class"),
        ({"by": "labelled", "truth": [0] * 3}, "truth must name a class for each of 12 images; got 3"),
        ({"by": "labelled", "truth": [0] * 12, "target": 1}, "0 of 12 are labelled 'class 1'"),
        ({"factorizer": "magic"}, "factorizer must be one of nmf, "),
        ({"method": "magic"}, "importance must be one of gradient_x_input, "),
        ({"layer": "magic"}, "layer must name a module of the network; got 'magic'"),
        ({"n_concepts": 7}, r"n_concepts must lie in \[1, 6\]"),
    ],
)
def test_what_does_not_suit(asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        list(stream_concepts(pooled(), pictures(12), **asked))
    with pytest.raises(InputError, match="images must number at least 2; got 1"):
        list(stream_concepts(pooled(), pictures(1)))


def test_too_many_places() -> None:
    with pytest.raises(InputError, match="choose a later layer or fewer pictures"):
        room(MOST_PLACES // 100 + 1, torch.zeros(3, 10, 10))


def test_scores_that_are_not_finite() -> None:
    class Nan(Pooled):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) / 0 * 0

    with pytest.raises(InputError, match="scores of these pictures are not all finite"):
        list(stream_concepts(classifier(Nan(), 3, (24, 32)), pictures(12)))


def test_rows_are_chosen_by_chance_once_there_are_too_many() -> None:
    a = torch.arange(4 * 3 * 5.0).view(4, 3, 5)
    every = {tuple(row) for row in a.mT.flatten(0, 1).tolist()}
    few = sampled(a, 1, 7)
    assert few.shape == (7, 3)
    chosen = [tuple(row) for row in few.tolist()]
    assert len(set(chosen)) == 7
    assert set(chosen) <= every
    assert torch.equal(few, sampled(a, 1, 7))
    assert not torch.equal(few, sampled(a, 2, 7))
    assert sampled(a[..., 0], 1, 2).shape == (2, 3)


def test_distributions_are_compared_where_they_vary(rng: torch.Generator) -> None:
    A = torch.randn(2_000, 100, generator=rng) * torch.linspace(3, 0.1, 100)
    assert frechet(A, A) == pytest.approx(0, abs=1e-6)  # traces of about 600, in float64 from float32
    shifted = A.clone()
    shifted[:, 0] += 2
    assert frechet(A, shifted) == pytest.approx(4, abs=0.05)  # the first direction is nearly the widest axis
    assert frechet(A[:639], A[:639]) is None


def test_ace_as_a_study_finds_what_it_finds_by_itself(model: models.ImageClassifier, drawn: list[Shape]) -> None:
    squares = [shape.pixels for shape in drawn if shape.kind == "square"][:12]
    *_, last = stream_concepts(model, squares, SQUARE, by="labelled", truth=[SQUARE] * 12, factorizer="ace")
    study, alone = last.result.study, fit_ace(model, squares, SQUARE, n_concepts=10).bank
    assert study is not None
    torch.testing.assert_close(study.bank.D, alone.D, rtol=0, atol=1e-5)  # other batches round otherwise
    assert [[crop.box for crop in crops] for crops in study.bank.crops] == [
        [crop.box for crop in crops] for crops in alone.crops
    ]


def test_ace_has_no_use_for_crops(model: models.ImageClassifier) -> None:
    with pytest.raises(InputError, match="rows must be locations for ace, which cuts pictures up by itself"):
        next(stream_concepts(model, pictures(4), factorizer="ace", rows_from="crops"))


def test_the_layer_before_sees_more_places_and_can_be_cut(model: models.ImageClassifier) -> None:
    x = torch.rand(1, 3, *model.card.size, generator=torch.Generator().manual_seed(0))
    layer, places = "features", [64]
    for _ in range(2):
        cut = earlier(model, x, layer)
        layer = cut.layer
        places.append(cut.encode(x)[0, 0].numel())
        torch.testing.assert_close(cut.head(cut.encode(x)), model.module(x))  # the same network, cut in two
    assert places == [64, 256, 1024]
    with pytest.raises(InputError, match=f"no layer before {layer} tells more places of the picture apart"):
        earlier(model, x, layer)
