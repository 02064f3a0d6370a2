"""A machine's part in a Ray cluster: the head keeps the books, workers compute, a web replica joins with nothing.

The dispatcher lives at the head, the probe on a worker.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from app.secret_file import made_once
from app.settings import Settings

LOG = logging.getLogger("whylens")

Role = Literal["head", "worker", "web"]
SHARE = 0.001  # of a role's one unit: what is put there is only told where, and takes nothing
OBJECT_STORE_BYTES = 100_000_000  # nothing large travels through Ray: results go to the database
PR_SET_PDEATHSIG = 1


def environment(home: Path) -> dict[str, str]:
    """What every process of Ray is told. Ray runs whatever code reaches it, so all must show the token of `home`."""
    return {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(made_once(home / "ray_token")),
        "RAY_USAGE_STATS_ENABLED": "0",
        # processes share the cores: threads that spin while they wait for each other would take them from the others
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive"),
        # a head that dies forgets who belongs to it: whoever has lost it ends, and begins again with the next one
        "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
        "RAY_worker_niceness": "0",  # jobs lower their own; the probe must not be lowered with them
    }


def command(settings: Settings, role: Role) -> list[str]:
    """How Ray is started on this machine. Raises ValueError without the address of a cluster."""
    host, _, port = settings.ray_address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"WHYLENS_RAY_ADDRESS must be HOST:PORT; got {settings.ray_address!r}")
    start = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--disable-usage-stats"]
    if address := node(settings):
        start.append(f"--node-ip-address={address}")
    # nobody reads workers' output from afar, and no cloud is asked for more machines
    start += [f"--object-store-memory={OBJECT_STORE_BYTES}", "--include-log-monitor=false", "--no-monitor"]
    match role:
        case "head":
            return [*start, "--head", f"--port={port}", "--include-dashboard=false", *_offering(role, 0)]
        case "worker":
            return [*start, f"--address={_resolved(host)}:{port}", *_offering(role, settings.job_slots)]
        case "web":
            return [*start, f"--address={_resolved(host)}:{port}", *_offering(role, 0)]


def node(settings: Settings) -> str | None:
    """This machine's address in the cluster; None where Ray finds it out."""
    return _resolved(settings.ray_node) if settings.ray_node else None


def address(settings: Settings) -> str:
    host, _, port = settings.ray_address.rpartition(":")
    return f"{_resolved(host)}:{port}"


def place(settings: Settings, role: Role) -> Mapping[str, float]:
    """The resources that put an actor on a machine of this role; none where there is one machine only."""
    return {role: SHARE} if settings.ray_address else {}


def become(settings: Settings, role: Role) -> int:
    """Turn this process into that part of the cluster. Returns only when that fails: 2."""
    try:
        start = command(settings, role)
    except (ValueError, OSError) as error:
        LOG.error("%s", error)
        return 2
    os.execve(start[0], start, {**os.environ, **environment(settings.home)})


def join(settings: Settings) -> subprocess.Popen[bytes]:
    """Start the part of a web replica beside it; it ends with us, however we end."""
    return subprocess.Popen(
        command(settings, "web"),
        env={**os.environ, **environment(settings.home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_end_with_parent,
    )


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _offering(role: Role, slots: int) -> list[str]:
    gpus = [] if role == "worker" else ["--num-gpus=0"]  # a worker's are counted by Ray
    return [f"--num-cpus={slots}", *gpus, f'--resources={{"{role}": 1}}']


def _resolved(host: str) -> str:
    return socket.gethostbyname(host)
