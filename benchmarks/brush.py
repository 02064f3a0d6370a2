"""How long a stroke waits for its answer, on a warm server: over HTTP, one forward of the default model.

Without a job, beside a running one, and beside a control that is still being computed; and from the end of a stroke to
its full band of 20 places. Times are of this machine, shared and noisy: the load when each began is told with it.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.record import write
from tests.server import CLIENT, Server, serving

STROKES = 100
BANDS = 10
SIDE = 224
PARTS = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as home, serving(Path(home), WHYLENS_JOB_SLOTS="1") as server:
        first = server.ask()["id"]
        server.reach(first, "done")
        judged(server, first)
        here = f"{server.api}/explanations/{first}"
        paint(here, 0)
        quiet = measured(here)
        with job(server):
            busy = measured(here)
        write("brush", {"strokes": STROKES, "bands": BANDS, "without a job": quiet, "beside a running job": busy})


def measured(here: str) -> dict[str, object]:
    load = round(os.getloadavg()[0], 1)
    strokes = spread([seconds(paint, here, k) for k in range(STROKES)])
    bands = spread([seconds(band, here, k) for k in range(BANDS)])
    with ThreadPoolExecutor(1) as other:
        control = other.submit(bands_in_a_row, here)
        beside = spread([seconds(paint, here, k) for k in until_done(control.done)])
    return {"load": load, "stroke to answer": strokes, "stroke beside a control": beside, "stroke to full band": bands}


def paint(here: str, k: int) -> None:
    _post(f"{here}/paint", k)


def band(here: str, k: int) -> None:
    """As the page asks: the answer, then part by part."""
    _post(f"{here}/paint", k)
    for part in range(PARTS):
        _post(f"{here}/paint/control?part={part}", k)


def bands_in_a_row(here: str) -> None:
    for k in range(BANDS):
        band(here, k)


def _post(address: str, k: int) -> None:
    amount = np.zeros((SIDE, SIDE), np.uint8)
    amount[20 + k % 100 : 90 + k % 100, 60:160] = 255
    CLIENT.post(address, content=amount.tobytes()).raise_for_status()


def judged(server: Server, id: str) -> None:
    """The first example is judged by itself; nothing runs only after that."""
    server.post(f"explanations/{id}/trust")
    while server.get(f"explanations/{id}/trust")["progress"]["state"] != "done":
        time.sleep(0.5)


@contextmanager
def job(server: Server) -> Iterator[None]:
    id = server.ask("camera", params={"n_masks": 30000}, seed=1)["id"]
    server.reach(id, "running")
    yield
    server.post(f"explanations/{id}/cancel")


def until_done(done: Callable[[], bool]) -> Iterator[int]:
    k = 0
    while not done():
        yield k
        k += 1


def seconds(act: Callable[[str, int], None], here: str, k: int) -> float:
    started = time.perf_counter()
    act(here, k)
    return time.perf_counter() - started


def spread(times: list[float]) -> dict[str, float]:
    """In milliseconds."""
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return {"p50": round(1000 * statistics.median(times), 1), "p95": round(1000 * cuts[18], 1), "of": len(times)}


if __name__ == "__main__":
    main()
