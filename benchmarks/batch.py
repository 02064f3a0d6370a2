"""Pictures per second of `python -m app batch`, with one worker process and with two, in turn.

Every run writes to a folder of its own, so nothing is found done. Processes have a thread each: what a second one
brings is then told apart from what a second thread would. Once started, the pace is that from the first picture to the
last.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.record import write

WORKERS = (1, 2)
ROUNDS = 2
LIMIT = (
    "The cores: a picture is computed by one process with one thread. Starting comes first: Ray, and a copy of the "
    "model in each worker, for which a busy machine takes a minute and more, and which a short batch does not earn "
    "back. `load` is that of all processes in the minute before each run; beside other work a second process also "
    "takes a second share of the cores, so that its gain once started is larger than it can be on cores of its own: "
    "twice."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--masks", type=int, default=200)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        photos.mkdir()
        rng = np.random.default_rng(0)
        for n in range(args.pictures):
            Image.fromarray(rng.integers(0, 256, (224, 224, 3), dtype=np.uint8)).save(photos / f"{n}.png")
        runs = [
            {"workers": workers, "load": round(os.getloadavg()[0], 1), **timed(photos, Path(folder), n, workers, args)}
            for n in range(ROUNDS)
            for workers in WORKERS
        ]
    write(
        "batch",
        {
            "model": args.model,
            "method": "rise",
            "masks": args.masks,
            "pictures": args.pictures,
            "runs": runs,
            "what limits it": LIMIT,
        },
    )


def timed(photos: Path, folder: Path, n: int, workers: int, args: argparse.Namespace) -> dict[str, float]:
    out = folder / f"{n} {workers}"
    command = [sys.executable, "-m", "app", "batch", str(photos), "--out", str(out)]
    asked = ["--workers", str(workers), "--model", args.model, "--param", f"n_masks={args.masks}"]
    given = {"WHYLENS_HOME": str(folder / "home"), "WHYLENS_THREADS": "1"}
    started, began = time.perf_counter(), time.time()
    subprocess.run([*command, *asked], check=True, env={**os.environ, **given})
    spent = time.perf_counter() - started
    written = sorted(file.stat().st_mtime for file in (out / "maps").glob("*.json"))
    return {
        "seconds, start included": round(spent, 1),
        "seconds to the first picture": round(written[0] - began, 1),
        "pictures per second, start included": round(args.pictures / spent, 3),
        "pictures per second, once started": round((len(written) - 1) / (written[-1] - written[0]), 3),
    }


if __name__ == "__main__":
    main()
