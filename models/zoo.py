"""Names → classifiers: find the source, read the weights, probe, and seal with a digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, NoReturn, get_args, overload

import torch
from torch import nn

from models.card import Fit, Interpolation, Kind, ModelCard, UnsupportedModelError
from models.classifier import Classifier, ImageClassifier, Normalized
from models.digest import digest
from models.probe import probe
from models.sources import bundled, folder, minilm, shortcut, timm_zoo, torchvision_zoo, transformers_folder
from models.text.classifier import TextClassifier
from models.text.reader import Reader


@overload
def load(
    name: Literal["efficientnet_lite0", "planted_shortcut"], operator: Path | None = None, allow_pth: bool = False
) -> ImageClassifier: ...
@overload
def load(name: Literal["minilm"], operator: Path | None = None, allow_pth: bool = False) -> TextClassifier: ...
@overload
def load(name: str, operator: Path | None = None, allow_pth: bool = False) -> Classifier: ...
def load(name: str, operator: Path | None = None, allow_pth: bool = False) -> Classifier:
    """The classifier called `name`, on the CPU.

    `torchvision/…`, `timm/…` and `operator/…` say where to look; a bare name is looked for among the bundled models,
    then the operator's, torchvision's and timm's. `operator` is the folder of cards described in `sources.folder`.
    Raises UnsupportedModelError with a sentence for the user.
    """
    source, slash, inner = name.partition("/")
    if not slash:
        source, inner = "", name
    if source == "" and inner in bundled.names():
        return assemble(*bundled.load(inner))
    if source == "" and inner in shortcut.names():
        return assemble(*shortcut.load(inner))
    if source == "" and inner in minilm.names():
        return minilm.load()
    if source in ("", "operator") and operator is not None and (operator / f"{inner}.toml") in operator.glob("*.toml"):
        found = folder.read(operator / f"{inner}.toml", allow_pth)
        if found.card.kind == "text":
            return seal_text(*transformers_folder.load(found.card, found.weights), found.labels)
        return assemble(*folder.load(found))
    if source in ("", "torchvision") and inner in torchvision_zoo.names():
        return assemble(*torchvision_zoo.load(inner))
    if source in ("", "timm") and timm_zoo.knows(inner):
        return assemble(*timm_zoo.load(inner))
    unknown(name, operator)


def wrap(
    module: nn.Module,
    size: tuple[int, int],
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    labels: Sequence[str] | None = None,
    *,
    name: str | None = None,
    resize: tuple[int, int] | None = None,
    fit: Fit = "cover",
    interpolation: Interpolation = "bicubic",
    concept_layer: str | None = None,
) -> ImageClassifier:
    """Any module that returns logits (n, classes). It is put in eval mode, not copied.

    It receives (x − mean)/std; without mean and std it receives x in [0, 1] itself. Without labels the classes are
    called "class 0", "class 1", …
    """
    card = ModelCard(
        name=name or type(module).__name__,
        size=size,
        resize=resize or size,
        fit=fit,
        interpolation=interpolation,
        mean=per_channel("mean", mean, 0.0),
        std=per_channel("std", std, 1.0),
        concept_layer=concept_layer,
        source="wrapped module",
    )
    return seal(module if mean is None and std is None else Normalized(module, card.mean, card.std), card, labels)


def list_models(kind: Kind = "image", operator: Path | None = None, allow_pth: bool = False) -> tuple[ModelCard, ...]:
    """Cards of what loads here without a network. Their digest is None: no weights are read."""
    entries = folder.survey(operator, allow_pth)[0] if operator is not None else ()
    cards = (*bundled.cards(), *shortcut.cards(), *minilm.cards(), *(entry.card for entry in entries))
    return tuple(card for card in cards if card.kind == kind)


def problems(operator: Path, allow_pth: bool = False) -> tuple[str, ...]:
    """A sentence for each of the operator's cards that cannot be used."""
    return folder.survey(operator, allow_pth)[1]


def assemble(network: nn.Module, card: ModelCard, labels: Sequence[str] | None) -> ImageClassifier:
    return seal(Normalized(network.requires_grad_(False), card.mean, card.std), card, labels)


def seal(module: nn.Module, card: ModelCard, labels: Sequence[str] | None) -> ImageClassifier:
    """Probe the module and write on its card what was found."""
    module.eval()
    if card.concept_layer is not None:
        try:
            module.get_submodule(card.concept_layer)
        except AttributeError as error:
            raise UnsupportedModelError(
                f"{card.name} has no layer {card.concept_layer!r}, named as concept_layer"
            ) from error
    noise = torch.rand(2, 3, *card.size, generator=torch.Generator().manual_seed(0))
    classes, differentiable = probe(card.name, module, noise, "images")
    names = tuple(labels) if labels is not None else tuple(f"class {k}" for k in range(classes))
    check_labels(card.name, names, classes)
    return ImageClassifier(module, replace(card, digest=digest(module), differentiable=differentiable), names)


def seal_text(module: nn.Module, card: ModelCard, reader: Reader, labels: tuple[str, ...]) -> TextClassifier:
    """The same for texts, with as many made-up tokens as the model says that it reads."""
    x = reader.made_up(2, card.limit or 1, torch.Generator().manual_seed(0))
    classes, differentiable = probe(card.name, module.eval(), x, "texts")
    check_labels(card.name, labels, classes)
    return TextClassifier(module, replace(card, digest=digest(module), differentiable=differentiable), labels, reader)


def check_labels(name: str, labels: tuple[str, ...], classes: int) -> None:
    if len(labels) != classes:
        raise UnsupportedModelError(f"{name} has {classes} classes; got {len(labels)} labels")
    if len(set(labels)) < classes:
        twice = next(label for k, label in enumerate(labels) if label in labels[:k])
        raise UnsupportedModelError(f"labels of {name} must differ from each other; got {twice!r} twice")


def per_channel(field: str, values: Sequence[float] | None, default: float) -> tuple[float, float, float]:
    red, *rest = [default] * 3 if values is None else [float(value) for value in values]
    if len(rest) != 2:
        raise ValueError(f"{field} must have 3 values, one per channel; got {1 + len(rest)}")
    return red, rest[0], rest[1]


def unknown(name: str, operator: Path | None) -> NoReturn:
    known = [card.name for kind in get_args(Kind) for card in list_models(kind, operator)]
    known += [f"torchvision/{inner}" for inner in torchvision_zoo.names()]
    known += [f"timm/{inner}" for inner in timm_zoo.names()]
    bare = {full.rpartition("/")[2]: full for full in reversed(known)}
    close = dict.fromkeys([*get_close_matches(name, known, 3), *(bare[k] for k in get_close_matches(name, bare, 3))])
    hint = f"; close names are {', '.join(list(close)[:3])}" if close else "; efficientnet_lite0 is bundled"
    raise UnsupportedModelError(f"no model is called {name!r:.100}{hint}")
