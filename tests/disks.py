"""Disks that are small or fail, mounted for one test; where mounting is refused, the test is skipped and says so."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield
    finally:
        _unmount(folder)


@dataclass(frozen=True)
class FailingDisk:
    """A file with an ext4 on it, which turns read-only at its first error, as most are told to."""

    image: Path
    folder: Path

    def mount(self) -> None:
        _mount("-o", "loop,errors=remount-ro", str(self.image), str(self.folder))

    def fail(self) -> None:
        """Read-only from now on, also for whoever has files open; no remount could do that."""
        asked = ["findmnt", "-n", "-o", "SOURCE", str(self.folder)]
        device = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
        trigger = Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"
        if not trigger.exists():
            pytest.skip("ext4 cannot be made to fail here")
        trigger.write_text("an error for a test")

    def repair(self) -> None:
        """As an operator does, with nothing running on it."""
        _unmount(self.folder)
        checked = subprocess.run(["e2fsck", "-f", "-y", str(self.image)], capture_output=True, check=False)
        assert checked.returncode in (0, 1), checked.stdout  # 1: errors were mended
        self.mount()


@contextmanager
def failing_disk(folder: Path, size: str) -> Iterator[FailingDisk]:
    for tool in ("mkfs.ext4", "e2fsck", "findmnt"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (apt-get install e2fsprogs util-linux)")
    disk = FailingDisk(folder.with_name(f"{folder.name}.ext4"), folder)
    subprocess.run(["truncate", "-s", size, str(disk.image)], check=True)
    subprocess.run(["mkfs.ext4", "-q", str(disk.image)], check=True)
    disk.mount()
    try:
        yield disk
    finally:
        _unmount(folder)


def _mount(*how: str) -> None:
    try:
        mounted = subprocess.run(["mount", *how], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if mounted.returncode:
        pytest.skip(f"mounting is refused: {mounted.stderr.decode().strip()}")


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", str(folder)], check=True)
