"""Secrets that are made once, by whichever process is first, and shared by all that have the folder."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

BYTES = 32


def made_once(file: Path) -> Path:
    """A file of 64 hexadecimal digits that only its owner can read; whole or not at all, also when the disk fails."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if file.exists():
        return file
    descriptor, name = tempfile.mkstemp(dir=file.parent)  # its mode is 0600
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_hex(BYTES))
            out.flush()
            os.fsync(out.fileno())
        os.link(name, file)
    except FileExistsError:
        pass  # the other's secret is as good
    finally:
        Path(name).unlink()
    return file
