"""DeepLIFT adds up on real architectures, with random weights that keep every network alive.

On small pictures, where the network takes any: the rules are those of large ones, which `make completeness` measures.
"""

from __future__ import annotations

from collections.abc import Collection

import pytest
import torch

import models
from benchmarks import completeness
from benchmarks.completeness import BAR, Reference, built, gap, pictures, side

NETWORKS = (
    "alexnet", "vgg11_bn", "squeezenet1_1", "resnet18", "resnext50_32x4d", "densenet121", "googlenet", "inception_v3",
    "shufflenet_v2_x0_5", "mobilenet_v2", "mobilenet_v3_small", "mnasnet0_5", "efficientnet_b0", "efficientnet_v2_s",
    "regnet_y_400mf", "convnext_tiny", "vit_b_32", "swin_t", "swin_v2_t", "maxvit_t", *completeness.FAMILIES,
)  # fmt: skip
# one of each kind of architecture; the others, and the large, are for `make thorough`
USUAL = {
    "alexnet", "resnet18", "densenet121", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny", "swin_v2_t",
    "timm/mobilevit_xxs", "timm/poolformer_s12", "timm/regnety_002", "timm/mixer_s32_224",
}  # fmt: skip
# to these the size of a picture is a part of the architecture
OF_ONE_SIZE = {
    "vit_b_32", "maxvit_t", "timm/eva02_tiny_patch14_224", "timm/maxvit_rmlp_pico_rw_256", "timm/mixer_s32_224",
    "timm/cait_xxs24_224", "timm/deit_tiny_patch16_224",
}  # fmt: skip
LEAST = {"inception_v3": 128, "timm/mobilevit_xxs": 128}
EXACT = 1e-8  # in float64: a wrong rule misses by much more, rounding by much less


def small(name: str) -> int:
    return side(name) if name in OF_ONE_SIZE else LEAST.get(name, 96)


def networks(usual: Collection[str], *names: str) -> pytest.MarkDecorator:
    marked = [pytest.param(name, marks=[] if name in usual else pytest.mark.thorough) for name in names]
    return pytest.mark.parametrize("name", marked)


@networks(USUAL, *NETWORKS)
def test_in_both_precisions_from_a_random_reference(name: str) -> None:
    network, x = built(name, small(name)), pictures(1, small(name), seed=3)
    single = gap(network, x, "random")
    double = gap(network.double(), x.double(), "random")
    assert single.alive, f"the score differs by {single.difference:.3g}, too little to show anything"
    assert single.share <= BAR
    assert double.share <= EXACT
    assert single.fallbacks == ()


@networks({"resnet18", "mobilenet_v3_small"}, "resnet18", "densenet121", "mobilenet_v3_small", "swin_v2_t")
def test_in_batches_from_every_reference(name: str) -> None:
    network, x = built(name, small(name)), pictures(4, small(name), seed=3)
    for kind in ("zero", "blurred", "random"):
        found = gap(network, x, kind)
        assert found.alive, kind
        assert found.share <= BAR, kind


@pytest.mark.parametrize("kind", ["zero", "blurred", "random"])
def test_on_the_bundled_classifier(kind: Reference) -> None:
    network = models.load("efficientnet_lite0").module
    x = pictures(1, 224, seed=3) * 0.2 + 0.5  # roughly [0, 1]: normalisation is inside
    found = gap(network, x, kind)
    assert found.alive
    assert found.share <= BAR


def test_a_dead_network_would_be_noticed() -> None:
    """Heads that start at zero say nothing: the recipe draws them anew."""
    network, x = built("vit_b_32", 224), pictures(1, 224, seed=3)
    head = network.get_submodule("heads.head")
    assert isinstance(head, torch.nn.Linear)
    head.weight.zero_()
    assert not gap(network, x, "random").alive
