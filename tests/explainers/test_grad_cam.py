from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from explainers import InputError, explain
from explainers.layers import fits, found, recorded
from tests.oracles import Linear, Oracle, classifier, small_classifier

SIZE = (32, 48)
GRID = (4, 6)


class Pooled(nn.Module):
    """Convolutions, mean over positions, linear head: Grad-CAM is what each position adds to the score."""

    def __init__(self, width: int = 6) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, width, 4, stride=4), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(width, width, 2, stride=2), nn.ReLU())
        self.head = nn.Linear(width, 3)

    def features(self, x: Tensor) -> Tensor:
        maps: Tensor = self.second(self.first(x))
        return maps

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x).mean((2, 3)))
        return logits


class ChannelsLast(Pooled):
    """The same head on maps whose channels come last, as in Swin."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(6, elementwise_affine=False)

    def last(self, x: Tensor) -> Tensor:
        maps: Tensor = self.norm(self.features(x).permute(0, 2, 3, 1))
        return maps

    def features_read(self, x: Tensor) -> Tensor:
        return self.last(x).permute(0, 3, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.last(x).mean((1, 2)))
        return logits


class Tokens(Pooled):
    """The same head on tokens behind a class and four register tokens, as in ViT."""

    def __init__(self) -> None:
        super().__init__()
        self.prefix = nn.Parameter(torch.randn(1, 5, 6))
        self.norm = nn.LayerNorm(6, elementwise_affine=False)

    def last(self, x: Tensor) -> Tensor:
        tokens = self.features(x).flatten(2).mT
        normed: Tensor = self.norm(torch.cat([self.prefix.expand(len(x), -1, -1), tokens], 1))
        return normed

    def features_read(self, x: Tensor) -> Tensor:
        maps: Tensor = self.last(x)[:, 5:].mT.unflatten(2, GRID)
        return maps

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.last(x)[:, 5:].mean(1))
        return logits


def built(kind: type[Pooled]) -> tuple[Oracle, Tensor, Any]:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        net = kind()
    return classifier(net, 3, SIZE), torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(6)), net


@pytest.mark.parametrize(
    ("kind", "layer"), [(Pooled, "second"), (ChannelsLast, "norm"), (Tokens, "norm")], ids=lambda v: str(v)
)
def test_cam_of_a_mean_and_a_linear_head(kind: type[Pooled], layer: str) -> None:
    """Σ_k w_k A_k / (rows · cols), whatever the order of the axes."""
    model, x, net = built(kind)
    a = explain("grad_cam", model, x, target=1)
    with torch.no_grad():
        A = getattr(net, "features_read", net.features)(x[None])
        cam = torch.einsum("nkhw,k->nhw", A, net.head.weight[1]) / (GRID[0] * GRID[1])
        enlarged = F.interpolate(cam[None], SIZE, mode="bilinear")[0, 0].numpy()
    assert a.values == pytest.approx(enlarged, abs=1e-6)
    assert a.meta["layer"] == layer
    assert a.meta["grid"] == list(GRID)
    assert a.signed
    published = explain("grad_cam", model, x, target=1, form="relu")
    relu = F.interpolate(cam.relu()[None], SIZE, mode="bilinear")[0, 0].numpy()
    assert published.values == pytest.approx(relu, abs=1e-6)
    assert not published.signed


def test_depth_counts_resolutions_from_the_last() -> None:
    model, x, _ = built(Pooled)
    a = explain("grad_cam", model, x, depth=2)
    assert (a.meta["layer"], a.meta["grid"]) == ("first", [8, 12])
    with pytest.raises(InputError, match="depth must be at most 2, the resolutions of this model; got 3"):
        explain("grad_cam", model, x, depth=3)


def test_a_model_without_maps_is_told_so() -> None:
    flat = classifier(Linear(torch.ones(2, *SIZE)), 2, SIZE)
    with pytest.raises(InputError, match="grad_cam needs a layer that keeps the picture's rows and columns"):
        explain("grad_cam", flat, torch.rand(3, *SIZE))


def test_a_score_without_slope_is_a_sentence() -> None:
    model, x, net = built(Pooled)
    nn.init.zeros_(net.head.weight)
    with pytest.raises(InputError, match="the score has no slope along any layer of this network, second the last"):
        explain("grad_cam", model, x)


def test_s26_no_hook_stays_when_the_forward_fails() -> None:
    model = small_classifier(SIZE)
    with pytest.raises(InputError, match="the network fails on this input: RuntimeError"):
        explain("grad_cam", model, torch.rand(2, *SIZE), target=0)
    assert not any(part._forward_hooks for part in model.module.modules())


def vit() -> Any:
    net = torchvision.models.vit_b_32(weights=None, image_size=96)
    nn.init.normal_(net.heads.head.weight)  # comes as zero
    return net


@pytest.mark.parametrize(
    ("make", "side", "layer", "grid"),
    [
        (lambda: torchvision.models.resnet18(weights=None), 96, "layer4", 3),
        (lambda: torchvision.models.mobilenet_v3_small(weights=None), 96, "features", 3),
        (lambda: torchvision.models.swin_t(weights=None), 96, "permute", 3),
        (lambda: timm.create_model("convnext_atto", pretrained=False), 96, "stages", 3),
        (lambda: timm.create_model("tf_efficientnet_lite0", pretrained=False), 96, "bn2", 3),
        # the head reads the class token: behind its last attention no other token counts
        (lambda: timm.create_model("vit_tiny_patch16_224", pretrained=False, img_size=96), 96, "blocks.11.norm1", 6),
        (vit, 96, "encoder.layers.encoder_layer_11.ln_1", 3),
    ],
)
def test_the_layer_found_in_known_architectures(make: Any, side: int, layer: str, grid: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = classifier(make(), 1000, (side, side))
    x = torch.rand(3, side, side, generator=torch.Generator().manual_seed(1))
    a = explain("grad_cam", model, x, target=3)
    assert (a.meta["layer"], a.meta["grid"]) == (layer, [grid, grid])
    assert np.isfinite(a.values).all()


def test_forwards_of_other_threads_are_not_recorded() -> None:
    model = small_classifier(SIZE)
    x = torch.rand(1, 3, *SIZE, requires_grad=True)
    with recorded(model.module, SIZE) as layers, ThreadPoolExecutor(1) as pool:
        pool.submit(model.module, x).result()
        assert layers == []
        model.module(x)
        assert [layer.name for layer in layers] == [f"layers.{k}" for k in range(5)]


def test_shapes_of_pictures() -> None:
    assert fits(7, 7, (224, 224))
    assert not fits(7, 8, (224, 224))
    assert fits(3, 4, (40, 56))  # rounded sides
    assert not fits(3, 3, (40, 56))
    assert not fits(1, 1, (224, 224))
    tokens = torch.arange(20).view(1, 10, 2)
    layout = found((1, 10, 2), (32, 32))
    assert layout is not None
    assert torch.equal(layout(tokens)[0, 1], tokens[0, 1:, 1].view(3, 3))
    assert found((1, 12, 197, 64), (224, 224)) is None  # heads and tokens
    assert found((1, 5), (224, 224)) is None
