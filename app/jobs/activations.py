"""What layers said of pictures, kept in files: another question about the same pictures need not run the network.

In float32. In float16 twice as many would fit; but then a run that finds its activations here would give other numbers
than one that computes them, and a key promises one result.
"""

from __future__ import annotations

import hashlib
import logging
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

LOG = logging.getLogger("whylens")
BETWEEN_TRIMS = 20  # parts of the cap that are written between two looks at the whole


class ActivationCache:
    """A folder of at most `cap` bytes, the least recently used dropped first. Processes may share it."""

    def __init__(self, folder: Path, cap: int) -> None:
        self._folder = folder
        self._cap = cap
        self._written = 0

    def of(self, digest: str, layer: str, shas: Sequence[str]) -> Remembered:
        """The pictures of a set, at one layer of one network."""
        return Remembered(self, hashlib.sha256(f"{digest}\n{layer}".encode()).hexdigest()[:32], tuple(shas))

    def has(self, place: str, sha256: str) -> bool:
        return self._file(place, sha256).is_file()

    def get(self, place: str, sha256: str, name: str) -> Tensor | None:
        """One of the tensors; a file that cannot be read is as if it were not there."""
        file = self._file(place, sha256)
        try:
            with safe_open(file, "pt") as tensors:
                found: Tensor = tensors.get_tensor(name)
            os.utime(file)
        except (OSError, SafetensorError):
            return None
        return found

    def put(self, place: str, sha256: str, a: Tensor, logits: Tensor) -> None:
        """Whole or not at all; a full disk costs nothing but the memory of it."""
        file = self._file(place, sha256)
        data = save({"activations": a.contiguous(), "logits": logits.contiguous()})
        if len(data) > self._cap:
            return
        draft = file.with_name(f"{uuid.uuid4().hex}.draft")
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.write_bytes(data)
            draft.replace(file)
        except OSError as error:
            LOG.warning("activations of a picture could not be kept: %s", error.strerror)
            draft.unlink(missing_ok=True)
            return
        self._written += len(data)
        if self._written * BETWEEN_TRIMS > self._cap:
            self._written = 0
            self.trim()

    def trim(self) -> None:
        """Down to the cap, with room for what is written until the next time."""
        files = []
        for file in self._folder.rglob("*"):
            try:
                stat = file.stat()
            except FileNotFoundError:  # another process was faster
                continue
            if file.is_file():
                files.append((stat.st_mtime, stat.st_size, file))
        left = sum(size for _, size, _ in files)
        for _, size, file in sorted(files):
            if left + self._cap / BETWEEN_TRIMS <= self._cap:
                return
            file.unlink(missing_ok=True)
            left -= size

    def _file(self, place: str, sha256: str) -> Path:
        return self._folder / place / f"{sha256}.safetensors"


@dataclass(frozen=True)
class Remembered:
    """`explainers.concepts.reading.Memory` on files."""

    cache: ActivationCache
    place: str
    shas: tuple[str, ...]

    def count(self) -> int:
        return sum(self.cache.has(self.place, sha256) for sha256 in self.shas)

    def logits(self, i: int) -> Tensor | None:
        return self.cache.get(self.place, self.shas[i], "logits")

    def activations(self, i: int) -> Tensor | None:
        return self.cache.get(self.place, self.shas[i], "activations")

    def keep(self, i: int, a: Tensor, logits: Tensor) -> None:
        self.cache.put(self.place, self.shas[i], a, logits)
