"""`python -m scripts.topology`: start docker-compose.yml's services on loopback, until Ctrl+C."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path

from scripts.topology.loopback import USERS, Topology, missing

NETWORK = 77
SECONDS = 180.0


def main() -> int:
    if lacking := missing():
        print(lacking, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="whylens-topology-") as folder:
        topology = Topology(Path(folder), NETWORK)
        try:
            topology.prepare()
            for name in topology.services:
                topology.start(name)
                if not _waited(topology, name):
                    print(f"{name} did not come up:\n{topology.log(name)[-2000:]}", file=sys.stderr)
                    return 1
                print(f"{name} is there", flush=True)
            who = " or ".join(f"{name!r} with {password!r}" for name, password in USERS.items())
            print(f"{topology.url} as {who}; Ctrl+C stops", flush=True)
            signal.pause()
        except KeyboardInterrupt:
            pass
        finally:
            for stop in (signal.SIGINT, signal.SIGTERM):  # a second one would leave processes behind
                signal.signal(stop, signal.SIG_IGN)
            topology.down()
    return 0


def _waited(topology: Topology, name: str) -> bool:
    deadline = time.monotonic() + SECONDS
    while not topology.healthy(name):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


if __name__ == "__main__":
    sys.exit(main())
