"""The gradient methods on functions whose gradients are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explainers import Attribution, explain, stream
from explainers.masking import absent
from explainers.methods.integrated_gradients import doubled, gauss_legendre
from tests.oracles import Oracle, classifier, linear_classifier, small_classifier

SIZE = (4, 5)
N = 3 * 4 * 5


class Quadratic(nn.Module):
    """½ xᵀ H x + b · x over all pixels and colours."""

    H: Tensor
    b: Tensor

    def __init__(self, H: Tensor, b: Tensor) -> None:
        super().__init__()
        self.register_buffer("H", H)
        self.register_buffer("b", b)

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        return ((flat @ self.H * flat).sum(1) / 2 + flat @ self.b)[:, None]


def quadratic(seed: int = 0, **card: Any) -> tuple[Oracle, Tensor, Tensor, Tensor]:
    """The classifier, H, b and an input."""
    rng = torch.Generator().manual_seed(seed)
    H = torch.randn(N, N, generator=rng)
    H, b, x = (H + H.T) / 2, torch.randn(N, generator=rng), torch.rand(3, *SIZE, generator=rng)
    return classifier(Quadratic(H, b), 1, SIZE, **card), H, b, x


def by_pixel(flat: Tensor) -> np.ndarray[Any, Any]:
    """Summed over colours."""
    return flat.view(3, *SIZE).sum(0).numpy()


def test_integrated_gradients_of_a_quadratic() -> None:
    """From black: x ⊙ (H x / 2 + b), exact from the first two points of the rule on."""
    model, H, b, x = quadratic()
    a = explain("integrated_gradients", model, x, baseline="black")
    flat = x.flatten()
    assert a.values == pytest.approx(by_pixel(flat * (H @ flat / 2 + b)), abs=1e-4)  # float32 sums of 60 terms
    assert a.meta["steps"] == 8
    assert a.delta is not None
    assert abs(a.delta) < 1e-4


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient_x_input"])
def test_contributions_to_a_linear_score_from_any_baseline(method: str) -> None:
    weight = torch.randn(2, *SIZE, generator=torch.Generator().manual_seed(1))
    model, x = linear_classifier(weight, bias=3), torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(2))
    a = explain(method, model, x, target=1)  # the baseline is the card's mean colour
    neutral = torch.tensor(model.card.mean)[:, None, None]
    assert a.values == pytest.approx((weight[1] * (x - neutral).mean(0)).numpy(), abs=1e-6)
    assert a.delta is None if method == "gradient_x_input" else a.delta == pytest.approx(0, abs=1e-5)


def test_steps_double_until_the_sum_is_right() -> None:
    model, x = small_classifier((16, 16)), torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(3))
    rough = explain("integrated_gradients", model, x, baseline="black", tolerance=0.5)
    fine = explain("integrated_gradients", model, x, baseline="black", tolerance=1e-3, max_steps=2048)
    black = model.module(torch.zeros(1, 3, 16, 16))[0, fine.target].item()
    assert rough.meta["steps"] == 8
    assert int(str(fine.meta["steps"])) > 8
    assert fine.delta == pytest.approx(fine.values.sum() - (fine.score - black), abs=1e-5)
    assert abs(fine.delta or 0) <= 1e-3 * abs(fine.score - black)


def test_what_cannot_be_reached_ends_with_its_delta() -> None:
    model, x = small_classifier((16, 16)), torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(3))
    *steps, last = stream("integrated_gradients", model, x, tolerance=1e-5, max_steps=48)
    assert last.done == last.total == 8 + 16 + 32 + 48
    assert last.result.meta["steps"] == 48
    assert last.result.delta != 0
    assert all(step.total == last.total for step in steps)


def test_the_rule_is_exact_for_polynomials() -> None:
    points, weights = gauss_legendre(8)
    for power in (0, 1, 7, 15):
        assert (weights * points.double() ** power).sum().item() == pytest.approx(1 / (power + 1), abs=1e-6)  # float32
    assert doubled(8) == [8]
    assert doubled(40) == [8, 16, 32, 40]


def test_saliency_is_the_largest_slope_over_colours() -> None:
    model, H, b, x = quadratic()
    a = explain("saliency", model, x)
    slope = (H @ x.flatten() + b).view(3, *SIZE)
    assert a.values == pytest.approx(slope.abs().amax(0).numpy(), abs=1e-4)
    assert not a.signed


def test_gradient_x_input_on_a_quadratic() -> None:
    """From black, the slope at x counts ½ xᵀ H x twice: it does not add up, and does not promise to."""
    model, H, b, x = quadratic()
    a = explain("gradient_x_input", model, x, baseline="black")
    flat = x.flatten()
    assert a.values == pytest.approx(by_pixel(flat * (H @ flat + b)), abs=1e-4)
    assert a.delta is None


def test_gradient_shap_is_the_mean_over_its_baselines() -> None:
    """Of a quadratic the integral has a closed form from each baseline: (x − x̄) ⊙ (H (x + x̄) / 2 + b)."""
    model, H, b, x = quadratic()
    a = explain("gradient_shap", model, x, n=512)
    assert a.meta["baselines"] == ["mean", "black", "blur"]
    flat, neutral = x.flatten(), torch.tensor(model.card.mean)
    expected, scores = torch.zeros(N), []
    for name in ("mean", "black", "blur"):
        x0 = absent(name, x, neutral).flatten()
        expected += (flat - x0) * (H @ (flat + x0) / 2 + b) / 3
        scores.append(model.module(x0.view(1, 3, *SIZE)).item())
    assert a.stderr is not None
    # strata leave far less than the bound that is told: 1 / n of it for a linear slope
    assert (np.abs(a.values - by_pixel(expected)) <= 0.1 * a.stderr).all()
    assert a.delta == pytest.approx(a.values.sum() - (a.score - np.mean(scores)), abs=1e-4)
    assert abs(a.delta or 1) < 0.02


def test_gradient_shap_stderr_is_an_upper_bound() -> None:
    model, x = small_classifier((16, 16)), torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(3))
    maps = [explain("gradient_shap", model, x, n=8, seed=seed) for seed in range(30)]
    seen = np.stack([a.values for a in maps]).std(0, ddof=1)
    claimed = np.sqrt(np.mean([np.square(a.stderr) for a in maps if a.stderr is not None], axis=0))
    assert 1 < np.sqrt(np.mean(claimed**2) / np.mean(seen**2)) < 5


STATISTICS = ("mean", "squared", "variance")


def smooth(statistic: str, seed: int = 0, n: int = 2000) -> tuple[Attribution, np.ndarray[Any, Any]]:
    """A map of a quadratic, and its closed form: H x + b, its square plus σ² Σ H², σ² Σ H²."""
    model, H, b, x = quadratic()
    sigma = 0.2 * (x.max() - x.min())
    slope, variance = H @ x.flatten() + b, sigma**2 * H.square().sum(1)
    expected = {"mean": slope, "squared": slope**2 + variance, "variance": variance}[statistic]
    return explain("smoothgrad", model, x, seed=seed, n=n, sigma=0.2, statistic=statistic), by_pixel(expected)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_smoothgrad_of_a_quadratic(statistic: str) -> None:
    a, expected = smooth(statistic)
    assert a.stderr is not None
    # twenty pixels; eight groups give Student's t with 7 degrees of freedom, beyond 6 σ once in 2,000
    assert (np.abs(a.values - expected) <= 6 * a.stderr).all()
    assert np.mean(a.stderr) < 0.1 * np.mean(np.abs(expected))
    assert a.signed == (statistic == "mean")


@pytest.mark.parametrize("statistic", STATISTICS)
def test_smoothgrad_has_no_bias_from_few_copies(statistic: str) -> None:
    """Dividing by n instead of n − 1 would miss one in sixteen of the variance."""
    runs = [smooth(statistic, seed, n=16) for seed in range(150)]
    mean, expected = np.mean([a.values for a, _ in runs], axis=0), runs[0][1]
    error = np.std([a.values for a, _ in runs], axis=0, ddof=1) / np.sqrt(150)
    assert np.mean((mean - expected) / error) == pytest.approx(0, abs=1)  # 20 pixels; the bias would be minus 2


@pytest.mark.parametrize("statistic", STATISTICS)
def test_smoothgrad_stderr_is_calibrated(statistic: str) -> None:
    runs = [smooth(statistic, seed, n=64) for seed in range(40)]
    seen = np.sqrt(np.mean([(a.values - expected) ** 2 for a, expected in runs]))
    claimed = np.sqrt(np.mean([np.square(a.stderr) for a, _ in runs if a.stderr is not None]))
    assert claimed / seen == pytest.approx(1, abs=0.15)  # 40 seeds of 20 pixels


def test_the_noise_is_relative_to_the_range() -> None:
    model, _, _, x = quadratic()
    once, ten = (explain("smoothgrad", model, scale * x, statistic="variance", n=16).values for scale in (1, 10))
    assert ten == pytest.approx(100 * once, rel=1e-3)  # the gradient of a quadratic is linear in the noise
