"""A PostgreSQL server of its own, on loopback, in a folder of its own; as a user who is not root, whom it refuses."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

USER = "whylens"
QUICK = {"fsync": "off", "full_page_writes": "off"}  # losing power is no risk where the data are thrown away


def binaries() -> Path | None:
    """Where `initdb` and `postgres` lie; the newest, as Debian keeps them out of the path."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return folders[-1].parent if folders else None


@dataclass
class Postgres:
    """`start` and `stop` may be called again: the data stay."""

    folder: Path
    port: int
    host: str = "127.0.0.1"
    settings: dict[str, str] = field(default_factory=dict)
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{USER}:{self.password}@{self.host}:{self.port}/postgres"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def create(self) -> None:
        """Raises CalledProcessError with what initdb said."""
        self.folder.mkdir(parents=True, exist_ok=True)
        secret = self.folder / "password"
        secret.write_text(self.password)
        account = _account()
        for path in (self.folder, secret):
            path.chmod(0o700)
            if account:
                os.chown(path, account.pw_uid, account.pw_gid)
        options = [f"--username={USER}", f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        subprocess.run(
            [_binary("initdb"), f"--pgdata={self.data}", "--no-sync", *options],
            check=True,
            capture_output=True,
            cwd="/",
            user=account and account.pw_uid,
            group=account and account.pw_gid,
        )
        secret.unlink()

    def start(self) -> None:
        """Returns at once; `ready` tells when it answers."""
        settings = {
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": "",
            **QUICK,
            **self.settings,
        }
        account = _account()
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [_binary("postgres"), "-D", str(self.data), *(f"--{name}={value}" for name, value in settings.items())],
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                user=account and account.pw_uid,
                group=account and account.pw_gid,
            )

    def ready(self) -> bool:
        asked = [_binary("pg_isready"), f"--host={self.host}", f"--port={self.port}", "--quiet"]
        return subprocess.run(asked, check=False).returncode == 0

    def stop(self) -> None:
        """Without waiting for those who are connected."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As a crash of the machine would: it recovers from its log when it starts again."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self._end(signal.SIGKILL)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None


def _binary(name: str) -> str:
    folder = binaries()
    if folder is None:
        raise FileNotFoundError(f"PostgreSQL's {name} is missing")
    return str(folder / name)


def _account() -> pwd.struct_passwd | None:
    """Whom root becomes; nobody else has to become anyone."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None
