"""DeepLIFT beside captum's: equal where captum is right, and its mistakes held fast where it is not."""

from __future__ import annotations

import warnings

import pytest
import torch
from captum.attr import DeepLift as CaptumDeepLift
from jaxtyping import Float
from torch import Tensor, nn

from explainers.propagation import deeplift
from tests.explainers.propagation.nets import images, seeded


def ours(net: nn.Module, x: Tensor, x0: Tensor) -> Float[Tensor, "n ..."]:
    return deeplift(lambda rows: net(rows)[:, 1], x, x0).values


def captums(net: nn.Module, x: Tensor, x0: Tensor) -> Float[Tensor, "n ..."]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # captum announces its hooks
        values: Tensor = CaptumDeepLift(net).attribute(x, x0, target=1)
    return values.detach()


def missing(net: nn.Module, values: Tensor, x: Tensor, x0: Tensor) -> float:
    """The largest share of the score's difference that a row's values lack."""
    with torch.no_grad():
        rise = (net(x) - net(x0))[:, 1]
    return float(((values.flatten(1).sum(1) - rise) / rise).abs().max())


def head(channels: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * channels, 3)]


@pytest.mark.parametrize(
    "layers",
    [
        (nn.Flatten(), nn.Linear(768, 9), nn.ReLU(), nn.Linear(9, 3)),
        (nn.Flatten(), nn.Linear(768, 9), nn.Tanh(), nn.Linear(9, 9), nn.Sigmoid(), nn.Linear(9, 3)),
        (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ELU(), nn.AvgPool2d(2), nn.Conv2d(4, 4, 3), nn.Softplus(), *head(4)),
        (nn.MaxPool2d(2), nn.Conv2d(3, 4, 3), nn.LeakyReLU(), *head(4)),
    ],
)
def test_equal_where_captum_is_right(layers: tuple[nn.Module, ...]) -> None:
    net, x, x0 = seeded(*layers), images(3, seed=1), images(3, seed=2)
    assert torch.allclose(ours(net, x, x0), captums(net, x, x0), atol=1e-10)


@pytest.mark.parametrize(
    ("fault", "layers"),
    [
        ("the second of two neighbouring modules", (nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), *head(4))),
        ("windows that overlap", (nn.MaxPool2d(3, 1), nn.Conv2d(3, 4, 3), *head(3 + 1))),
        ("an activation it does not know", (nn.Conv2d(3, 4, 3), nn.SiLU(), *head(4))),
        ("a normalisation", (nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), *head(4))),
    ],
)
def test_what_captum_misses_in_silence(fault: str, layers: tuple[nn.Module, ...]) -> None:
    net, x, x0 = seeded(*layers), images(3, seed=1), images(3, seed=2)
    assert missing(net, ours(net, x, x0), x, x0) <= 1e-12
    assert missing(net, captums(net, x, x0), x, x0) > 0.01, f"captum has learnt {fault}: say so in the documentation"


def test_a_reused_module_is_refused_there_and_explained_here() -> None:
    relu = nn.ReLU()
    net, x, x0 = (
        seeded(nn.Conv2d(3, 4, 3), relu, nn.Conv2d(4, 4, 3), relu, *head(4)),
        images(3, seed=1),
        images(3, seed=2),
    )
    assert missing(net, ours(net, x, x0), x, x0) <= 1e-12
    with pytest.raises(RuntimeError, match="more than once"):
        captums(net, x, x0)
