"""Values that a browser keeps for us and cannot change: signed, for one purpose, until a time."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = "cookie_secret"
BYTES = 32


@dataclass(frozen=True)
class Signer:
    key: bytes

    def sign(self, purpose: str, value: str, expires: float) -> str:
        until = str(int(expires))
        return f"{value}.{until}.{self._seal(purpose, value, until)}"

    def read(self, purpose: str, cookie: str, now: float) -> str | None:
        """The value; None where it was not signed by us, for something else, or its time is over."""
        value, _, rest = cookie.partition(".")
        until, _, seal = rest.partition(".")
        genuine = hmac.compare_digest(seal.encode(), self._seal(purpose, value, until).encode())
        return value if genuine and now < int(until) else None

    def _seal(self, purpose: str, value: str, until: str) -> str:
        return hmac.new(self.key, "\n".join((purpose, value, until)).encode(), hashlib.sha256).hexdigest()


@cache
def signer(home: Path) -> Signer:
    """With the secret of this home folder, which is made where there is none. Raises RuntimeError for a short one."""
    file = home / FILE
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not file.exists():
        _make(file)
    key = file.read_bytes()
    if len(set(key)) < BYTES // 4 or len(key) < 2 * BYTES:
        raise RuntimeError(f"{file} is no secret: delete it, and one is made at the next start.")
    return Signer(key)


def _make(file: Path) -> None:
    """Whole or not at all; of two that start at once, one makes it."""
    descriptor, name = tempfile.mkstemp(dir=file.parent)  # its mode is 0600
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_hex(BYTES))
        os.link(name, file)
    except FileExistsError:
        pass  # the other's secret is as good
    finally:
        Path(name).unlink()
