"""Deletion curves on film reviews: does removing words in a method's order lower the score faster than at random?

python -m benchmarks.text_deletion FOLDER. The folder holds sst2_dev.tsv; sentences of 5 to 20 words are drawn with a
fixed seed. MiniLM by its prompts, the likelier class, log probability; words become the mask token, the highest first;
the area is that under the score over the share of words removed, small for a good order. The control are 16 random
orders of each sentence. Differences are paired by sentence, with a 95 % interval.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import models
from benchmarks.pointing import difference
from benchmarks.record import RESULTS, write
from benchmarks.text_accuracy import read
from explainers import explain, list_methods
from explainers.metrics.curves import Deletion, RandomOrders
from explainers.scoring import ModelScore, top_classes
from explainers.text.board import TextBoard
from explainers.text.units import words

LENGTHS = range(5, 21)
ORDERS = 16
# about 200 forwards each; what is not named has a fixed cost
PARAMETERS: dict[str, dict[str, object]] = {
    "hsic": {"n": 256},
    "kernel_shap": {"n": 200},
    "lime": {"n": 200},
    "partition_shap": {"n": 200},
    "permutation_shap": {"pairs": 8},
    "rise": {"n_masks": 200},
    "smoothgrad": {"n": 32},
    "sobol": {"n": 16},
}
FEW = ("exact_shapley",)  # all sets of at most twelve words: most sentences have more


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sentences", type=int, default=200)
    every = [method.name for method in list_methods("text") if method.name not in FEW]
    parser.add_argument("--methods", nargs="+", choices=every, default=every, help="the others' figures stay")
    args = parser.parse_args()
    model = models.load("minilm")
    names: list[str] = args.methods
    areas: dict[str, list[float]] = {name: [] for name in names}
    control: list[float] = []
    forwards: dict[str, list[int]] = {name: [] for name in names}
    for done, text in enumerate(drawn(args.folder, args.sentences), 1):
        passage = model.prepare(text)
        (target,) = top_classes(model, passage, 1)
        game = TextBoard().play(ModelScore(model, (target,), "log_probability"), passage)
        *_, orders = RandomOrders(n=ORDERS, steps=game.d).evaluate(game.value, torch.Generator().manual_seed(done))
        control.append(float(np.mean([curve.area for curve in orders.result])))
        for name in names:
            a = explain(name, model, passage, target, output="log_probability", **PARAMETERS.get(name, {}))  # type: ignore[arg-type]
            curve = Deletion(steps=game.d).evaluate(game.value, torch.from_numpy(a.values), torch.Generator())
            *_, last = curve
            areas[name].append(last.result.area)
            forwards[name].append(int(str(a.meta["forwards"])))
        if done % 10 == 0:
            print(
                done, {name: round(float(np.mean(np.subtract(a, control))), 3) for name, a in areas.items()}, flush=True
            )
    setting = {
        "model": model.card.name,
        "sentences": len(control),
        "mean area of random orders": round(float(np.mean(control)), 4),
        "parameters": PARAMETERS,
    }
    found = {
        name: {
            "area minus random, 95 % interval": difference(np.subtract(areas[name], control)),
            "share of sentences below random": float(np.mean(np.less(areas[name], control))),
            "median forwards": float(np.median(forwards[name])),
        }
        for name in names
    }
    write("text_deletion", {**setting, "methods": dict(sorted({**former(setting), **found}.items()))})


def former(setting: dict[str, object]) -> dict[str, object]:
    """Figures of other methods, measured before in the same setting."""
    file = RESULTS / "text_deletion.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    same = all(known.get(name) == value for name, value in setting.items())
    return dict(known["methods"]) if same and known else {}


def drawn(folder: Path, n: int) -> list[str]:
    fitting = [text for text in read(folder / "sst2_dev.tsv")[0] if len(words(text)) in LENGTHS]
    order = torch.randperm(len(fitting), generator=torch.Generator().manual_seed(0))
    return [fitting[k] for k in order[:n].tolist()]


if __name__ == "__main__":
    main()
