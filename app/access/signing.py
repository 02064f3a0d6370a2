"""Values that a browser keeps for us and cannot change: signed, for one purpose, until a time."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.secret_file import BYTES, made_once

FILE = "cookie_secret"


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
    file = made_once(home / FILE)
    key = file.read_bytes()
    if len(set(key)) < BYTES // 4 or len(key) < 2 * BYTES:
        raise RuntimeError(f"{file} is no secret: delete it, and one is made at the next start.")
    return Signer(key)
