"""The services of docker-compose.yml as processes of this machine, each on a loopback address of its own.

Of what the file says, only this is changed: names of services and the folder of each become addresses and folders of
this machine, `python` is the one that runs here, PostgreSQL's image is its Debian binaries, and nothing is published.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.topology.compose import ROOT, Service, services
from scripts.topology.postgres import Postgres, binaries

HOSTS = {"proxy": 2, "postgres": 5, "head": 10, "web-1": 31, "web-2": 32, "worker": 21, "migrate": 6}
PROXY = "10.77.0.2"  # as the compose file calls it; here it comes from loopback's first address
LOOPBACK = "127.0.0.1"
USERS = {"ann": "ann's password", "bob": "bob's password"}
DATABASE = "whylens"


def missing() -> str | None:
    """What this machine lacks; None where all is there."""
    for name, there in {"PostgreSQL": binaries(), "nginx": _nginx(), "openssl": shutil.which("openssl")}.items():
        if there is None:
            return f"{name} is not installed (apt-get install postgresql nginx-light openssl)"
    return None


@dataclass
class Topology:
    """`network` is the second number of its addresses, so that two can run at once."""

    folder: Path
    network: int
    variables: dict[str, str] = field(default_factory=dict)
    services: dict[str, Service] = field(init=False)
    postgres: Postgres = field(init=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        given = {
            "POSTGRES_PASSWORD": secrets.token_hex(16),
            "WHYLENS_ALLOWED_HOSTS": ",".join(map(self.host, ("proxy", "web-1", "web-2"))),
            "WHYLENS_GPUS_PER_JOB": "0",
            "WHYLENS_THREADS": "1",
        }
        self.variables = {**given, **self.variables}
        self.services = services(self.variables)
        settings = dict(re.findall(r"-c (\w+)=(\S+)", " ".join(self.services["postgres"].command)))
        self.postgres = Postgres(
            self.folder / "postgres", 5432, self.host("postgres"), settings, self.variables["POSTGRES_PASSWORD"]
        )

    def host(self, service: str) -> str:
        return f"127.{self.network}.0.{HOSTS[service]}"

    @property
    def url(self) -> str:
        return f"https://{self.host('proxy')}:8443"

    def web(self, replica: str) -> str:
        return f"http://{self.host(replica)}:8501"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def prepare(self) -> None:
        """What the operator does before: a certificate, users, an empty database."""
        for path in (self.folder, self.folder / "proxy", self.home):
            path.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.home.chmod(0o700)
        proxy = self.folder / "proxy"
        asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=whylens"]
        files = ["-keyout", str(proxy / "tls.key"), "-out", str(proxy / "tls.crt")]
        subprocess.run(["openssl", *asked, *files], check=True, capture_output=True)
        (proxy / "users").write_text("".join(f"{name}:{_hashed(password)}\n" for name, password in USERS.items()))
        (proxy / "nginx.conf").write_text(self._nginx_conf())
        self.postgres.create()

    def start(self, name: str, besides: Mapping[str, str] | None = None) -> None:
        """Returns at once; `healthy` tells when it is there. `besides` are more variables for the process."""
        service = self.services[name]
        if name == "postgres":
            self.postgres.start()
            return
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.command(service),
                cwd=ROOT,
                env={**self.environment(service), **(besides or {})},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def command(self, service: Service) -> list[str]:
        if service.name == "proxy":
            return [
                str(_nginx()),
                "-e",
                "stderr",
                "-c",
                str(self.folder / "proxy" / "nginx.conf"),
                *service.command[1:],
            ]
        return [sys.executable if word == "python" else word for word in service.command]

    def environment(self, service: Service) -> dict[str, str]:
        here = {name: self._here(value, service.name) for name, value in service.environment.items()}
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("WHYLENS_", "RAY_"))}
        # a folder of its own, or another Ray of this machine would be taken for this one
        return {**ours, **here, "WHYLENS_RAY_NODE": self.host(service.name), "RAY_TMPDIR": str(self.folder / "ray")}

    def healthy(self, name: str) -> bool:
        """By the service's own check; whatever ends by itself is healthy once it has ended well."""
        service = self.services[name]
        if service.once:
            return self.processes[name].poll() == 0
        if name == "postgres":
            return self.postgres.ready()
        asked = [self._here(word, name).replace(LOOPBACK, self.host(name)) for word in service.health]
        asked[0] = sys.executable if asked[0] == "python" else asked[0]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    def running(self, name: str) -> bool:
        process = self.postgres.process if name == "postgres" else self.processes.get(name)
        return process is not None and process.poll() is None

    def kill(self, name: str) -> None:
        """As a machine that loses its power: all that the service has started goes at once."""
        if name == "postgres":
            self.postgres.kill()
            return
        process = self.processes.pop(name)
        for pid in [process.pid, *_offspring(process.pid)]:
            _signal(pid, signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> None:
        if name == "postgres":
            self.postgres.stop()
        elif process := self.processes.pop(name, None):
            offspring = _offspring(process.pid)
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pid in offspring:
                _signal(pid, signal.SIGKILL)

    def down(self) -> None:
        for name in reversed(self.services):
            self.stop(name)

    def log(self, name: str) -> str:
        file = self.folder / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def _here(self, value: str, service: str) -> str:
        value = value.replace("/var/lib/whylens", str(self.home)).replace(PROXY, LOOPBACK)
        value = value.replace("0.0.0.0", self.host(service)).replace("@postgres:5432/whylens", self._database())
        return re.sub(rf"\b({'|'.join(HOSTS)})(?=:\d|')", lambda found: self.host(found[1]), value)

    def _database(self) -> str:
        return f"@{self.host('postgres')}:5432/postgres"

    def _nginx_conf(self) -> str:
        proxy = self.folder / "proxy"
        conf = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
        conf = re.sub(r"(/etc/whylens/tls|/etc/whylens/users|/tmp)/", f"{proxy}/", conf)
        conf = re.sub(r"listen (\d+)", rf"listen {self.host('proxy')}:\1", conf)
        conf = re.sub(r"server (web-\d)", lambda found: f"server {self.host(found[1])}", conf)
        return f"user {'root' if os.geteuid() == 0 else 'nobody'};\n{conf}"


def _nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(8)
    return "{SSHA}" + base64.b64encode(hashlib.sha1(password.encode() + salt).digest() + salt).decode()


def _offspring(pid: int) -> list[int]:
    parents: Mapping[int, int] = dict(_parents())
    found = [pid]
    for each in found:
        found.extend(child for child, parent in parents.items() if parent == each)
    return found[1:]


def _parents() -> list[tuple[int, int]]:
    pairs = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pairs.append((int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])))
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
    return pairs


def _signal(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        pass
