"""The password of a guarded server: kept as its scrypt hash, compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

LOG2_N, R, P = 14, 8, 1  # 16 MB and about 40 ms
LEAST = 10  # characters
MOST = 1_000
# what people write before they think of one
KNOWN = ("password", "changeme", "change-me", "whylens", "admin", "secret", "example", "0123456789", "1234567890")


@dataclass(frozen=True)
class PasswordHash:
    """Written as scrypt:LOG2_N:R:P:SALT:KEY, which means nothing to a shell or to Compose."""

    log2_n: int
    r: int
    p: int
    salt: bytes
    key: bytes

    @classmethod
    def of(cls, password: str) -> PasswordHash:
        """Raises ValueError for one that is too short, too long or known to everybody."""
        if not LEAST <= len(password) <= MOST:
            raise ValueError(f"a password must have {LEAST} to {MOST:,} characters; this one has {len(password):,}")
        if password.lower() in KNOWN:
            raise ValueError("this password is known to everybody")
        salt = secrets.token_bytes(16)
        return cls(LOG2_N, R, P, salt, _scrypt(password, LOG2_N, R, P, salt))

    @classmethod
    def read(cls, text: str) -> PasswordHash:
        """Raises ValueError for what `python -m app hash-password` has not written."""
        try:
            name, log2_n, r, p, salt, key = text.split(":")
            made = cls(int(log2_n), int(r), int(p), _decoded(salt), _decoded(key))
        except ValueError:
            raise ValueError("must be what `python -m app hash-password` prints") from None
        sound = name == "scrypt" and LOG2_N <= made.log2_n <= 17 and 8 <= made.r <= 16 and 1 <= made.p <= 4
        if not sound or len(made.salt) < 16 or len(made.key) != 32:
            raise ValueError("must be what `python -m app hash-password` prints")
        return made

    def __str__(self) -> str:
        return f"scrypt:{self.log2_n}:{self.r}:{self.p}:{_encoded(self.salt)}:{_encoded(self.key)}"

    def matches(self, password: str) -> bool:
        return len(password) <= MOST and hmac.compare_digest(
            self.key, _scrypt(password, self.log2_n, self.r, self.p, self.salt)
        )

    @property
    def known(self) -> bool:
        """Whether it is of a password that everybody knows."""
        return any(self.matches(password) for password in ("", *KNOWN))


def _scrypt(password: str, log2_n: int, r: int, p: int, salt: bytes) -> bytes:
    n = 2**log2_n
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=32
    )


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
