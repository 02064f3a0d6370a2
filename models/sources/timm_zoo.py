"""timm's classifiers with public weights: `timm/resnet50`, or with a tag, `timm/resnet50.a1_in1k`."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from torch import nn

from models.card import Fit, ModelCard, UnsupportedModelError
from models.labels import imagenet
from models.sources.fetch import from_hub


@cache
def names() -> tuple[str, ...]:
    """Architectures, each of which may have weights under several tags."""
    import timm

    return tuple(timm.list_models())


def knows(name: str) -> bool:
    """Only names of timm's own registry: never `hf-hub:` or `local-dir:`."""
    import timm

    return name in names() or name in timm.list_pretrained()


def card(name: str) -> ModelCard:
    """As timm's evaluation transform reads the pretrained configuration."""
    cfg = configuration(name)
    fits: dict[str, Fit] = {"center": "cover", "squash": "squash"}
    if cfg.crop_mode not in fits or cfg.crop_pct > 1:
        raise UnsupportedModelError(f"timm/{name} pads its images ({cfg.crop_mode!r}, {cfg.crop_pct}): not supported")
    size = tuple(cfg.input_size[1:])
    return ModelCard(
        name=f"timm/{name}",
        size=size,
        resize=tuple(math.floor(side / cfg.crop_pct) for side in size),
        fit=fits[cfg.crop_mode],
        interpolation=cfg.interpolation,
        mean=tuple(cfg.mean),
        std=tuple(cfg.std),
        licence=cfg.license or "unknown",
        source=f"https://huggingface.co/{cfg.hf_hub_id}",
    )


def load(name: str) -> tuple[nn.Module, ModelCard, tuple[str, ...] | None]:
    import timm

    found, cfg = card(name), configuration(name)
    if not cfg.hf_hub_id or cfg.custom_load or cfg.hf_hub_filename:
        raise UnsupportedModelError(f"timm/{name} has no public safetensors weights, and no other format is loaded")
    file = from_hub(found.name, cfg.hf_hub_id)
    network = timm.create_model(name, pretrained=True, pretrained_cfg_overlay={"file": str(file)})
    return network, found, imagenet() if cfg.num_classes == 1000 else None


def build(name: str, classes: int) -> nn.Module:
    """The architecture with random weights."""
    import timm

    network: nn.Module = timm.create_model(name, pretrained=False, num_classes=classes)
    return network


def configuration(name: str) -> Any:
    """timm's record of one set of weights; refuses those that embed rather than classify."""
    import timm
    from timm.data.imagenet_info import infer_imagenet_subset

    cfg = timm.get_pretrained_cfg(name)
    if cfg is None or not cfg.has_weights:
        raise UnsupportedModelError(
            f"timm/{name} has no public weights; its architecture serves for models of your own"
        )
    if infer_imagenet_subset(cfg.to_dict()) is None:
        raise UnsupportedModelError(f"timm/{name} embeds, it does not classify: its weights have no ImageNet classes")
    return cfg
