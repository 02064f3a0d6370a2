"""Whole networks: the chain of rules, pairing by call, and nothing left behind."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explainers.propagation import UnsupportedOperatorError, deeplift
from explainers.propagation.engine import deeplift_score
from explainers.scoring import ModelScore
from tests.explainers.propagation.nets import images, rows, seeded
from tests.oracles import classifier, small_classifier


class Reused(nn.Module):
    """One ReLU, called three times, once in place; a residual, a gate, and a functional call."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.gate, self.relu = nn.Conv2d(6, 6, 1), nn.ReLU(inplace=True)
        self.norm = nn.BatchNorm2d(6)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.norm(self.first(x)))
        z = self.relu(self.second(y)) + y
        z = z * torch.sigmoid(self.gate(z.mean((2, 3), keepdim=True)))
        return F.relu(self.relu(z)).mean((2, 3))


def test_linear_layers_give_weights_times_difference() -> None:
    first, second = nn.Linear(6, 5), nn.Linear(5, 1)
    net = seeded(first, second)
    x, x0 = rows(3, 6, seed=1), rows(3, 6, seed=2)
    weights = second.weight @ first.weight
    assert torch.allclose(deeplift(lambda x: net(x)[:, 0], x, x0).values, weights * (x - x0))


def test_one_hidden_layer_follows_rescale() -> None:
    """C_i = Σ_j v_j (g(h_j) − g(h₀_j)) / (h_j − h₀_j) w_ji Δx_i, as dense algebra."""
    net = seeded(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 1))
    x, x0 = rows(3, 6, seed=1), rows(3, 6, seed=2)
    h, h0 = net[0](x), net[0](x0)
    secants = (h.tanh() - h0.tanh()) / (h - h0)
    expected = ((secants * net[2].weight) @ net[0].weight) * (x - x0)
    assert torch.allclose(deeplift(lambda x: net(x)[:, 0], x, x0).values, expected)


def test_minimum_of_two_by_rescale() -> None:
    """min(x₁, x₂) = x₁ − relu(x₁ − x₂) from zero at (3, 2): the larger gets nothing."""
    found = deeplift(lambda x: x[:, 0] - F.relu(x[:, 0] - x[:, 1]), torch.tensor([[3.0, 2.0]]), torch.zeros(2))
    assert found.values.tolist() == [[0.0, 2.0]]


@pytest.mark.parametrize(
    "layers",
    [
        (nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2)),
        (nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(3, 2)),
        (nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Sigmoid(), nn.AdaptiveMaxPool2d(3)),
        (nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Softplus(), nn.GroupNorm(2, 4), nn.MaxPool2d(3, 1, 1)),
    ],
)
def test_neighbouring_operators_keep_their_rules(layers: tuple[nn.Module, ...]) -> None:
    """Hooks on modules lose the second of two neighbours when the reference is not constant: so it is random here."""
    net = seeded(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 2))
    found = deeplift(lambda x: net(x)[:, 1], images(4, seed=1), images(4, seed=2))
    assert found.delta.abs().max() <= 1e-12


def test_reused_in_place_and_functional_calls() -> None:
    net = seeded(Reused())
    before = copy.deepcopy(net.state_dict())
    x, x0 = images(4, seed=1), images(4, seed=2)
    kept = x.clone(), x0.clone()
    found = deeplift(lambda x: net(x)[:, 2], x, x0)
    assert found.delta.abs().max() <= 1e-12
    assert found.fallbacks == ()
    assert torch.equal(x, kept[0])
    assert torch.equal(x0, kept[1])
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not any(module._forward_hooks or module._backward_hooks for module in net.modules())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in net.parameters())


def test_a_row_does_not_depend_on_its_batch() -> None:
    """Softmax over a whole batch was one library's mistake; permuted batches defeat another's pairing by halves."""
    attention = (
        nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", dropout=0.0).double().eval()
    )  # batch comes second

    def score(x: Tensor) -> Tensor:
        out: Tensor = attention(x.transpose(0, 1))
        return out.transpose(0, 1).softmax(-1)[:, 0, 3]

    x, x0 = rows(6 * 5, 8, seed=1).view(6, 5, 8), rows(6 * 5, 8, seed=2).view(6, 5, 8)
    together = deeplift(score, x, x0)
    alone = torch.cat([deeplift(score, x[i : i + 1], x0[i : i + 1]).values for i in range(6)])
    assert torch.allclose(together.values, alone, atol=1e-12)
    assert together.delta.abs().max() <= 1e-12


def test_dropout_and_stochastic_depth_do_nothing_in_evaluation() -> None:
    net = seeded(nn.Linear(8, 8), nn.Dropout(0.5), nn.GELU(), nn.AlphaDropout(0.5), nn.Linear(8, 1))
    found = deeplift(lambda x: net(x)[:, 0], rows(3, 8, seed=1), rows(3, 8, seed=2))
    assert found.delta.abs().max() <= 1e-12


def test_one_reference_serves_all_rows() -> None:
    net = seeded(nn.Linear(4, 5), nn.SiLU(), nn.Linear(5, 1))
    x, x0 = rows(3, 4, seed=1), rows(1, 4, seed=2)
    shared = deeplift(lambda x: net(x)[:, 0], x, x0[0])
    assert torch.equal(shared.values, deeplift(lambda x: net(x)[:, 0], x, x0.expand(3, 4)).values)


def test_a_channels_last_view_is_no_other_picture() -> None:
    net = seeded(Reused())
    x, x0 = images(2, seed=1), images(2, seed=2)
    plain = deeplift(lambda x: net(x)[:, 0], x, x0).values
    strided = deeplift(lambda x: net(x)[:, 0], x.contiguous(memory_format=torch.channels_last), x0).values
    assert torch.allclose(plain, strided, atol=1e-12)


def test_batch_norm_under_a_transpose() -> None:
    """The gradient comes in with other strides than the input has: torch 2.14's own rule for batch norm fails there."""
    norm = seeded(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6))

    def score(x: Tensor) -> Tensor:
        out: Tensor = norm(x)
        return out.flatten(2).transpose(1, 2).tanh()[:, 5, 3]

    assert deeplift(score, images(2, seed=1), images(2, seed=2)).delta.abs().max() <= 1e-12


@pytest.mark.parametrize("output", ["logit", "probability", "log_probability"])
def test_a_score_is_explained_as_it_is_read(output: str) -> None:
    model = small_classifier()
    score = ModelScore(model, (3,), output)  # type: ignore[arg-type]
    x, x0 = torch.rand(2, 1, 3, 40, 56, generator=torch.Generator().manual_seed(4))
    found = deeplift_score(score, x, x0)
    rise = (score.exact(x) - score.exact(x0))[0, 0]
    assert float(found.values.sum()) == pytest.approx(float(rise), abs=1e-5 * max(1, abs(float(rise))))  # float32


def test_a_margin_is_the_difference_of_two_explanations() -> None:
    """Logits enter linearly, so their multipliers subtract."""
    model = small_classifier()
    x, x0 = torch.rand(2, 1, 3, 40, 56, generator=torch.Generator().manual_seed(4))
    margin, this, that = (
        deeplift_score(ModelScore(model, (k,), against=against), x, x0).values
        for k, against in ((3, 1), (3, None), (1, None))
    )
    assert torch.allclose(margin, this - that, atol=1e-6)  # float32


def test_a_changed_weight_is_seen() -> None:
    """The network's graph is kept, its weights are not."""
    model = small_classifier()
    x, x0 = torch.rand(2, 1, 3, 40, 56, generator=torch.Generator().manual_seed(4))
    score = ModelScore(model, (0,))
    before = deeplift_score(score, x, x0).values
    layer = model.module.get_submodule("layers.7")
    assert isinstance(layer, nn.Linear)
    with torch.no_grad():
        layer.weight.mul_(2)
    assert torch.allclose(deeplift_score(score, x, x0).values, 2 * before, rtol=1e-4, atol=1e-7)
    layer.weight = nn.Parameter(layer.weight / 4)
    assert torch.allclose(deeplift_score(score, x, x0).values, before / 2, rtol=1e-4, atol=1e-7)


def test_a_network_of_several_answers_is_refused() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x.mean((2, 3)), x

    with pytest.raises(UnsupportedOperatorError, match="must return one tensor of logits"):
        deeplift_score(ModelScore(classifier(Two(), 3, (8, 8)), (0,)), *torch.rand(2, 1, 3, 8, 8))
