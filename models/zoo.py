"""Names → classifiers: find the source, read the weights, probe, and seal with a digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from models.card import Kind, ModelCard, UnsupportedModelError
from models.classifier import ImageClassifier, Normalized
from models.digest import digest
from models.probe import probe
from models.sources import bundled


def load(name: str) -> ImageClassifier:
    """The classifier called `name`, on the CPU."""
    network, card, labels = bundled.load(name)
    return assemble(network.requires_grad_(False), card, labels)


def list_models(kind: Kind = "image") -> tuple[ModelCard, ...]:
    """Cards of what loads here without a network. Their digest is None: no weights are read."""
    return tuple(card for card in bundled.cards() if card.kind == kind)


def assemble(network: nn.Module, card: ModelCard, labels: Sequence[str] | None) -> ImageClassifier:
    """Put the network behind its normalisation, probe it, and write what was found on the card."""
    module = Normalized(network, card.mean, card.std).eval()
    classes, differentiable = probe(card.name, module, card.size)
    names = tuple(labels) if labels is not None else tuple(f"class {k}" for k in range(classes))
    if len(names) != classes:
        raise UnsupportedModelError(f"{card.name} has {classes} classes; got {len(names)} labels")
    if len(set(names)) < classes:
        twice = next(label for k, label in enumerate(names) if label in names[:k])
        raise UnsupportedModelError(f"labels of {card.name} must differ from each other; got {twice!r} twice")
    return ImageClassifier(module, replace(card, digest=digest(module), differentiable=differentiable), names)
