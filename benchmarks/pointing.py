"""Pointing game on coco_boxes: does the map's peak lie in a right box? RISE and Sobol against the centre.

python -m benchmarks.pointing --data FOLDER. The folder holds `boxes.json` and `images/`; pictures are squeezed to the
input, so that boxes map linearly. A hit lies in a right box or within 15 pixels of one on the displayed image.
Differences are paired by image, with a 95 % interval.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks import compiled
from benchmarks.record import write
from explainers import explain

TOLERANCE = 15  # pixels
METHODS: dict[str, dict[str, object]] = {"rise": {"n_masks": 400}, "sobol": {"n": 16}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--limit", type=int, default=None, help="only so many images")
    args = parser.parse_args()
    model = compiled.load(args.model)
    entries: list[dict[str, Any]] = json.loads((args.data / "boxes.json").read_text())["images"][: args.limit]
    hits: dict[str, list[bool]] = {name: [] for name in ("centre", *METHODS)}
    for done, entry in enumerate(entries, 1):
        h, w = model.card.size
        image = Image.open(args.data / "images" / Path(entry["file"]).name).convert("RGB")
        squeezed = image.resize((w, h), Image.Resampling.BICUBIC)
        x = torch.from_numpy(np.asarray(squeezed, dtype=np.float32) / 255).permute(2, 0, 1)
        hits["centre"].append(hit(entry, 0.5, 0.5))
        for name, params in METHODS.items():
            a = explain(name, model, x, target=entry["target"]["imagenet_index"], **params)  # type: ignore[arg-type]
            # a cell's peak is a plateau: its middle, not its first pixel
            rows, columns = np.nonzero(a.values == a.values.max())
            hits[name].append(hit(entry, (columns.mean() + 0.5) / w, (rows.mean() + 0.5) / h))
        print(done, {name: sum(each) for name, each in hits.items()}, flush=True)
    centre = np.array(hits["centre"], float)
    write(
        "pointing",
        {
            "model": args.model,
            "images": len(entries),
            "parameters": METHODS,
            "hits": {name: sum(each) for name, each in hits.items()},
            "minus centre, 95 % interval": {name: difference(np.array(hits[name]) - centre) for name in METHODS},
        },
    )


def hit(entry: dict[str, Any], across: float, down: float) -> bool:
    x, y = across * entry["width"], down * entry["height"]
    right = [box["xyxy"] for box in entry["boxes"] if box["label"] == entry["target"]["coco_label"]]
    return any(
        x0 - TOLERANCE <= x <= x1 + TOLERANCE and y0 - TOLERANCE <= y <= y1 + TOLERANCE for x0, y0, x1, y1 in right
    )


def difference(paired: np.ndarray[Any, Any]) -> dict[str, float]:
    margin = 1.96 * paired.std(ddof=1) / len(paired) ** 0.5
    return {"mean": paired.mean(), "low": paired.mean() - margin, "high": paired.mean() + margin}


if __name__ == "__main__":
    main()
