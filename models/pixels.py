"""From whatever a user calls an image to RGB, and from RGB to the pixels a model sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from models.card import Fit, ModelCard

ImageLike = Image.Image | np.ndarray | Tensor

STRIP = 16  # times the aspect ratio of the model's input; what lies beyond is cropped anyway

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def prepare(x: ImageLike, card: ModelCard) -> Float[Tensor, "3 h w"]:
    """RGB in [0, 1] on the model's input grid, as torchvision's and timm's evaluation transforms resize and crop it.

    x: a PIL image, an (h, w, 3) array of uint8 or of floats in [0, 1], or a (3, h, w) tensor of either. A tensor that
    already has the model's size is the model's input and passes unchanged; everything else is resized and cropped.
    Floats are resized as floats, with the same filter. Raises ValueError naming what was given.
    """
    if isinstance(x, Tensor):
        planes = unit(x.detach().cpu().numpy(), "a (3, h, w) tensor", channel_axis=0)
        if planes.shape[1:] == card.size:
            return torch.from_numpy(planes.copy())
        pixels: Image.Image | np.ndarray = planes.transpose(1, 2, 0)
    elif isinstance(x, np.ndarray):
        pixels = Image.fromarray(x) if is_rgb_bytes(x) else unit(x, "an (h, w, 3) array", channel_axis=2)
    elif isinstance(x, Image.Image):
        pixels = rgb(x)
    else:
        raise ValueError(f"an image must be a PIL image, a numpy array or a torch tensor; got {type(x).__name__}")

    if isinstance(pixels, Image.Image):
        seen = np.asarray(fitted(pixels, card), dtype=np.float32) / np.float32(255)
    else:
        channels = [fitted(Image.fromarray(np.ascontiguousarray(c)), card) for c in np.moveaxis(pixels, 2, 0)]
        seen = np.stack([np.asarray(c) for c in channels], axis=2).clip(0, 1)  # bicubic overshoots at edges
    return torch.from_numpy(np.ascontiguousarray(seen.transpose(2, 0, 1)))


def rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB. Transparency is composited on white; 16-bit grey keeps its high byte, as Pillow does for colour."""
    if image.mode in ("I", "I;16", "I;16L", "I;16B", "I;16N"):
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 0xFFFF:
            raise ValueError(f"integer pixels must lie in [0, 65535]; got [{values.min()}, {values.max()}]")
        return Image.fromarray((values >> 8).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise ValueError("a PIL image of floats has no agreed range; give an (h, w, 3) array in [0, 1]")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def without_ends(image: Image.Image, ratio: int) -> Image.Image:
    """The middle of a strip: resized to cover 256 × 256, an image of 1 × 1 000 000 would have 65 billion pixels."""
    longest = ratio * min(image.size)
    width, height = min(image.width, longest), min(image.height, longest)
    if (width, height) == image.size:
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def is_rgb_bytes(x: np.ndarray) -> bool:
    return x.dtype == np.uint8 and x.ndim == 3 and x.shape[2] == 3 and x.size > 0


def unit(x: np.ndarray, expected: str, channel_axis: int) -> np.ndarray:
    """float32 in [0, 1], or ValueError."""
    if x.ndim != 3 or x.shape[channel_axis] != 3 or x.size == 0:
        raise ValueError(f"the image must be {expected}; got shape {x.shape}")
    if x.dtype == np.uint8:
        return x.astype(np.float32) / np.float32(255)
    if not np.issubdtype(x.dtype, np.floating):
        raise ValueError(f"pixels must be uint8, or floats in [0, 1]; got {x.dtype}")
    low, high = x.min(), x.max()
    if not (low >= 0 and high <= 1):  # also refuses NaN, which compares false
        raise ValueError(f"float pixels must lie in [0, 1]; got values in [{low:.4g}, {high:.4g}]")
    return x.astype(np.float32)


@dataclass(frozen=True)
class Box:
    """A part of a picture, in shares of its width and height."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def within(self, other: Box) -> Box:
        """What both have in common."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )


def window(width: int, height: int, size: tuple[int, int], resize: tuple[int, int], fit: Fit) -> Box:
    """The part of a picture that a model with such a card sees: where `fitted` cuts."""
    rows, columns = resize
    strip_width, strip_height = width, height
    if fit == "cover":
        longest = STRIP * max(rows, columns) // min(rows, columns) * min(width, height)
        strip_width, strip_height = min(width, longest), min(height, longest)
        rows, columns = covering(strip_width, strip_height, rows, columns)
    top, left = round((rows - size[0]) / 2), round((columns - size[1]) / 2)
    x, y = (width - strip_width) // 2, (height - strip_height) // 2
    return Box(
        (x + strip_width * left / columns) / width,
        (y + strip_height * top / rows) / height,
        (x + strip_width * (left + size[1]) / columns) / width,
        (y + strip_height * (top + size[0]) / rows) / height,
    )


def covering(width: int, height: int, rows: int, columns: int) -> tuple[int, int]:
    """The smallest (rows, columns) of the picture's own shape that cover those given."""
    if columns * height >= rows * width:
        return columns * height // width, columns
    return rows, rows * width // height


def fitted(image: Image.Image, card: ModelCard) -> Image.Image:
    """Resized and cropped at the centre as the card says, with the rounding of torchvision's Resize and CenterCrop."""
    rows, columns = card.resize
    if card.fit == "cover":
        image = without_ends(image, STRIP * max(rows, columns) // min(rows, columns))
        rows, columns = covering(image.width, image.height, rows, columns)
    resized = image.resize((columns, rows), FILTERS[card.interpolation])
    top, left = round((rows - card.size[0]) / 2), round((columns - card.size[1]) / 2)
    return resized.crop((left, top, left + card.size[1], top + card.size[0]))
