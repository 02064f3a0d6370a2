"""Every upload ends as RGB pixels we encoded, or as one sentence."""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from app.uploads import Asset, UploadError, accept, accept_text, content

BYTES, PIXELS = 1_000_000, 1_000_000


def take(data: bytes) -> Asset:
    return accept(data, BYTES, PIXELS)


def pixels(asset: Asset) -> np.ndarray:
    image = Image.open(BytesIO(asset.data))
    assert image.mode == "RGB"
    return np.asarray(image)


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG by hand, for headers and depths Pillow does not write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def test_lossless_formats_keep_every_pixel(noise: np.ndarray) -> None:
    for data in (encoded(Image.fromarray(noise)), encoded(Image.fromarray(noise), "WEBP", lossless=True)):
        asset = take(data)
        assert np.array_equal(pixels(asset), noise)
        assert (asset.kind, asset.size) == ("image", (7, 5))
        assert asset.sha256 == hashlib.sha256(asset.data).hexdigest()


def test_same_pixels_same_digest_whatever_the_file(noise: np.ndarray) -> None:
    image = Image.fromarray(noise)
    assert take(encoded(image)) == take(encoded(image, "WEBP", lossless=True)) == take(encoded(image, compress_level=9))


def test_jpeg_of_one_colour() -> None:
    # a flat block has no frequencies to quantise; YCbCr rounds each channel by at most 2
    assert np.abs(pixels(take(encoded(Image.new("RGB", (16, 8), (200, 30, 90)), "JPEG"))) - (200.0, 30, 90)).max() <= 2


def test_s7_one_pixel() -> None:
    assert pixels(take(encoded(Image.new("RGB", (1, 1), (1, 2, 3))))).tolist() == [[[1, 2, 3]]]


# EXIF 2.3, tag 0x0112: how the stored rows and columns are to be shown
UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_s3_orientation_tag_is_applied_and_dropped(orientation: int, noise: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    asset = take(encoded(Image.fromarray(noise), exif=exif))
    assert np.array_equal(pixels(asset), UPRIGHT[orientation](noise))
    assert not Image.open(BytesIO(asset.data)).getexif()


def test_jpeg_held_upright_by_its_camera() -> None:
    stored = np.zeros((32, 64, 3), dtype=np.uint8)
    stored[:, :32] = 255  # white at the left, as stored; the camera was turned so that left is up
    exif = Image.Exif()
    exif[0x0112] = 6
    asset = take(encoded(Image.fromarray(stored), "JPEG", exif=exif))
    assert asset.size == (32, 64)
    assert pixels(asset)[:30].min() > 200
    assert pixels(asset)[34:].max() < 50


def test_s3_nothing_but_pixels_survives(noise: np.ndarray) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "<script>secret</script>")
    exif = Image.Exif()
    exif[0x010E] = "secret"
    data = encoded(Image.fromarray(noise), pnginfo=info, exif=exif, icc_profile=b"secret profile") + b"<script>secret"
    asset = take(data)
    assert b"secret" not in asset.data
    assert asset == take(encoded(Image.fromarray(noise)))


def test_s7_transparency_is_white() -> None:
    half = np.array([[[100, 0, 0, 0], [100, 0, 0, 255], [0, 0, 0, 128]]], dtype=np.uint8)
    # (255 · (255 − 128)) / 255 = 127
    assert pixels(take(encoded(Image.fromarray(half)))).tolist() == [[[255, 255, 255], [100, 0, 0], [127, 127, 127]]]


def test_s7_palette_with_a_transparent_entry() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    assert pixels(take(encoded(image))).tolist() == [[[10, 20, 30], [40, 50, 60]]]
    assert pixels(take(encoded(image, transparency=0))).tolist() == [[[255, 255, 255], [40, 50, 60]]]


def test_grey_and_bilevel() -> None:
    assert pixels(take(encoded(Image.new("L", (1, 1), 77)))).tolist() == [[[77] * 3]]
    assert pixels(take(encoded(Image.new("1", (1, 1), 1)))).tolist() == [[[255] * 3]]


def test_s7_sixteen_bits_are_scaled_not_clipped() -> None:
    values = (0, 255, 256, 0x7FFF, 0x8000, 0xFFFF)
    expected = [v >> 8 for v in values]
    grey = png(6, 1, 16, 0, b"\0" + struct.pack(">6H", *values))
    colour = png(6, 1, 16, 2, b"\0" + b"".join(struct.pack(">3H", v, v, v) for v in values))
    for data in (grey, colour):
        assert pixels(take(data)).tolist() == [[[v] * 3 for v in expected]]


def test_s7_cmyk_jpeg() -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    seen = pixels(take(encoded(red, "JPEG", quality=100)))
    assert np.abs(seen - (255.0, 0, 0)).max() <= 3  # quantisation of four flat channels


@pytest.mark.parametrize("format", ["WEBP", "PNG"])
def test_s2_animation_is_its_first_frame(format: str) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:], lossless=True)
    assert pixels(take(data))[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("format", ["GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "PDF", "JPEG2000"])
def test_s1_other_formats_are_refused(format: str) -> None:
    with pytest.raises(UploadError, match="not a readable PNG, JPEG or WebP"):
        take(encoded(Image.new("RGB", (16, 16)), format))


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a/*\xff\xd8\xff",  # a script that begins like a GIF and contains a JPEG's first bytes
        b"PK\x03\x04" + b"\0" * 60,
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"\0",
    ],
)
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(UploadError, match="not a readable PNG, JPEG or WebP"):
        take(data)


def test_empty() -> None:
    with pytest.raises(UploadError, match=r"^The file is empty\.$"):
        take(b"")


def test_s2_limits_name_both_numbers(noise: np.ndarray) -> None:
    data = encoded(Image.fromarray(noise))
    assert accept(data, len(data), 35).size == (7, 5)
    with pytest.raises(UploadError, match=rf"^The file has {len(data)} bytes; the limit is {len(data) - 1}\.$"):
        accept(data, len(data) - 1, 35)
    with pytest.raises(UploadError, match=r"^The image has 35 pixels; the limit is 34\.$"):
        accept(data, len(data), 34)


@pytest.mark.parametrize("side", [1_001, 12_000, 50_000, 2**31 - 1])
def test_s1_huge_header_is_refused_before_decoding(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(_: Image.Image) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", decoded)
    with pytest.raises(UploadError, match=r"pixels; the limit is 1,000,000\.$"):
        take(png(side, side, 8, 2, b""))


def test_s1_pillows_own_limit_is_left_alone() -> None:
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(UploadError, match="limit is 89,478,485"):
        accept(png(10_000, 10_000, 8, 2, b""), BYTES, 10**9)
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_truncated(format: str) -> None:
    data = encoded(Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)), format)
    with pytest.raises(UploadError):
        take(data[: len(data) // 2])


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # malformed metadata warns and may still decode
def test_mutated_files_are_accepted_or_refused_never_worse(format: str) -> None:
    chance = random.Random(format)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = encoded(
        Image.fromarray(np.random.default_rng(2).integers(0, 256, (24, 24, 3), dtype=np.uint8)), format, exif=exif
    )
    refused = 0
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        try:
            asset = take(bytes(data))
            assert pixels(asset).shape == (asset.size[1], asset.size[0], 3)
        except UploadError:
            refused += 1
    assert refused > 40  # otherwise the mutations do not reach the decoder


def test_random_bytes_are_refused() -> None:
    chance = random.Random(0)
    heads = (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x40\0\0\0WEBPVP8 ", b"RIFF\x40\0\0\0WEBPVP8X")
    for n in range(300):
        with pytest.raises(UploadError):
            take(heads[n % len(heads)] + chance.randbytes(chance.randrange(1, 200)))


@pytest.mark.parametrize(
    "text", ["x", " x ", "e\u0301\r\n\u05d0\u202e\U0001f468\u200d\U0001f469", "\ufeffmark", "line\nline\n", "\x07"]
)
def test_a_text_is_kept_as_it_is(text: str) -> None:
    asset = accept_text(text, 100)
    assert asset.data.decode() == text
    assert (asset.kind, asset.size) == ("text", (len(text), len(text.splitlines())))
    assert asset.sha256 == hashlib.sha256(asset.data).hexdigest()
    assert content("text", asset.data) == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The text is empty."),
        (" \n\u3000\t", "The text is only white space."),
        ("x" * 101, "The text has 101 characters; the limit is 100."),
        (" " * 101, "The text has 101 characters; the limit is 100."),
        ("ab\0", "The text has a zero byte at character 3, which cannot be kept."),
        ("\ud83d", "The text has half a character, a lone surrogate, at character 1, which cannot be kept."),
    ],
)
def test_a_text_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UploadError) as refused:
        accept_text(text, 100)
    assert str(refused.value) == sentence
