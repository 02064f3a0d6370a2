"""Top-1 of the default model on labelled photographs: python -m benchmarks.accuracy --data FOLDER

The folder holds `imagenet_samples/` with 200 JPEG files and `labels.csv` (file, index). They are probably training
images: the figure shows that weights, labels and preparation fit each other, not how well the model generalises.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
from PIL import Image

import models

RESULT = Path(__file__).parent / "results" / "accuracy.json"


def measure(model: models.ImageClassifier, folder: Path) -> dict[str, object]:
    rows = list(csv.DictReader((folder / "labels.csv").read_text().splitlines()))
    truth = np.array([int(row["index"]) for row in rows])
    ranking = model.predict([Image.open(folder / row["file"]) for row in rows]).argsort(1)[:, ::-1]
    hits = ranking[:, :5] == truth[:, None]
    return {
        "n": len(rows),
        "top1": float(hits[:, 0].mean()),
        "top5": float(hits.any(1).mean()),
        "card": dataclasses.asdict(model.card),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="efficientnet_lite0")
    args = parser.parse_args()
    result = measure(models.load(args.model), args.data / "imagenet_samples")
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
