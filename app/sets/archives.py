"""Zip files that users send: read entry by entry, never written to disk under a name of theirs.

What the archive says of itself is not believed: bytes are counted as they come. A hostile archive is refused whole.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from app.uploads import UploadError

MOST_RATIO = 200  # bytes out of one byte in: pictures are compressed already
RATIO_FROM = 1_000_000  # bytes; small entries may be blank
DIRECTORY_BYTES = 400  # of an entry in the archive's list, on average at most
CHUNK = 65_536
ZIP = b"PK\x03\x04"
EMPTY = b"PK\x05\x06"
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGED = "it is damaged"


@dataclass(frozen=True)
class Entry:
    """A file of the archive: `data`, or the reason why there is none; `size` bytes of it were unpacked."""

    name: str
    size: int
    data: bytes
    fault: str = ""


@dataclass(frozen=True)
class Limits:
    """`files` and `total` are of everything that is sent, `each` of one picture."""

    files: int
    total: int
    each: int


def is_archive(head: bytes) -> bool:
    return head.startswith((ZIP, EMPTY))


def entries(file: IO[bytes], limits: Limits) -> Iterator[Entry]:
    """Every file in it, in order. Raises UploadError as soon as the archive is seen to be hostile."""
    with _opened(file, limits) as archive:
        infos = archive.infolist()
        if len(infos) > 2 * limits.files:  # macOS writes two for each picture
            raise UploadError(f"The archive has {len(infos):,} entries; the limit is {2 * limits.files:,}.")
        for info in infos:
            refuse(info)
        size, total = max(file.seek(0, 2), 1), 0
        for info in infos:
            if info.is_dir():
                continue
            entry = _read(archive, info, limits, limits.total - total)
            total += entry.size
            if total > RATIO_FROM and total > MOST_RATIO * size:
                raise UploadError(f"The archive unpacks to more than {MOST_RATIO} times its size.")
            yield entry


def refuse(info: zipfile.ZipInfo) -> None:
    """What an entry says of itself that no archive of pictures has. Raises UploadError."""
    name = info.orig_filename
    shown = f"{name!r:.100}"
    if info.flag_bits & 0x1:
        raise UploadError(f"The archive is encrypted: {shown} can only be read with a password.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UploadError(f"The archive has a link or special file in it, {shown}.")
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or parts[0].endswith(":") or ".." in parts or "\0" in name:
        raise UploadError(f"The archive has a name that leads out of it, {shown}.")
    if name.lower().endswith(".zip"):
        raise UploadError(f"The archive has another one in it, {shown}.")
    if info.compress_type not in METHODS:
        raise UploadError(f"The archive is packed in a way that is not accepted, {shown}; use plain zip.")


def _opened(file: IO[bytes], limits: Limits) -> zipfile.ZipFile:
    """Judged by the size of its list before the list is read: that is held in memory whole."""
    module: Any = zipfile
    try:
        end = module._EndRecData(file)  # the very record that ZipFile goes by
        if end is None:
            raise UploadError("The archive is damaged or incomplete.")
        size = end[module._ECD_SIZE]
        if size > (most := 2 * limits.files * DIRECTORY_BYTES):
            raise UploadError(f"The archive's list of entries has {size:,} bytes; the limit is {most:,}.")
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise UploadError("The archive is damaged or incomplete.") from error


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits, left: int) -> Entry:
    name, data = info.orig_filename, bytearray()
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(CHUNK):
                data += chunk
                if len(data) > left:
                    raise UploadError(f"The archive unpacks to more than {limits.total:,} bytes, which is the limit.")
                if len(data) > RATIO_FROM and len(data) > MOST_RATIO * info.compress_size:
                    raise UploadError(f"The archive unpacks to more than {MOST_RATIO} times its size at {name!r:.100}.")
                if len(data) > limits.each:
                    return Entry(name, len(data), b"", f"it has more than {limits.each:,} bytes, which is the limit")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        return Entry(name, len(data), b"", DAMAGED)
    if is_archive(bytes(data[:4])):
        raise UploadError(f"The archive has another one in it, {name!r:.100}.")
    return Entry(name, len(data), bytes(data))
