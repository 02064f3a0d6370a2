"""torchvision's classifiers with their default public weights: `torchvision/resnet50`."""

from __future__ import annotations

import pickle
from functools import cache

import torch
from torch import nn

from models.card import ModelCard, UnsupportedModelError
from models.labels import imagenet
from models.sources.fetch import from_url


@cache
def names() -> tuple[str, ...]:
    import torchvision

    return tuple(torchvision.models.list_models(module=torchvision.models))


def card(name: str) -> ModelCard:
    """As the weights' own evaluation transform says."""
    import torchvision

    weights = torchvision.models.get_model_weights(name).DEFAULT
    preset = weights.transforms()
    return ModelCard(
        name=f"torchvision/{name}",
        size=(preset.crop_size[0],) * 2,
        resize=(preset.resize_size[0],) * 2,
        interpolation=preset.interpolation.value,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        licence=weights.meta.get("license", "BSD-3-Clause"),
        source=weights.url,
    )


def load(name: str) -> tuple[nn.Module, ModelCard, tuple[str, ...]]:
    import torchvision

    weights = torchvision.models.get_model_weights(name).DEFAULT
    file = from_url(f"torchvision/{name}", weights.url)
    try:
        # torchvision's builders rename keys and unpickle freely: let the restricted unpickler refuse the file first
        torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise UnsupportedModelError(
            f"torchvision/{name}: {file.name} in the local cache is not a state dict"
        ) from error
    return torchvision.models.get_model(name, weights=weights, progress=False), card(name), imagenet()


def build(name: str, classes: int) -> nn.Module:
    """The architecture with random weights."""
    import torchvision

    # these two initialise for half a minute unless told not to
    quick = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    network: nn.Module = torchvision.models.get_model(name, weights=None, num_classes=classes, **quick)
    return network
