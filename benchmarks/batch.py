"""Pictures per second of `python -m app batch`, with one worker process and with two, starting them included.

Every run is of a folder of its own, so nothing is found done. Processes have a thread each: what a second one brings is
then told apart from what a second thread would.
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
        seconds = {f"{workers} workers": timed(photos, Path(folder), workers, args) for workers in WORKERS}
    write(
        "batch",
        {
            "model": args.model,
            "method": "rise",
            "masks": args.masks,
            "pictures": args.pictures,
            "seconds, start included": seconds,
            "pictures per second, start included": {name: args.pictures / spent for name, spent in seconds.items()},
        },
    )


def timed(photos: Path, folder: Path, workers: int, args: argparse.Namespace) -> float:
    command = [sys.executable, "-m", "app", "batch", str(photos), "--out", str(folder / str(workers))]
    asked = ["--workers", str(workers), "--model", args.model, "--param", f"n_masks={args.masks}"]
    given = {"WHYLENS_HOME": str(folder / "home"), "WHYLENS_THREADS": "1"}
    started = time.perf_counter()
    subprocess.run([*command, *asked], check=True, env={**os.environ, **given})
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
