"""Zip files, sound and hostile, made by hand."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Sequence

from tests.app.conftest import picture

FILES = [(f"lily/{n}.png", picture(n, (12, 8))) for n in range(10)]


def zipped(files: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def linked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("lily/secret.png")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return out.getvalue()


def encrypted() -> bytes:
    """The flag is in both headers; the bytes need not be."""
    data = bytearray(zipped(FILES))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


def lying(size: int) -> bytes:
    """Of its first file the archive says that it has so many bytes unpacked, in both headers."""
    data = bytearray(zipped([("big.png", bytes(3_000_000)), *FILES], zipfile.ZIP_DEFLATED))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + offset, size)
    return bytes(data)


def long_list(size: int) -> bytes:
    """The end of the archive says that its list of entries has so many bytes."""
    data = bytearray(zipped(FILES))
    struct.pack_into("<I", data, data.rindex(b"PK\x05\x06") + 12, size)
    return bytes(data)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb": (
        lambda: zipped([*FILES, ("bomb.png", bytes(3_000_000))], zipfile.ZIP_DEFLATED),
        "The archive unpacks to more than 200 times its size at 'bomb.png'.",
    ),
    "a link": (linked, "The archive has a link or special file in it, 'lily/secret.png'."),
    "encrypted": (encrypted, "The archive is encrypted: 'lily/0.png' can only be read with a password."),
    "up": (lambda: zipped([*FILES, ("../up.png", b"x")]), "The archive has a name that leads out of it, '../up.png'."),
    "up later": (lambda: zipped([("a/b/../../../c.png", b"x")]), "The archive has a name that leads out of it"),
    "up backwards": (lambda: zipped([("a\\..\\..\\c.png", b"x")]), "The archive has a name that leads out of it"),
    "absolute": (lambda: zipped([("/etc/passwd", b"x")]), "The archive has a name that leads out of it"),
    "absolute backwards": (lambda: zipped([("\\etc\\passwd", b"x")]), "The archive has a name that leads out of it"),
    "a drive": (lambda: zipped([("C:\\a.png", b"x")]), "The archive has a name that leads out of it"),
    "nested": (lambda: zipped([*FILES, ("more.zip", b"x")]), "The archive has another one in it, 'more.zip'."),
    "nested in disguise": (
        lambda: zipped([*FILES, ("more.png", zipped(FILES))]),
        "The archive has another one in it, 'more.png'.",
    ),
    "another packing": (
        lambda: zipped(FILES, zipfile.ZIP_LZMA),
        "The archive is packed in a way that is not accepted, 'lily/0.png'; use plain zip.",
    ),
    "a long list": (lambda: long_list(50_000_000), "The archive's list of entries has 50,000,000 bytes; the limit is"),
    "cut off": (lambda: zipped(FILES)[:-30], "The archive is damaged or incomplete."),
    "nothing but a name": (lambda: b"PK\x03\x04", "The archive is damaged or incomplete."),
}
