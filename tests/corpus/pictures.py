"""Pictures that are damaged, disguised, too large, or only odd."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from PIL import Image

from tests.corpus.case import MARK, ROOT, Case, Fate, Request

SIZE = (48, 32)
FORMATS = ("PNG", "JPEG", "WEBP")
PNG = b"\x89PNG\r\n\x1a\n"
SHARES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)  # of a file, what is left of it
FLIPS = 24  # files of each format
LARGEST = 1_000_000  # bytes, as in the tests' settings


def cases() -> Iterator[Case]:
    yield from _truncated()
    yield from _flipped()
    yield _sent("broken chunks", "too few rows", "either", lambda: png(40, 40, bytes(121 * 3)))  # Pillow: black rows
    for kind, fate, made in (
        ("bomb", "refused", BOMBS),
        ("disguise", "refused", DISGUISES),
        ("wrong magic", "refused", MAGIC),
        ("broken chunks", "refused", CHUNKS),
        ("too large", "refused", LARGE),
        ("polyglot", "kept", POLYGLOTS),
        ("odd picture", "kept", ODD),
        ("odd metadata", "kept", METADATA),
    ):
        yield from (_sent(kind, name, fate, make) for name, make in made.items())  # type: ignore[arg-type]  # literals


def _sent(kind: str, name: str, fate: Fate, data: Callable[[], bytes]) -> Case:
    """Under a content type and a name that say what it is not."""
    return Case(kind, name, fate, lambda: Request("POST", f"{ROOT}/assets", data(), [(b"content-type", b"image/png")]))


@cache
def plain(format: str, size: tuple[int, int] = SIZE, mode: str = "RGB") -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return saved(Image.fromarray(noise).convert(mode), format)


def saved(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def _truncated() -> Iterator[Case]:
    for format in FORMATS:
        whole = plain(format)
        lengths = dict.fromkeys([1, 4, 8, 12, *(int(share * len(whole)) for share in SHARES), len(whole) - 1])
        for length in lengths:
            # what lacks only its end mark is whole
            fate: Fate = "either" if length > 0.85 * len(whole) else "refused"
            yield _sent("truncated", f"{format} after {length}", fate, lambda w=whole, n=length: w[:n])  # type: ignore[misc]  # bound now


def _flipped() -> Iterator[Case]:
    for format in FORMATS:
        for seed in range(FLIPS):
            yield _sent("flipped", f"{format} {seed}", "either", lambda f=format, s=seed: flipped(plain(f), s))  # type: ignore[misc]  # bound now


def flipped(data: bytes, seed: int) -> bytes:
    """Some bits of it turned round: the more, the higher the seed; early ones, where headers lie, in every other."""
    rng, spoilt = random.Random(seed), bytearray(data)
    reach = 64 if seed % 2 else len(data)
    for _ in range(1 + seed // 3):
        spoilt[rng.randrange(min(reach, len(data)))] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def chunk(name: bytes, data: bytes, crc: int | None = None) -> bytes:
    right = zlib.crc32(name + data) if crc is None else crc
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", right)


def header(width: int, height: int, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(width: int, height: int, rows: bytes = b"", depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    """By hand: says of itself what it likes."""
    head = header(width, height, depth, colour, interlace)
    return PNG + head + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose frame header says that it is so large."""
    data = bytearray(plain("JPEG"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


def webp_of(width: int, height: int) -> bytes:
    """Only the header of a large canvas."""
    canvas = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", len(canvas)) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def zipped(name: str = "a.png") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), MARK)
    return out.getvalue()


def animated(format: str, frames: int = 5) -> bytes:
    rest = [Image.new("RGB", SIZE, (40 * n, 0, 0)) for n in range(1, frames)]
    return saved(Image.new("RGB", SIZE), format, save_all=True, append_images=rest, duration=10)


def with_text(key: bytes, text: bytes) -> bytes:
    whole = plain("PNG")
    return whole[:33] + chunk(b"tEXt", key + b"\0" + text) + whole[33:]


def with_packed_text(kind: bytes) -> bytes:
    """A text that unpacks to far more than it is."""
    whole, packed = plain("PNG"), zlib.compress(bytes(3_000_000), 9)
    head = {b"zTXt": b"k\0\0", b"iTXt": b"k\0\1\0\0\0", b"iCCP": b"p\0\0"}[kind]
    return whole[:33] + chunk(kind, head + packed) + whole[33:]


def with_exif(data: bytes, format: str = "JPEG") -> bytes:
    return saved(Image.new("RGB", SIZE, "red"), format, exif=data)


def tag(number: int, kind: int, count: int, value: int, following: int = 0) -> bytes:
    """An EXIF block with one tag."""
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIII", number, kind, count, value, following)


def turned(value: int, format: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    return with_exif(exif.tobytes(), format)


def commented(text: bytes) -> bytes:
    whole = plain("JPEG")
    return whole[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + whole[2:]


BOMBS: dict[str, Callable[[], bytes]] = {
    **{
        f"PNG of {w} x {h}": lambda w=w, h=h: png(w, h)  # type: ignore[misc]  # bound now
        for w, h in (
            (60_000, 60_000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (1, 2**31 - 1), (2**32 - 1, 2**32 - 1),
            (50_000_001, 1), (1, 50_000_001), (7_072, 7_072), (100_000, 501), (0, 0), (0, 10), (10, 0),
        )
    },
    **{
        f"JPEG of {w} x {h}": lambda w=w, h=h: jpeg_of(w, h)  # type: ignore[misc]  # bound now
        for w, h in ((65_535, 65_535), (65_535, 1_000), (10_000, 5_001), (0, 32), (48, 0))
    },
    **{
        f"WebP of {w} x {h}": lambda w=w, h=h: webp_of(w, h)  # type: ignore[misc]  # bound now
        for w, h in ((2**24, 2**24), (16_384, 16_384), (65_536, 65_535))
    },
    "PNG of 16 bits, 30,000 x 30,000": lambda: png(30_000, 30_000, depth=16),
    "PNG of one bit, 60,000 x 60,000": lambda: png(60_000, 60_000, bytes(100_000), depth=1, colour=0),
    "PNG interlaced, 40,000 x 40,000": lambda: png(40_000, 40_000, interlace=1),
    "PNG that is less than it says": lambda: png(7_000, 7_000, bytes(1_000)),
}  # fmt: skip

DISGUISES: dict[str, Callable[[], bytes]] = {
    "SVG with script": lambda: b'<svg xmlns="http://www.w3.org/2000/svg">' + MARK + b"</svg>",
    "SVG of entities": lambda: b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>',
    "SVG with a file": lambda: b'<!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg><text>&e;</text></svg>',
    "SVG with BOM": lambda: b"\xef\xbb\xbf<svg onload=harm() />",
    "SVG in UTF-16": lambda: "<svg onload=harm() />".encode("utf-16"),
    "HTML": lambda: b"<!doctype html>" + MARK,
    "HTML after blanks": lambda: b" " * 600 + b"<html>" + MARK,
    "PDF": lambda: b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF",
    "PostScript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n{} loop",
    "zip": zipped,
    "gzip": lambda: b"\x1f\x8b\x08" + bytes(50),
    "ELF": lambda: b"\x7fELF" + bytes(100),
    "shell": lambda: b"#!/bin/sh\nrm -rf /\n",
    "PHP": lambda: b"<?php system($_GET['c']); ?>",
    "pickle": lambda: b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.",
    "npy of objects": lambda: b"\x93NUMPY\x01\0v\0{'descr': '|O', 'fortran_order': False, 'shape': (1,), }" + b" " * 60,
    "JavaScript": lambda: b"/*\x89PNG*/harm()",
    "Flash": lambda: b"CWS\x0a" + bytes(60),
    "QuickTime": lambda: b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
    "HEIC": lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "AVIF": lambda: b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
    "JPEG 2000": lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40),
    "FITS": lambda: b"SIMPLE  =                    T" + b" " * 50,
    "GD": lambda: b"\xff\xfe" + struct.pack(">HH", 60_000, 60_000) + bytes(20),
    **{
        f"{format}, whole": lambda f=format, m=mode: plain(f, mode=m)  # type: ignore[misc]  # bound now
        for format, mode in (
            ("GIF", "P"), ("BMP", "RGB"), ("TIFF", "RGB"), ("PPM", "RGB"), ("ICO", "RGB"), ("PCX", "P"),
            ("TGA", "RGB"), ("SGI", "RGB"), ("DIB", "RGB"),
        )
    },
    "GIF, moving": lambda: animated("GIF"),
    "GIF and HTML": lambda: plain("GIF", mode="P") + MARK,
    "GIF and JavaScript": lambda: b"GIF89a/*" + bytes(40) + b"*/=1;harm()",
}  # fmt: skip

MAGIC: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "one zero": lambda: b"\0",
    "zeros": lambda: bytes(5_000),
    "noise": lambda: random.Random(0).randbytes(5_000),
    "only a PNG's magic": lambda: PNG,
    "only a JPEG's magic": lambda: b"\xff\xd8\xff",
    "JPEG's ends": lambda: b"\xff\xd8\xff\xd9",
    "only RIFF": lambda: b"RIFF\x10\0\0\0WEBP",
    "RIFF of sound": lambda: b"RIFF$\0\0\0WAVEfmt " + bytes(30),
    "PNG's magic, JPEG's body": lambda: PNG + plain("JPEG"),
    "JPEG's magic, PNG's body": lambda: b"\xff\xd8\xff\xe0" + plain("PNG"),
    "PNG's magic, noise": lambda: PNG + random.Random(1).randbytes(3_000),
    "JPEG's magic, noise": lambda: b"\xff\xd8\xff" + random.Random(2).randbytes(3_000),
    "WebP's magic, noise": lambda: b"RIFF\xb8\x0b\0\0WEBPVP8 " + random.Random(3).randbytes(3_000),
    "PNG as text": lambda: plain("PNG").replace(b"\r\n", b"\n"),
    "PNG in Base64": lambda: (
        b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
    ),
    "PNG as an address": lambda: b"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB",
    "PNG after a byte": lambda: b"\n" + plain("PNG"),
    "JPEG after a line": lambda: b"\r\n" + plain("JPEG"),
    "half of two pictures": lambda: plain("PNG")[:100] + plain("JPEG")[100:],
}

CHUNKS: dict[str, Callable[[], bytes]] = {
    "wrong sum": lambda: PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0), 0) + chunk(b"IEND", b""),
    "no pixels": lambda: PNG + header(4, 4) + chunk(b"IEND", b""),
    "pixels first": lambda: PNG + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b""),
    "a length of 4 GB": lambda: PNG + struct.pack(">I", 2**32 - 1) + b"IHDR" + bytes(100),
    "a short header": lambda: PNG + chunk(b"IHDR", b"\0\0\0\4") + chunk(b"IEND", b""),
    "no such depth": lambda: png(4, 4, bytes(100), depth=7),
    "no such colour": lambda: png(4, 4, bytes(100), colour=5),
    "pixels not packed": lambda: PNG + header(4, 4) + chunk(b"IDAT", bytes(52)) + chunk(b"IEND", b""),
    "no such filter": lambda: png(4, 4, (b"\x09" + bytes(12)) * 4),
    "sixteen thousand texts": lambda: plain("PNG")[:33] + chunk(b"tEXt", b"k\0v") * 16_000,
    "zTXt that unpacks to megabytes": lambda: with_packed_text(b"zTXt"),
    "iTXt that unpacks to megabytes": lambda: with_packed_text(b"iTXt"),
    "JPEG of no components": lambda: plain("JPEG").replace(b"\x00\x20\x00\x30\x03", b"\x00\x20\x00\x30\x00"),
    "JPEG segment that never ends": lambda: b"\xff\xd8\xff\xe0\xff\xff" + bytes(100),
    "JPEG segment of nothing": lambda: b"\xff\xd8\xff\xe0\0\0" + bytes(100),
    "WebP longer than it is": lambda: b"RIFF\xff\xff\xff\xffWEBPVP8L\xff\xff\xff\x7f\x2f" + bytes(40),
    "WebP of no chunk": lambda: b"RIFF\x0c\0\0\0WEBPXXXX\0\0\0\0",
}  # fmt: skip

LARGE: dict[str, Callable[[], bytes]] = {
    "one byte too many": lambda: plain("PNG") + bytes(LARGEST + 1 - len(plain("PNG"))),
    "zeros": lambda: bytes(LARGEST + 1),
    "twice the limit": lambda: plain("JPEG") + MARK * (2 * LARGEST // len(MARK)),
    "a picture of noise": lambda: plain("PNG", (700, 700)),
}

POLYGLOTS: dict[str, Callable[[], bytes]] = {
    f"{format} and {name}": lambda f=format, d=data: plain(f) + d()
    for format in FORMATS
    for name, data in {
        "zip": zipped,
        "zip of a way out": lambda: zipped("../../evil.py"),
        "HTML": lambda: b"<!doctype html>" + MARK,
        "PDF": lambda: b"%PDF-1.4 " + MARK + b"%%EOF",
        "JavaScript": lambda: b"*/harm()//" + MARK,
        "another picture": lambda: plain("JPEG") + MARK,
        "zeros": lambda: bytes(5_000),
    }.items()
} | {
    "PNG with HTML in a text": lambda: with_text(b"Comment", MARK),
    "PNG with PHP in a text": lambda: with_text(b"Title", b"<?php system('id') ?>" + MARK),
    "JPEG with HTML in a comment": lambda: commented(b"<html>" + MARK),
    "JPEG with JavaScript in a comment": lambda: commented(b"*/=harm();/*" + MARK),
    "JPEG with a comment of 65,533 bytes": lambda: commented((MARK * 3_000)[:65_533]),
    "PNG with HTML in its pixels": lambda: png(8, 8, b"".join(b"\0" + (MARK * 2)[:24] for _ in range(8))),
}

GREY16 = np.arange(32 * 48, dtype=np.uint16).reshape(32, 48) * 40

ODD: dict[str, Callable[[], bytes]] = {
    "16 bits of grey": lambda: saved(Image.fromarray(GREY16)),
    "one bit": lambda: plain("PNG", mode="1"),
    "grey": lambda: plain("PNG", mode="L"),
    "grey and alpha": lambda: plain("PNG", mode="LA"),
    "palette": lambda: plain("PNG", mode="P"),
    "palette, transparent": lambda: saved(Image.new("P", SIZE), transparency=0),
    "palette of transparencies": lambda: saved(Image.new("P", SIZE), transparency=bytes(range(256))),
    "RGB, one colour transparent": lambda: saved(Image.new("RGB", SIZE), transparency=(0, 0, 0)),
    "all transparent": lambda: saved(Image.new("RGBA", SIZE, (1, 2, 3, 0))),
    "grey JPEG": lambda: plain("JPEG", mode="L"),
    "CMYK JPEG": lambda: plain("JPEG", mode="CMYK"),
    "YCbCr JPEG": lambda: plain("JPEG", mode="YCbCr"),
    "progressive JPEG": lambda: saved(Image.new("RGB", SIZE), "JPEG", progressive=True),
    "JPEG of quality 1": lambda: saved(Image.new("RGB", SIZE), "JPEG", quality=1),
    "lossless WebP": lambda: saved(Image.new("RGBA", SIZE), "WEBP", lossless=True),
    "one pixel, PNG": lambda: plain("PNG", (1, 1)),
    "one pixel, JPEG": lambda: plain("JPEG", (1, 1)),
    "one pixel, WebP": lambda: plain("WEBP", (1, 1)),
    "a line": lambda: saved(Image.new("1", (20_000, 1))),
    "a column": lambda: saved(Image.new("1", (1, 20_000))),
    "black": lambda: saved(Image.new("RGB", SIZE)),
    "blank and large": lambda: saved(Image.new("1", (1_500, 1_500))),
    "interlaced by hand": lambda: png(1, 1, bytes(4), interlace=1),
    "PNG, moving": lambda: animated("PNG"),
    "WebP, moving": lambda: animated("WEBP"),
    "WebP of 200 frames": lambda: animated("WEBP", 200),
    "JPEGs in one file": lambda: saved(
        Image.new("RGB", SIZE), "MPO", save_all=True, append_images=[Image.new("RGB", SIZE)]
    ),
}

METADATA: dict[str, Callable[[], bytes]] = {
    **{f"turned by {value}": lambda v=value: turned(v) for value in (0, 1, 3, 6, 8, 9, 255, 65_535)},  # type: ignore[misc]  # bound now
    "turned PNG": lambda: turned(6, "PNG"),
    "turned WebP": lambda: turned(8, "WEBP"),
    "EXIF of nothing": lambda: with_exif(b"Exif\0\0"),
    "EXIF cut off": lambda: with_exif(b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01"),
    "EXIF of noise": lambda: with_exif(b"Exif\0\0" + random.Random(4).randbytes(2_000)),
    "orientation as text": lambda: with_exif(tag(0x0112, 2, 4, 0x41414141)),
    "orientation of 4 billion": lambda: with_exif(tag(0x0112, 3, 2**32 - 1, 0)),
    "orientation far away": lambda: with_exif(tag(0x0112, 4, 2, 2**32 - 2)),
    "orientation by zero": lambda: with_exif(tag(0x0112, 5, 1, 26)),
    "orientation negative": lambda: with_exif(tag(0x0112, 9, 1, 2**32 - 1)),
    "of no such type": lambda: with_exif(tag(0x0112, 99, 1, 6)),
    "blocks in a circle": lambda: with_exif(tag(0x8769, 4, 1, 8, 8)),
    "GPS in a circle": lambda: with_exif(tag(0x8825, 4, 1, 8, 8)),
    "an artist's name in HTML": lambda: with_exif(b"Exif\0\0MM\0*\0\0\0\x08\0\0" + MARK),
    "profile of noise": lambda: saved(Image.new("RGB", SIZE), "JPEG", icc_profile=random.Random(5).randbytes(500)),
    "profile of 300 kB": lambda: saved(Image.new("RGB", SIZE), "JPEG", icc_profile=bytes(300_000)),
    "XMP in HTML": lambda: saved(Image.new("RGB", SIZE), "WEBP", xmp=MARK),
    "resolution of nothing": lambda: saved(Image.new("RGB", SIZE), "JPEG", dpi=(0, 0)),
    "resolution of 65,535": lambda: saved(Image.new("RGB", SIZE), "JPEG", dpi=(65_535, 65_535)),
    "a text with zeros": lambda: with_text(b"k", bytes(100) + MARK),
    "a text of Latin 1": lambda: with_text(b"\xe9", b"\xff\xfe" + MARK),
    "a chunk that nobody knows": lambda: plain("PNG")[:33] + chunk(b"xXxX", MARK * 100) + plain("PNG")[33:],
}
