"""A study of a thousand pictures, stage by stage, and once more when the layer has been read before.

python -m benchmarks.concepts_at_scale --data FOLDER. The folder holds `one_class/`, a folder of photographs for each
class; from each photograph the left and the right square are taken, until there are enough.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

import models
from benchmarks.record import write
from explainers import stream_concepts
from explainers.concepts.reading import Recollection

PICTURES = 1_000
CONCEPTS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="efficientnet_lite0")
    args = parser.parse_args()
    model = models.load(args.model)
    pictures = list(itertools.islice(squares(args.data / "one_class"), PICTURES))
    if len(pictures) < PICTURES:
        parser.error(f"one_class must hold photographs for {PICTURES} pictures; they give {len(pictures)}")
    memory, load = Recollection(), round(os.getloadavg()[0], 1)
    found = {"at first": timed(model, pictures, memory), "read before": timed(model, pictures, memory)}
    write(
        "concepts_at_scale",
        {"model": args.model, "pictures": PICTURES, "concepts": CONCEPTS, "load": load, "seconds": found},
    )


def squares(folder: Path) -> Iterator[Image.Image]:
    """Of the photographs of all classes in turn, so that the classes are equally many."""
    classes = [sorted(each.glob("*.jpg")) for each in sorted(folder.iterdir())]
    for path in itertools.chain.from_iterable(zip(*classes, strict=False)):
        photograph = Image.open(path).convert("RGB")
        w, h = photograph.size
        side = min(w, h)
        yield photograph.crop((0, 0, side, side))
        yield photograph.crop((w - side, h - side, w, h))


def timed(model: models.ImageClassifier, pictures: list[Image.Image], memory: Recollection) -> dict[str, float]:
    """Seconds by what was being done, and in all; the commonest class."""
    spent: defaultdict[str, float] = defaultdict(float)
    start = before = time.perf_counter()
    doing = "beginning"
    for step in stream_concepts(model, pictures, n_concepts=CONCEPTS, memory=memory):
        now = time.perf_counter()
        spent[doing] += now - before
        before, doing = now, step.result.doing.split()[0]
        study = step.result.study
    assert study is not None
    return {**spent, "in all": time.perf_counter() - start, "pictures of the class": len(study.chosen)}


if __name__ == "__main__":
    main()
