"""Uploaded bytes → an image we made ourselves, or a sentence for the user."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import Image

from models.pixels import rgb

FORMATS = ("PNG", "JPEG", "WEBP")
ORIENTATION = 0x0112  # EXIF tag
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UploadError(Exception):
    """A file that is not accepted; the message is one sentence for the user."""


@dataclass(frozen=True)
class Asset:
    """An accepted image: `png` holds RGB pixels and nothing else, `sha256` is the digest of `png`, `size` is (w, h)."""

    sha256: str
    kind: Literal["image"]
    size: tuple[int, int]
    png: bytes


def accept(data: bytes, max_bytes: int, max_pixels: int) -> Asset:
    """Decode by content, turn upright, and re-encode the first frame as RGB PNG. Raises UploadError.

    The pixel limit is put to the header, before anything is decoded. Metadata and trailing bytes do not survive. Colour
    profiles are dropped, not applied, as they were when the classifiers were trained.
    """
    if not data:
        raise UploadError("The file is empty.")
    if len(data) > max_bytes:
        raise UploadError(f"The file has {len(data):,} bytes; the limit is {max_bytes:,}.")
    image = upright(opened(data, max_pixels))
    clean = Image.frombytes("RGB", image.size, image.tobytes())  # a new image: `save` would copy what `info` carries
    out = BytesIO()
    clean.save(out, "PNG", compress_level=1)  # 12 megapixels in 0.9 s, not 3.0, for a quarter more bytes
    png = out.getvalue()
    return Asset(hashlib.sha256(png).hexdigest(), "image", clean.size, png)


def image(png: bytes) -> Image.Image:
    """The picture of an accepted upload."""
    return Image.open(BytesIO(png), formats=["PNG"])


def opened(data: bytes, max_pixels: int) -> Image.Image:
    """The header, read and judged. Pillow's own limit is a variable of the process: it is left alone and counts too."""
    limit = min(max_pixels, Image.MAX_IMAGE_PIXELS or max_pixels)
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UploadError(
            f"The image has more than {Image.MAX_IMAGE_PIXELS:,} pixels; the limit is {limit:,}."
        ) from error
    except Exception as error:  # Pillow raises whatever a malformed header makes it stumble over
        raise UploadError("The file is not a readable PNG, JPEG or WebP image.") from error
    pixels = image.width * image.height
    if pixels > limit:
        raise UploadError(f"The image has {pixels:,} pixels; the limit is {limit:,}.")
    return image


def upright(image: Image.Image) -> Image.Image:
    """The pixels as RGB, turned as the camera's orientation tag asks."""
    try:
        image.load()
        turn = UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
        pixels = rgb(image)
    except Exception as error:  # as above: a truncated or corrupt body
        raise UploadError("The image is damaged or incomplete and cannot be decoded.") from error
    return pixels if turn is None else pixels.transpose(turn)
