"""Beside captum and shap in the same run: equal where they are right, and where they are not, what they get wrong.

A pin that fails after an update is good news: the peer has mended it, and its line can go.
"""

from __future__ import annotations

import warnings
from typing import Any

import captum.attr
import numpy as np
import pytest
import torch
from captum._utils.models.linear_model import SkLearnLinearRegression
from scipy.cluster.hierarchy import linkage
from torch import Tensor

from explainers import Attribution, explain, shapley_values, stream_classes
from explainers.hierarchy import merged
from explainers.masking import Cells, absent
from explainers.methods.partition_shap import Owen
from tests.explainers.test_gradients import by_pixel, quadratic
from tests.oracles import Multilinear, linear_classifier, small_classifier

SIZE = (40, 56)
TARGET = 2


@pytest.fixture(scope="module")
def shap() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # it colours its plots by an old way of matplotlib
        import shap
    return shap


def pixels() -> Tensor:
    return torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(1))


def ours(method: str, **params: object) -> Attribution:
    return exact(method, small_classifier(SIZE), pixels(), TARGET, **params)


def exact(method: str, model: Any, x: Tensor, target: int, **params: object) -> Attribution:
    """In float32 on every machine."""
    *_, last = stream_classes(method, model, x, (target,), precision="float32", params=params)
    return last.result.of(target)


def flat(values: Tensor) -> np.ndarray[Any, Any]:
    """Summed over colours."""
    return values.detach()[0].sum(0).numpy()


def near(values: Any, relative: float = 1e-5) -> Any:
    """Within rounding of float32 sums, relative to the largest."""
    return pytest.approx(np.asarray(values), abs=relative * float(np.abs(values).max()))


# Equal


def test_integrated_gradients() -> None:
    peer = captum.attr.IntegratedGradients(small_classifier(SIZE).module)
    theirs = peer.attribute(pixels()[None], baselines=0.0, target=TARGET, n_steps=32, method="gausslegendre")
    assert ours("integrated_gradients", baseline="black", max_steps=32, tolerance=1e-5).values == near(flat(theirs))


def test_saliency_and_gradient_x_input() -> None:
    module, x = small_classifier(SIZE).module, pixels()[None].requires_grad_()
    slopes = captum.attr.Saliency(module).attribute(x, target=TARGET)
    assert ours("saliency").values == near(slopes[0].amax(0).numpy())
    product = captum.attr.InputXGradient(module).attribute(x, target=TARGET)
    assert ours("gradient_x_input", baseline="black").values == near(flat(product))


def test_grad_cam_in_its_published_form() -> None:
    module = small_classifier(SIZE).module
    a = ours("grad_cam", form="relu")
    layer = module.get_submodule(str(a.meta["layer"]))
    theirs = captum.attr.LayerGradCam(module, layer).attribute(pixels()[None], TARGET, relu_attributions=True)
    enlarged = captum.attr.LayerAttribution.interpolate(theirs, SIZE, "bilinear")
    assert a.values == near(enlarged[0, 0].detach().numpy())


def test_gradient_shap() -> None:
    """On a quadratic; captum draws baselines and positions at random, so its error is 1 / √n."""
    model, *_, x = quadratic()
    baselines = torch.stack([absent(name, x, torch.tensor(model.card.mean)) for name in ("mean", "black", "blur")])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002 - captum draws positions from here, which no seed of torch reaches
        peer = captum.attr.GradientShap(model.module)
        theirs = peer.attribute(x[None], baselines, n_samples=4000, stdevs=0.0, target=0)
    a = explain("gradient_shap", model, x, n=64)
    assert a.values == near(flat(theirs), 0.05)  # 4,000 samples, spread about as large as the values


@pytest.mark.parametrize(("method", "params"), [("exact_shapley", {}), ("kernel_shap", {"n": 16})])
def test_exact_shapley_values(method: str, params: dict[str, object]) -> None:
    """Every set of four regions over black."""
    cells = Cells(2, 2, SIZE).cell
    peer = captum.attr.ShapleyValues(small_classifier(SIZE).module)
    theirs = peer.attribute(pixels()[None], 0.0, TARGET, feature_mask=cells.repeat(1, 3, 1, 1))
    assert ours(method, cells=2, baseline="black", **params).values == near(theirs[0, 0].detach().numpy())


def test_every_set_of_a_game(shap: Any) -> None:
    game = Multilinear.random(8, 30, seed=3)
    peer = shap.KernelExplainer(on_arrays(game), np.zeros((1, 8)))
    theirs = peer.shap_values(np.ones(8), nsamples=256, l1_reg=False, silent=True)
    assert shapley_values(game, 8, 256).values.numpy() == near(theirs)


def test_owen_values_of_a_tree(shap: Any) -> None:
    """The same merges, with budget for all of them."""
    features = torch.rand(10, 3, generator=torch.Generator().manual_seed(5)).double()
    game = Multilinear.random(10, 30, seed=3)
    masker = shap.maskers.Partition(np.zeros((1, 10)), clustering=linkage(features.numpy(), "ward"))
    theirs = shap.PartitionExplainer(on_arrays(game), masker)(np.ones((1, 10)), max_evals=5000).values[0]
    owen = Owen(merged(features), game(torch.tensor([[0.0], [1.0]]).repeat(1, 10)).double()[:, None])
    while owen.unsplit:
        owen.split(lambda z: game(z)[:, None], 1000)
    assert owen.values[:, 0].numpy() == near(theirs)


def test_lime_of_a_linear_score() -> None:
    weight = torch.randn(1, *SIZE, generator=torch.Generator().manual_seed(6))
    model, cells = linear_classifier(weight), Cells(3, 3, SIZE).cell
    with torch.random.fork_rng():
        torch.manual_seed(0)
        peer = captum.attr.Lime(model.module, SkLearnLinearRegression())
        theirs = peer.attribute(
            pixels()[None], 0.0, 0, feature_mask=cells.repeat(1, 3, 1, 1), n_samples=100, show_progress=False
        )
    a = exact("lime", model, pixels(), 0, regions="grid", cells=3, baseline="black", ridge=0.0, n=100)
    assert a.values == near(theirs[0, 0].numpy(), 1e-4)  # scores of some tens, differences of some tenths


# Not equal: what is wrong there


WEIGHTS = torch.randn(30, generator=torch.Generator().manual_seed(7))


def linear(z: Tensor) -> Tensor:
    return z.float() @ WEIGHTS


def on_arrays(game: Any) -> Any:
    return lambda z: game(torch.as_tensor(np.asarray(z), dtype=torch.float32)).numpy()


def test_shap_keeps_ten_of_thirty_contributions(shap: Any) -> None:
    """`l1_reg` is "num_features(10)" by default: twenty regions get nothing, unasked."""
    peer = shap.KernelExplainer(on_arrays(linear), np.zeros((1, 30)))
    kept = peer.shap_values(np.ones(30), silent=True)
    whole = peer.shap_values(np.ones(30), l1_reg=False, silent=True)
    assert (kept != 0).sum() == 10
    assert np.abs(kept - WEIGHTS.numpy()).max() > 0.3
    assert whole == pytest.approx(WEIGHTS.numpy(), abs=1e-5)
    assert shapley_values(linear, 30, 2 * 30 + 2048).values.numpy() == pytest.approx(WEIGHTS.numpy(), abs=1e-5)


def test_captum_solves_for_thirty_from_twenty_five() -> None:
    """Its default number of samples leaves players undetermined, and nothing says so; ours refuses."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = captum.attr.KernelShap(linear).attribute(torch.ones(1, 30), 0.0)
    assert (theirs[0] - WEIGHTS).abs().max() > 0.5
    with pytest.raises(ValueError, match="n must be at least 62 for 30 players; got 25"):
        shapley_values(linear, 30, 25)
    assert shapley_values(linear, 30, 62).values.numpy() == pytest.approx(WEIGHTS.numpy(), abs=1e-5)


def test_captum_divides_a_variance_by_n() -> None:
    """VarGrad of two copies is half of what it estimates."""
    model, H, _, x = quadratic()
    sigma = 0.2 * float(x.max() - x.min())
    expected = by_pixel(sigma**2 * H.square().sum(1)).sum()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        peer = captum.attr.NoiseTunnel(captum.attr.Saliency(model.module))
        runs = [
            peer.attribute(x[None].requires_grad_(), nt_type="vargrad", nt_samples=2, stdevs=sigma, target=0, abs=False)
            .sum()
            .item()
            for _ in range(400)
        ]
    assert np.mean(runs) / expected == pytest.approx(0.5, abs=0.05)  # 400 runs of 60 slopes
    a = [
        explain("smoothgrad", model, x, seed=seed, n=16, sigma=0.2, statistic="variance").values.sum()
        for seed in range(50)
    ]
    assert np.mean(a) / expected == pytest.approx(1, abs=0.05)
