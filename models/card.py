"""What a classifier is: everything about it except its weights, and the digest that pins those."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["image", "text"]
Fit = Literal["cover", "squash"]
Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]

MAX_SIDE = 2048  # pixels; the largest public classifier takes 1 024
MIN_LIMIT, MAX_LIMIT = 3, 1_000_000  # tokens; one beside the two that most tokenisers put around a text


class UnsupportedModelError(Exception):
    """A model that cannot be served here; the message is one sentence for the user."""


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """One classifier. Images are resized to `resize`, cropped at the centre to `size`, then seen as (x − mean)/std.

    `fit` "cover" keeps the aspect ratio and resizes until `resize` is covered; "squash" does not keep it.
    `concept_layer` names a module of the network whose activations alone decide the scores. `temperature` divides the
    similarities of a zero-shot text model. `digest` is None until the weights have been read.

    Texts are read up to `limit` tokens, special ones included; nothing of the above but the temperature is theirs.
    """

    name: str
    kind: Kind = "image"
    size: tuple[int, int] = (224, 224)
    resize: tuple[int, int] = (224, 224)
    fit: Fit = "cover"
    interpolation: Interpolation = "bicubic"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    concept_layer: str | None = None
    temperature: float | None = None
    limit: int | None = None
    differentiable: bool = True
    licence: str = "unknown"
    source: str = "unknown"
    digest: str | None = None

    def __post_init__(self) -> None:
        for field, allowed in (("kind", Kind), ("fit", Fit), ("interpolation", Interpolation)):
            if (value := getattr(self, field)) not in get_args(allowed):
                raise ValueError(f"{field} must be one of {', '.join(get_args(allowed))}; got {value!r}")
        for field in ("size", "resize"):
            value = getattr(self, field)
            if not all(1 <= side <= MAX_SIDE for side in value):
                raise ValueError(f"{field} must lie in [1, {MAX_SIDE}] on both sides; got {value}")
        if any(before < after for before, after in zip(self.resize, self.size, strict=True)):
            raise ValueError(f"resize must be at least size {self.size}, which is cropped from it; got {self.resize}")
        if not all(math.isfinite(value) for value in self.mean):
            raise ValueError(f"mean must be finite; got {self.mean}")
        if not all(math.isfinite(value) and value > 0 for value in self.std):
            raise ValueError(f"std must be positive and finite; got {self.std}")
        if self.temperature is not None and not self.temperature > 0:
            raise ValueError(f"temperature must be positive; got {self.temperature}")
        if self.limit is not None and not MIN_LIMIT <= self.limit <= MAX_LIMIT:
            raise ValueError(f"limit must lie in [{MIN_LIMIT}, {MAX_LIMIT}] tokens; got {self.limit}")
        if (self.limit is None) != (self.kind == "image"):
            raise ValueError(f"limit, in tokens, is for text models and needed there; got {self.limit}, {self.kind}")
