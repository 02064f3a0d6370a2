"""Pictures as they come in, file by file, until they are a set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO

from app import uploads
from app.failures import RequestError
from app.jobs.manifest import Manifest, Member
from app.sets import archives
from app.sets.archives import Limits
from app.settings import Settings
from app.storage.names import displayed
from app.uploads import UploadError

FEWEST = 10  # pictures of a set
LONGEST = 1_024  # pixels: no classifier here sees more, and 1,000 photographs must stay workable
SPOOLED = 20_000_000  # bytes held in memory, the rest in a file that has no name
JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
NO_PICTURE = "it is no PNG, JPEG or WebP picture"


@dataclass(frozen=True)
class Skipped:
    name: str
    reason: str


@dataclass
class Gathering:
    """Made for one set, and closed. Pictures are kept as PNG, at most `LONGEST` pixels on their longer side."""

    settings: Settings
    skipped: list[Skipped] = field(default_factory=list)
    _members: list[Member] = field(default_factory=list)
    _places: list[tuple[int, int]] = field(default_factory=list)
    _files: int = 0
    _bytes: int = 0

    def __post_init__(self) -> None:
        self._spool: IO[bytes] = SpooledTemporaryFile(SPOOLED)

    @property
    def limits(self) -> Limits:
        of = self.settings
        return Limits(of.max_set_images, of.max_set_bytes, of.max_upload_bytes)

    def add(self, name: str, file: IO[bytes]) -> None:
        """A picture, or an archive of pictures. Raises UploadError; then the whole set is refused."""
        file.seek(0)
        if not archives.is_archive(file.read(4)):
            size = file.seek(0, 2)
            file.seek(0)
            if size > self.settings.max_upload_bytes:
                self._skip(name, f"it has {size:,} bytes; the limit is {self.settings.max_upload_bytes:,}", size)
            else:
                self.take(name, file.read())
            return
        for entry in archives.entries(file, self.limits):
            if entry.fault:
                self._skip(entry.name, entry.fault, entry.size)
            else:
                self.take(entry.name, entry.data)

    def take(self, name: str, data: bytes) -> None:
        """One file that is no archive. Raises UploadError when there are too many, or too many bytes."""
        self._count(len(data))
        parts = [part for part in name.replace("\\", "/").split("/") if part]
        if not parts or any(is_junk(part) for part in parts):
            self._name(name, NO_PICTURE)
            return
        try:
            asset = uploads.accept(data, self.settings.max_upload_bytes, self.settings.max_upload_pixels, LONGEST)
        except UploadError as error:
            self._name(name, str(error))
            return
        if len(self._members) == self.settings.max_set_images:
            raise UploadError(f"A set has at most {self.settings.max_set_images:,} pictures; these are more.")
        label = displayed(parts[-2]).strip() if len(parts) > 1 else ""
        self._places.append((self._spool.seek(0, 2), len(asset.data)))
        self._spool.write(asset.data)
        self._members.append(Member(asset.sha256, displayed(parts[-1]), label or None))

    def manifest(self) -> Manifest:
        """Raises RequestError for too few pictures."""
        if len(self._members) < FEWEST:
            why = f"; {self.skipped[0].name!r:.100} was skipped: {self.skipped[0].reason}" if self.skipped else "."
            raise RequestError(f"A set must have at least {FEWEST} pictures; got {len(self._members)}{why}")
        return Manifest(tuple(self._members))

    def pictures(self) -> Iterator[bytes]:
        """As PNG, in the manifest's order."""
        for start, size in self._places:
            self._spool.seek(start)
            yield self._spool.read(size)

    def close(self) -> None:
        self._spool.close()

    def _skip(self, name: str, reason: str, size: int) -> None:
        self._count(size)
        self._name(name, reason)

    def _name(self, name: str, reason: str) -> None:
        self.skipped.append(Skipped(displayed(name), reason))

    def _count(self, size: int) -> None:
        self._files += 1
        self._bytes += size
        if self._files > 2 * self.settings.max_set_images:  # macOS adds one to each
            raise UploadError(f"A set comes in at most {2 * self.settings.max_set_images:,} files; these are more.")
        if self._bytes > self.settings.max_set_bytes:
            raise UploadError(f"A set has at most {self.settings.max_set_bytes:,} bytes; these are more.")


def is_junk(name: str) -> bool:
    """What file managers leave behind."""
    return name in JUNK or name.startswith("._")
