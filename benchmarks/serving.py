"""What a user waits for, on a warm server: first coarse map, cached explanation, a look beside a running job.

Times are of this machine, shared and noisy; the order of events is what the tests hold.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.record import write
from tests.server import CLIENT, Server, serving, until

ROUNDS = 10


def main() -> None:
    with tempfile.TemporaryDirectory() as home, serving(Path(home)) as server:
        first = server.ask()
        server.reach(first["id"], "done")
        write(
            "serving",
            {
                "rounds": ROUNDS,
                "milliseconds": {
                    "upload and question to first coarse map": spread(lambda seed: first_preview(server, seed)),
                    "explanation and map from the cache": spread(lambda _: cached(server, first["id"])),
                    "question about a new picture beside a running job": beside(server),
                },
            },
        )


def first_preview(server: Server, seed: int) -> float:
    """From the question to the first coarse map that could be drawn."""
    started = time.perf_counter()
    id = server.ask("chelsea", params={"n_masks": 800}, seed=1000 + seed)["id"]
    until(lambda: CLIENT.get(f"{server.api}/explanations/{id}/preview").status_code == 200, "a coarse map")
    seconds = time.perf_counter() - started
    server.post(f"explanations/{id}/cancel")
    return seconds


def cached(server: Server, id: str) -> float:
    started = time.perf_counter()
    explanation = server.get(f"explanations/{id}")
    CLIENT.get(f"{server.api}/{explanation['maps'][str(explanation['view']['target'])]}").raise_for_status()
    return time.perf_counter() - started


def beside(server: Server) -> dict[str, float]:
    """A question that needs one forward of the probe while a worker is busy."""
    busy = server.ask("camera", params={"n_masks": 20000}, seed=1)["id"]
    server.reach(busy, "running")
    answered: list[str] = []

    def ask(seed: int) -> float:
        started = time.perf_counter()
        answered.append(server.ask("astronaut", params={"n_masks": 64}, seed=2000 + seed)["id"])
        return time.perf_counter() - started

    found = spread(ask)
    for id in (*answered, busy):
        server.post(f"explanations/{id}/cancel")
    return found


def spread(measure: Callable[[int], Any]) -> dict[str, float]:
    """Median and largest of `ROUNDS`, in milliseconds."""
    times = [1000 * measure(seed) for seed in range(ROUNDS)]
    return {"median": round(statistics.median(times), 1), "largest": round(max(times), 1)}


if __name__ == "__main__":
    main()
