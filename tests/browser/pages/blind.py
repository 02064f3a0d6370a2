"""A model of the operator's that leaves some methods nothing to work with."""

from __future__ import annotations

from pathlib import Path

import torch
import torchvision
from safetensors.torch import save_file

CARD = """
architecture = "torchvision/squeezenet1_1"
weights = "blind.safetensors"
labels = ["circle", "square", "star"]
size = [64, 64]
"""


def blind(folder: Path) -> Path:
    """A card whose network answers the same to every picture: its last weights are zero, so there is no slope."""
    folder.mkdir()
    (folder / "blind.toml").write_text(CARD)
    network = torchvision.models.get_model("squeezenet1_1", weights=None, num_classes=3)
    state = network.state_dict()
    state["classifier.1.weight"] = torch.zeros_like(state["classifier.1.weight"])
    state["classifier.1.bias"] = torch.tensor([3.0, 2.0, 1.0])
    save_file(state, folder / "blind.safetensors")
    return folder
