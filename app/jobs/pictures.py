"""The pictures of a set as a job reads them, and as they are shown."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor

from app import uploads
from app.jobs.manifest import Manifest
from app.storage.image_sets import ImageSets

TILE = 64  # pixels of a picture in the sprite
QUALITY = 90  # of WebP


@dataclass(frozen=True)
class Pictures(Sequence[Image.Image | Tensor]):
    """Each is read from the database when it is asked for: as it was sent, or as bytes that the model sees."""

    sets: ImageSets
    manifest: Manifest

    def __len__(self) -> int:
        return len(self.manifest.members)

    @overload
    def __getitem__(self, i: int) -> Image.Image | Tensor: ...
    @overload
    def __getitem__(self, i: slice) -> Pictures: ...
    def __getitem__(self, i: int | slice) -> Image.Image | Tensor | Pictures:
        if isinstance(i, slice):
            return Pictures(self.sets, replace(self.manifest, members=self.manifest.members[i]))
        image = uploads.image(self.sets.picture(self.manifest.members[i].sha256))
        return torch.from_numpy(np.array(image)).permute(2, 0, 1) if self.manifest.seen else image


def drawn(x: Float[Tensor, "3 h w"]) -> Image.Image:
    return Image.fromarray((x * 255).round().clamp(0, 255).byte().permute(1, 2, 0).numpy())


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def webp(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()


def sprite(images: Iterable[Image.Image], count: int) -> bytes:
    """Square tiles in order, row by row, in ⌈√n⌉ columns."""
    columns = math.ceil(math.sqrt(count))
    whole = np.zeros((math.ceil(count / columns) * TILE, columns * TILE, 3), np.uint8)
    for n, image in enumerate(images):
        row, column = divmod(n, columns)
        tile = ImageOps.fit(image, (TILE, TILE), Image.Resampling.BICUBIC)
        whole[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE] = np.asarray(tile)
    return webp(Image.fromarray(whole))
