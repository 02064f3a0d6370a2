from __future__ import annotations

import pytest
import torch
from torch import Tensor

from explainers.masking import Cells
from explainers.metrics.agreement import compare
from explainers.metrics.randomisation import Randomisation, layers, randomised
from explainers.scoring import ModelScore
from explainers.types import Classifier
from tests.oracles import small_classifier

SIZE = (40, 56)
CELLS = Cells(5, 7, SIZE)
X = torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(1))


def edges(_: Classifier) -> Tensor:
    """Looks at the picture and never at the model."""
    return CELLS.pool(X.mean(0).diff(dim=0, append=X.mean(0)[-1:]).abs())


def gradient(model: Classifier) -> Tensor:
    return CELLS.pool((ModelScore(model, (2,)).gradient(X[None])[0] * X).sum(0))


def test_an_edge_map_stays(rng: torch.Generator) -> None:
    """The known failure: whatever becomes of the model, the map is the same."""
    *_, last = Randomisation(stages=3).evaluate(edges, small_classifier(SIZE), rng)
    assert last.result.spearman == (1, 1, 1)
    assert last.result.control == 1


def test_a_gradient_map_goes_with_the_last_layer(rng: torch.Generator) -> None:
    steps = list(Randomisation(stages=2).evaluate(gradient, small_classifier(SIZE), rng))
    assert [(step.done, step.total) for step in steps] == [(1, 2), (2, 2)]
    last = steps[-1].result
    assert last.control == 1  # the method has no noise
    assert max(last.spearman) < 0.6
    assert last.layers == ("layers.3", "layers.0")  # half of the four layers with weights, then all


def test_layers_from_the_output_down() -> None:
    assert layers(small_classifier(SIZE).module) == ("layers.7", "layers.3", "layers.1", "layers.0")


def test_the_users_model_is_not_touched(rng: torch.Generator) -> None:
    model = small_classifier(SIZE)
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    *_, _ = Randomisation(stages=2).evaluate(edges, model, rng)
    assert all(torch.equal(value, before[name]) for name, value in model.module.state_dict().items())
    shuffled = randomised(model, torch.Generator().manual_seed(0))
    assert isinstance(shuffled, Classifier)
    assert all(torch.equal(value, before[name]) for name, value in model.module.state_dict().items())
    assert not shuffled.module.training
    changed = [not torch.equal(value, before[name]) for name, value in shuffled.module.state_dict().items()]
    assert sum(changed) >= 5  # batch norm starts with equal weights, which no order changes
    for name, value in shuffled.module.state_dict().items():
        assert torch.equal(value.flatten().sort().values, before[name].flatten().sort().values)  # the scale stays
    again = randomised(model, torch.Generator().manual_seed(0))
    assert all(torch.equal(a, b) for a, b in zip(again.module.parameters(), shuffled.module.parameters(), strict=True))


def test_the_shuffled_model_still_answers(rng: torch.Generator) -> None:
    model = small_classifier(SIZE)
    scores = ModelScore(randomised(model, rng), range(5)).exact(torch.stack([X, 1 - X]))
    assert scores.isfinite().all()
    assert (scores[0] - scores[1]).abs().max() > 0.01


def test_signs_are_kept(rng: torch.Generator) -> None:
    flip = iter([1.0, 1.0, -1.0])
    *_, last = Randomisation(stages=1).evaluate(lambda model: next(flip) * edges(model), small_classifier(SIZE), rng)
    assert last.result.spearman == pytest.approx((-1.0,))
    assert compare(edges(small_classifier(SIZE)), edges(small_classifier(SIZE))).spearman == 1
