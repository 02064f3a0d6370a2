"""What a user sends → an image we made ourselves, or a text as it is; or a sentence for the user."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from models.card import Kind
from models.pixels import rgb

FORMATS = ("PNG", "JPEG", "WEBP")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
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
    """A file or text that is not accepted; the message is one sentence for the user."""


@dataclass(frozen=True)
class Asset:
    """An accepted input; `sha256` is the digest of `data`.

    Of an image, `data` is a PNG of RGB pixels and nothing else, and `size` its width and height. Of a text, `data` is
    its UTF-8, exactly as given, and `size` its numbers of characters and of lines.
    """

    sha256: str
    kind: Kind
    size: tuple[int, int]
    data: bytes

    @classmethod
    def of_png(cls, png: bytes) -> Asset:
        """A picture that was accepted before."""
        return cls(hashlib.sha256(png).hexdigest(), "image", image(png).size, png)


def accept(data: bytes, max_bytes: int, max_pixels: int, longest: int | None = None) -> Asset:
    """Decode by content, turn upright, and re-encode the first frame as RGB PNG. Raises UploadError.

    A picture whose longer side has more than `longest` pixels is made smaller.

    The pixel limit is put to the header, before anything is decoded. Metadata and trailing bytes do not survive. Colour
    profiles are dropped, not applied, as they were when the classifiers were trained.
    """
    if not data:
        raise UploadError("The file is empty.")
    if len(data) > max_bytes:
        raise UploadError(f"The file has {len(data):,} bytes; the limit is {max_bytes:,}.")
    image = upright(opened(data, max_pixels))
    if longest is not None:
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    clean = Image.frombytes("RGB", image.size, image.tobytes())  # a new image: `save` would copy what `info` carries
    out = BytesIO()
    clean.save(out, "PNG", compress_level=1)  # 12 megapixels in 0.9 s, not 3.0, for a quarter more bytes
    png = out.getvalue()
    return Asset(hashlib.sha256(png).hexdigest(), "image", clean.size, png)


def accept_text(text: str, max_chars: int) -> Asset:
    """Nothing is changed: offsets must be those of the text that the user sees. Raises UploadError."""
    if not text:
        raise UploadError("The text is empty.")
    if len(text) > max_chars:
        raise UploadError(f"The text has {len(text):,} characters; the limit is {max_chars:,}.")
    if not text.strip():
        raise UploadError("The text is only white space.")
    if fault := unkept(text):
        raise UploadError(f"The text {fault}.")
    data = text.encode()
    return Asset(hashlib.sha256(data).hexdigest(), "text", (len(text), len(text.splitlines())), data)


def unkept(text: str) -> str:
    """What of it cannot be kept, as the end of a sentence; empty where all of it can."""
    if (place := text.find("\0")) >= 0:  # PostgreSQL keeps none
        return f"has a zero byte at character {place + 1:,}, which cannot be kept"
    if half := LONE_SURROGATE.search(text):
        return f"has half a character, a lone surrogate, at character {half.start() + 1:,}, which cannot be kept"
    return ""


def content(kind: Kind, data: bytes) -> Image.Image | str:
    """What is kept of an accepted input, as a model takes it."""
    return image(data) if kind == "image" else data.decode()


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
