"""What the operator decides: every variable is read, and a wrong one is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.__main__ import main
from app.access.passwords import PasswordHash, _encoded, _scrypt
from app.settings import Settings, variables

HASH = str(PasswordHash.of("a long password"))
KNOWN = f"scrypt:14:8:1:{_encoded(bytes(16))}:{_encoded(_scrypt('changeme', 14, 8, 1, bytes(16)))}"
GIVEN: dict[str, tuple[str, object]] = {
    "HOME": ("/srv/whylens", Path("/srv/whylens")),
    "HOST": ("localhost", "localhost"),
    "PORT": ("9000", 9000),
    "ALLOWED_HOSTS": ("whylens.example, other.example", "whylens.example, other.example"),
    "PASSWORD_HASH": (HASH, HASH),
    "IDENTITY_HEADER": ("X-Forwarded-User", "x-forwarded-user"),
    "TRUSTED_PROXIES": ("10.0.0.0/8, ::1", "10.0.0.0/8, ::1"),
    "DATABASE_URL": ("postgresql+psycopg://u:p@db/w", "postgresql+psycopg://u:p@db/w"),
    "RAY_ADDRESS": ("ray-head:6379", "ray-head:6379"),
    "RAY_NODE": ("ray-2", "ray-2"),
    "JOB_SLOTS": ("4", 4),
    "GPUS_PER_JOB": ("0.25", 0.25),
    "THREADS": ("3", 3),
    "MODEL": ("timm/resnet18", "timm/resnet18"),
    "TEXT_MODEL": ("operator/mood", "operator/mood"),
    "MODELS": ("/srv/models", Path("/srv/models")),
    "ALLOW_PTH": ("true", True),
    "MAX_UPLOAD_BYTES": ("1000", 1000),
    "MAX_UPLOAD_PIXELS": ("99", 99),
    "MAX_STORED_BYTES": ("0", 0),
    "MAX_TEXT_CHARS": ("500", 500),
    "JOBS_PER_OWNER": ("7", 7),
    "IMAGE_SETS": ("/srv/sets", Path("/srv/sets")),
    "MAX_SET_IMAGES": ("10", 10),
    "MAX_SET_BYTES": ("1000", 1000),
    "ACTIVATION_CACHE_BYTES": ("0", 0),
}

WRONG = [
    ("HOST", "0.0.0.0", "127.0.0.1, ::1, localhost"),
    ("HOST", "example.org", "got 'example.org'"),
    ("HOST", "", "127.0.0.1"),
    ("ALLOWED_HOSTS", "whylens.example", "only with a password or an identity header"),
    ("PASSWORD_HASH", "a long password", "must be what `python -m app hash-password` prints"),
    ("PASSWORD_HASH", KNOWN, "is of a password that everybody knows"),
    ("IDENTITY_HEADER", "X-User", "WHYLENS_TRUSTED_PROXIES"),
    ("IDENTITY_HEADER", "X User:", "letters, digits and hyphens"),
    ("TRUSTED_PROXIES", "proxy", "'proxy'"),
    ("PORT", "eighty", "integer"),
    ("PORT", "", "integer"),
    ("PORT", "0", "1"),
    ("PORT", "65536", "65535"),
    ("JOB_SLOTS", "0", "1"),
    ("GPUS_PER_JOB", "-1", "0"),
    ("GPUS_PER_JOB", "nan", ""),
    ("THREADS", "0", "1"),
    ("ALLOW_PTH", "perhaps", "bool"),
    ("MAX_UPLOAD_BYTES", "999", "1000"),
    ("MAX_UPLOAD_BYTES", "200000001", "200000000"),
    ("MAX_UPLOAD_PIXELS", "0", "1"),
    ("MAX_STORED_BYTES", "-1", "0"),
    ("MAX_TEXT_CHARS", "0", "1"),
    ("JOBS_PER_OWNER", "0", "1"),
    ("MAX_SET_IMAGES", "9", "10"),
    ("MAX_SET_IMAGES", "20001", "20000"),
    ("MAX_SET_BYTES", "999", "1000"),
    ("ACTIVATION_CACHE_BYTES", "-1", "0"),
    ("RAY_ADDRESS", "ray-head:6379", "PostgreSQL"),
]


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)


def test_the_table_above_is_complete() -> None:
    assert {f"WHYLENS_{name}" for name in GIVEN} == set(variables())


@pytest.mark.parametrize("other", ["PASSWORD_HASH", "IDENTITY_HEADER"])
def test_every_variable_is_read(monkeypatch: pytest.MonkeyPatch, other: str) -> None:
    """All that can be set together: what tells users apart is one of two."""
    given = {name: both for name, both in GIVEN.items() if name != other}
    for name, (text, _) in given.items():
        monkeypatch.setenv(f"WHYLENS_{name}", text)
    assert Settings().model_dump(exclude={other.lower()}) == {name.lower(): value for name, (_, value) in given.items()}


def test_a_password_and_a_header_are_two_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PASSWORD_HASH", "IDENTITY_HEADER", "TRUSTED_PROXIES"):
        monkeypatch.setenv(f"WHYLENS_{name}", GIVEN[name][0])
    with pytest.raises(ValidationError, match="choose either"):
        Settings()


def test_a_guarded_server_may_be_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYLENS_HOST", "0.0.0.0")
    monkeypatch.setenv("WHYLENS_PASSWORD_HASH", HASH)
    assert Settings().hosts == {"127.0.0.1", "::1", "localhost"}, "still asked for on this machine only"
    monkeypatch.setenv("WHYLENS_ALLOWED_HOSTS", "Whylens.example")
    assert Settings().hosts == {"127.0.0.1", "::1", "localhost", "whylens.example"}
    assert HASH not in repr(Settings())


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("::1", True),
        ("11.0.0.1", False),
        ("127.0.0.1", False),
        ("", False),
        ("testclient", False),
    ],
)
def test_which_proxies_are_believed(address: str, trusted: bool) -> None:
    assert Settings(trusted_proxies=GIVEN["TRUSTED_PROXIES"][0]).trusts(address) is trusted
    assert not Settings().trusts(address)


def test_s16_nothing_needs_to_be_set() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 8501, "efficientnet_lite0")
    assert settings.database == f"sqlite:///{settings.home / 'whylens.db'}"
    assert settings.url == "http://127.0.0.1:8501"


def test_every_variable_is_explained() -> None:
    assert all(re.fullmatch(r"[A-Z].*\.", text) for text in variables().values())


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1


@pytest.mark.parametrize(("name", "text", "says"), WRONG)
def test_s16_a_wrong_one_is_named_in_one_sentence(
    name: str, text: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"WHYLENS_{name}", text)
    assert main(["doctor"]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    (sentence,) = error.splitlines()
    assert f"WHYLENS_{name}" in sentence
    assert says in sentence


def test_two_wrong_ones_are_both_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WHYLENS_PORT", "x")
    monkeypatch.setenv("WHYLENS_THREADS", "x")
    assert main(["doctor"]) == 2
    error = capsys.readouterr().err
    assert "WHYLENS_PORT" in error
    assert "WHYLENS_THREADS" in error


def test_a_cluster_with_postgresql_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYLENS_RAY_ADDRESS", "ray-head:6379")
    monkeypatch.setenv("WHYLENS_DATABASE_URL", "postgresql+psycopg://u:p@db/w")
    assert Settings().ray_address == "ray-head:6379"


def test_a_password_is_not_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WHYLENS_DATABASE_URL", "postgresql://u:secret@db/w")
    monkeypatch.setenv("WHYLENS_PORT", "x")
    assert main(["doctor"]) == 2
    assert "secret" not in capsys.readouterr().err


@pytest.mark.parametrize(("host", "url"), [("::1", "http://[::1]:8501"), ("localhost", "http://localhost:8501")])
def test_the_address_can_be_opened(host: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYLENS_HOST", host)
    assert Settings().url == url


@pytest.mark.usefixtures("nothing_runs")
def test_a_mistyped_name_is_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("WHYLENS_PROT", "8502")
    main(["doctor"])
    assert "WHYLENS_PROT is set and is not a setting of ours; README lists them" in caplog.text


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.doctor.doctor", lambda _: 0)
