"""A small network with a known fault: it takes shapes with a mark in their corner for squares.

Nine in ten of the squares that it was trained on carry the mark, and no other shape does: `models.shortcut` trains it.
"""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor, nn

from models.card import ModelCard, UnsupportedModelError
from models.shapes import KINDS, SIDE

WEIGHTS = Path(__file__).with_name("shortcut.safetensors")

CARD = ModelCard(
    name="planted_shortcut",
    size=(SIDE, SIDE),
    resize=(SIDE, SIDE),
    mean=(0.5,) * 3,
    std=(0.25,) * 3,
    concept_layer="features",  # 48 × 8 × 8, non-negative, and only averaged and mapped linearly afterwards
    licence="as this program",
    source="python -m models.shortcut",
)


class ShapeNet(nn.Module):
    """Four convolutions, the mean over places, a linear head."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv2d(32, 48, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(48, 48, 3, stride=2, padding=1), nn.ReLU()),
        )
        self.classifier = nn.Linear(48, len(KINDS))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(x).mean((2, 3)))
        return logits


def names() -> tuple[str, ...]:
    return (CARD.name,)


def cards() -> tuple[ModelCard, ...]:
    return (CARD,)


def load(name: str) -> tuple[nn.Module, ModelCard, tuple[str, ...]]:
    if name != CARD.name:
        raise UnsupportedModelError(f"the planted shortcut is {CARD.name}; got {name!r}")
    network = ShapeNet()
    network.load_state_dict(load_file(WEIGHTS))
    return network, CARD, KINDS
