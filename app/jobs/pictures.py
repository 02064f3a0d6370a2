"""The pictures of a set as a job reads them, and as they are shown."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor

from app import uploads
from app.jobs.manifest import Member
from app.storage.image_sets import ImageSets

TILE = 64  # pixels of a picture in the sprite
QUALITY = 90  # of WebP


@dataclass(frozen=True)
class Pictures(Sequence[Image.Image]):
    """Each is read from the database when it is asked for."""

    sets: ImageSets
    members: tuple[Member, ...]

    def __len__(self) -> int:
        return len(self.members)

    @overload
    def __getitem__(self, i: int) -> Image.Image: ...
    @overload
    def __getitem__(self, i: slice) -> Pictures: ...
    def __getitem__(self, i: int | slice) -> Image.Image | Pictures:
        if isinstance(i, slice):
            return Pictures(self.sets, self.members[i])
        return uploads.image(self.sets.picture(self.members[i].sha256))


def drawn(x: Float[Tensor, "3 h w"]) -> Image.Image:
    return Image.fromarray((x * 255).round().clamp(0, 255).byte().permute(1, 2, 0).numpy())


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
