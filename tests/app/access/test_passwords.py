"""The password: its hash, how often it may be tried, and what a signature holds together."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from app.__main__ import main
from app.access.attempts import Attempts
from app.access.passwords import KNOWN, PasswordHash, _scrypt
from app.access.signing import FILE, Signer, signer

GOOD = "a long password"
NOW = 1_000.0


def test_a_hash_is_of_its_password_and_of_no_other() -> None:
    made = PasswordHash.read(str(PasswordHash.of(GOOD)))
    assert made.matches(GOOD)
    assert not any(made.matches(other) for other in ("", GOOD + " ", GOOD[:-1], GOOD.upper(), "x" * 10_000_000))
    assert not made.known
    assert GOOD not in str(made)
    assert str(made) != str(PasswordHash.of(GOOD)), "each has a salt of its own"


@pytest.mark.parametrize("text", ["", "x", "plain", "scrypt:14:8:1:AAAA:AAAA", "scrypt:1:8:1:{salt}:{key}", "{whole}:"])
def test_what_is_no_hash(text: str) -> None:
    whole = str(PasswordHash.of(GOOD))
    *_, salt, key = whole.split(":")
    with pytest.raises(ValueError, match="must be what `python -m app hash-password` prints"):
        PasswordHash.read(text.format(salt=salt, key=key, whole=whole))


@pytest.mark.parametrize("password", ["", "short", "0123456789", "x" * 1_001])
def test_what_is_no_password(password: str) -> None:
    with pytest.raises(ValueError, match="password"):
        PasswordHash.of(password)


@pytest.mark.parametrize("password", ["", *KNOWN])
def test_a_known_one_is_known_by_its_hash(password: str) -> None:
    salt = bytes(16)
    assert PasswordHash(14, 8, 1, salt, _scrypt(password, 14, 8, 1, salt)).known


def test_the_command_reads_a_line_and_prints_the_hash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{GOOD}\n"))
    assert main(["hash-password"]) == 0
    assert PasswordHash.read(capsys.readouterr().out.strip()).matches(GOOD)
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["hash-password"]) == 2
    assert capsys.readouterr().err == "a password must have 10 to 1,000 characters; this one has 5\n"


def test_ten_tries_a_minute_for_each_address() -> None:
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    for second in range(10):
        now[0] = float(second)
        assert attempts.allow("10.0.0.1")
    assert not attempts.allow("10.0.0.1")
    assert attempts.allow("10.0.0.2"), "another address is not held up"
    now[0] = 59.9
    assert not attempts.allow("10.0.0.1")
    now[0] = 60.0  # the first is a minute ago, the second is not
    assert attempts.allow("10.0.0.1")
    assert not attempts.allow("10.0.0.1")
    attempts.forget("10.0.0.1")
    assert attempts.allow("10.0.0.1")


def test_addresses_of_one_network_are_one() -> None:
    attempts = Attempts(limit=1, clock=lambda: 0.0)
    assert attempts.allow("2001:db8::1")
    assert not attempts.allow("2001:db8::2")
    assert attempts.allow("2001:db8:0:1::1")


def test_what_is_remembered_has_an_end() -> None:
    attempts = Attempts(clock=lambda: 0.0)
    for n in range(10_050):
        attempts.allow(f"host {n}")
    assert len(attempts._tried) == 10_000


def test_a_signature_holds_value_purpose_and_time_together() -> None:
    signed = Signer(b"k" * 32)
    cookie = signed.sign("session", "ann", NOW + 10)
    assert signed.read("session", cookie, NOW) == "ann"
    assert signed.read("session", cookie, NOW + 9.9) == "ann"
    assert signed.read("session", cookie, NOW + 10) is None
    value, until, seal = cookie.split(".")
    forged = [
        f"bob.{until}.{seal}",
        f"{value}.{int(until) + 1}.{seal}",
        f"{value}.{until}.{seal[:-1]}0" if seal[-1] != "0" else f"{value}.{until}.{seal[:-1]}1",
        f"{value}.{until}.",
        f"{value}.{until}",
        f"{value}..{seal}",
        "",
        "..",
        "\xe9.\xe9.\xe9",
        cookie + ".",
    ]
    assert [signed.read("session", other, NOW) for other in forged] == [None] * len(forged)
    assert signed.read("share", cookie, NOW) is None
    assert Signer(b"j" * 32).read("session", cookie, NOW) is None


def test_the_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = signer(home)
    assert (home / FILE).stat().st_mode & 0o777 == 0o600
    assert signer.__wrapped__(home) == made, "a restart reads it"
    assert signer(tmp_path / "other") != made
    assert list(home.iterdir()) == [home / FILE]


@pytest.mark.parametrize("text", ["", "changeme", "a" * 64])
def test_a_secret_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(RuntimeError, match="is no secret"):
        signer(tmp_path)
