"""An image classifier as the rest of the program sees it: pixels in [0, 1] in, scores out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.card import ModelCard, UnsupportedModelError
from models.native import anchor
from models.pixels import ImageLike, prepare

BATCH = 32  # images per forward of `predict`


class Classifier(Protocol):
    """What images and texts have in common: `module` takes what `prepare` makes, stacked, and returns logits."""

    @property
    def module(self) -> nn.Module: ...
    @property
    def card(self) -> ModelCard: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    def prepare(self, x: Any) -> Any: ...
    def predict(self, x: Any) -> Float[np.ndarray, "n classes"]: ...
    def tokens(self, text: str) -> Any: ...


class Normalized(nn.Module):
    """A network behind its own input normalisation: takes RGB in [0, 1] and hands (x − mean)/std to the network."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.network((x - self.mean) / self.std)
        return scores

    def get_submodule(self, target: str) -> nn.Module:
        """Layers go by the network's own names: `bn2` as well as `network.bn2`."""
        try:
            return super().get_submodule(target)
        except AttributeError:
            return self.network.get_submodule(target)


@dataclass(frozen=True, eq=False)
class ImageClassifier:
    """`module` is in eval mode, takes (n, 3, h, w) in [0, 1], returns logits (n, classes). Threads may share it."""

    module: nn.Module
    card: ModelCard
    labels: tuple[str, ...]

    def prepare(self, x: ImageLike) -> Float[Tensor, "3 h w"]:
        """The pixels the model really sees, in [0, 1]: see `pixels.prepare`."""
        return prepare(x, self.card)

    def predict(self, x: ImageLike | Sequence[ImageLike]) -> Float[np.ndarray, "n classes"]:
        """Probabilities in float32. x: one image, a sequence of images, or an (n, 3, h, w) tensor."""
        if isinstance(x, Tensor) and x.ndim == 4:
            x = list(x)
        images = [x] if isinstance(x, ImageLike) else list(x)
        if not images:
            raise ValueError("predict needs at least one image; got none")
        like = anchor(self.module)
        rows = []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                batch = torch.stack([self.prepare(image) for image in images[start : start + BATCH]])
                rows.append(self.module(batch.to(like)).float().softmax(1).cpu())
        return torch.cat(rows).numpy()

    def tokens(self, text: str) -> NoReturn:
        raise UnsupportedModelError(
            f"{self.card.name} classifies images and has no tokens; got a text of {len(text)} characters"
        )
