"""RevealCancel: what cancels is still seen."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explainers.propagation import deeplift
from tests.explainers.propagation.nets import images, rows, seeded


def test_minimum_of_two() -> None:
    """Shapley's answer for min(3, 2) from zero: one each."""
    found = deeplift(
        lambda x: x[:, 0] - F.relu(x[:, 0] - x[:, 1]), torch.tensor([[3.0, 2.0]]), torch.zeros(2), "reveal_cancel"
    )
    assert found.values[0].tolist() == pytest.approx([1.0, 1.0])


def test_causes_that_cancel_are_both_seen() -> None:
    """relu(x₁ − x₂) at (1, 1): nothing changes, so Rescale sees nothing; the two orders give ± ½."""
    fn, x = (lambda x: F.relu(x[:, 0] - x[:, 1])), torch.ones(1, 2)
    assert deeplift(fn, x, torch.zeros(2)).values.abs().max() == 0
    assert deeplift(fn, x, torch.zeros(2), "reveal_cancel").values[0].tolist() == pytest.approx([0.5, -0.5])


def test_one_hidden_unit_is_the_shapley_value_of_its_two_streams() -> None:
    """With one positive and one negative input, the average over both orders is exact."""
    w = torch.tensor([2.0, -3.0], dtype=torch.float64)

    def fn(x: Tensor) -> Tensor:
        return torch.tanh(x @ w)

    def at(a: Tensor, b: Tensor) -> float:
        return float(fn(torch.stack([a, b])[None]))

    x, x0 = torch.tensor([[0.4, 0.3]], dtype=torch.float64), torch.tensor([0.1, 0.2], dtype=torch.float64)
    (a, b), (a0, b0) = x[0], x0
    first = (at(a, b0) - at(a0, b0) + at(a, b) - at(a0, b)) / 2
    second = (at(a0, b) - at(a0, b0) + at(a, b) - at(a, b0)) / 2
    assert deeplift(fn, x, x0, "reveal_cancel").values[0].tolist() == pytest.approx([first, second])


def test_without_mixed_signs_it_is_rescale() -> None:
    net = seeded(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 1))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.abs_()
    x0 = rows(3, 5, seed=1)
    x = x0 + rows(3, 5, seed=2).abs()
    rescale, reveal = (deeplift(lambda x: net(x)[:, 0], x, x0, rule).values for rule in ("rescale", "reveal_cancel"))
    assert torch.allclose(rescale, reveal)


@pytest.mark.parametrize(
    "layers",
    [
        (nn.Flatten(), nn.Linear(768, 9), nn.ReLU(), nn.Linear(9, 5), nn.GELU(), nn.Linear(5, 2)),
        (
            nn.Conv2d(3, 4, 3),
            nn.BatchNorm2d(4),
            nn.SiLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(4, 2, 3),
            nn.Flatten(),
            nn.Linear(50, 2),
        ),
        # where streams are joined: maxima, products, softmax, normalisation
        (
            nn.Conv2d(3, 4, 3),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.GroupNorm(2, 4),
            nn.Flatten(),
            nn.Linear(144, 2),
            nn.Softmax(1),
        ),
    ],
)
def test_it_adds_up_also_where_the_streams_are_joined(layers: tuple[nn.Module, ...]) -> None:
    net = seeded(*layers)

    def score(x: Tensor) -> Tensor:
        logits: Tensor = net(x)
        return logits[:, 0]

    found = deeplift(score, images(3, seed=1), images(3, seed=2), "reveal_cancel")
    assert found.delta.abs().max() <= 1e-12
    assert not torch.allclose(found.values, deeplift(score, images(3, seed=1), images(3, seed=2)).values)
