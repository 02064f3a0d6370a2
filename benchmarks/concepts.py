"""Concepts of real classes: how good each kind of dictionary is, beside ACE, and where the time goes.

python -m benchmarks.concepts --data FOLDER. The folder holds `one_class/`, a folder of photographs for each class, and
`imagenet_classes.json`. Of each class, the photographs that the model takes for it.

C-deletion is the mean score, and the area below it while concepts are taken away, the most important first; lower is
better. It is given as a share of what the concepts add in all, so that dictionaries that say more or less of an
activation can be compared, and as it is. By chance: the mean over random orders of the same concepts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from PIL import Image
from sklearn.decomposition import NMF
from torch import Tensor

import explainers
import models
from benchmarks.record import write
from explainers import ConceptBank
from explainers.concepts.bank import rows
from explainers.concepts.dictionaries import learn
from explainers.concepts.quality import agreement, deletion, likeness, relative_error, sparsity

CONCEPTS = 10
FACTORIZERS = ("nmf", "semi_nmf", "kmeans", "pca")
DISCOVERY = 40  # photographs for ACE, as published
ORDERS = 10
LEAST = 0.1  # of a logit: of PCA's directions, counted from the mean, the sum is nothing
PUBLISHED_SOBOL = 32  # base samples of an image

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="efficientnet_lite0")
    args = parser.parse_args()
    model = models.load(args.model)
    wnids = {entry["wnid"]: entry["index"] for entry in json.loads((args.data / "imagenet_classes.json").read_text())}
    told = {}
    for folder in sorted((args.data / "one_class").iterdir()):
        wnid, _, name = folder.name.partition("_")
        told[name] = of_class(model, folder, wnids[wnid])
        print(name, json.dumps(told[name]), flush=True)
    write("concepts", {"model": args.model, "concepts": CONCEPTS, "classes": told, "median": medians(told)})


def of_class(model: models.ImageClassifier, folder: Path, target: int) -> dict[str, object]:
    photographs = [Image.open(path).convert("RGB") for path in sorted(folder.glob("*.jpg"))]
    images = [x for x, c in zip(photographs, model.predict(photographs).argmax(1), strict=True) if c == target]
    found: dict[str, object] = {"photographs": len(images)}
    for factorizer in FACTORIZERS:
        bank = explainers.fit_concepts(model, images, target, n_concepts=CONCEPTS, factorizer=factorizer)
        found[factorizer] = judged(bank) | {"stability": halves(bank, factorizer)}
        if factorizer == "nmf":
            found["seconds"] = seconds(model, images, bank)
    ace = explainers.fit_ace(model, images[:DISCOVERY], target).bank
    # on the same photographs as the others
    a = ace.activate(model, images)
    found["ace"] = judged(ConceptBank(ace.split, ace.dictionary, ace.encode(a), a, ace.crops, target))
    return found


def judged(bank: ConceptBank) -> dict[str, float]:
    a, rebuilt = rows(bank.activations), rows(bank.decode(bank.codes))
    phi, score = bank.importance().values, bank.mixed()
    with torch.inference_mode():
        full, none = (float(score(torch.full_like(phi, m)).double().mean()) for m in (1.0, 0.0))
        areas = {"C-deletion": float(deletion(score, phi).mean())}
        by_chance = [
            float(deletion(score, torch.rand(phi.shape, generator=torch.Generator().manual_seed(k))).mean())
            for k in range(ORDERS)
        ]
        areas["C-deletion by chance"] = statistics.mean(by_chance)
    return {
        "concepts": len(bank.D),
        "relative error": relative_error(a, rebuilt),
        "sparsity": sparsity(rows(bank.codes)),
        "agreement": agreement(bank.split.head, bank.activations, bank.decode(bank.codes)),
        "logit": full,
        "logit without concepts": none,
        **areas,
        **{f"{name}, as a share": (area - none) / (full - none) for name, area in areas.items() if full - none > LEAST},
    }


def halves(bank: ConceptBank, factorizer: str) -> float:
    """Mean cosine of matched atoms of two halves of the photographs."""
    order = torch.randperm(len(bank.activations), generator=torch.Generator().manual_seed(0))
    first, second = (learn(rows(bank.activations[half]), CONCEPTS, factorizer, 0).D for half in order.chunk(2))
    return likeness(first, second, factorizer)


def seconds(model: models.ImageClassifier, images: list[Image.Image], bank: ConceptBank) -> dict[str, dict[str, float]]:
    """Of each stage here, and by scikit-learn and one image at a time."""
    A = rows(bank.activations)
    x = torch.stack([model.prepare(image) for image in images])
    head, u, D = bank.split.head, bank.codes, bank.D

    def one_by_one() -> Tensor:
        return torch.cat([bank.split.encode(one[None]) for one in x])

    def published() -> None:
        """Total Sobol indices of 10 images, 32 (k + 2) forwards of the head each."""
        rng = torch.Generator().manual_seed(0)
        for i in range(10):
            M = torch.rand(PUBLISHED_SOBOL * (CONCEPTS + 2), CONCEPTS, generator=rng)
            with torch.inference_mode():
                head(torch.einsum("nkhw,kp->nphw", M[:, :, None, None] * u[i], D))

    solver = NMF(CONCEPTS, max_iter=500, random_state=0)
    here, there = {}, {}
    here["activations"], _ = timed(lambda: bank.split.encode(x))
    there["activations"], _ = timed(one_by_one)
    here["dictionary"], _ = timed(lambda: learn(A, CONCEPTS, "nmf", 0))
    there["dictionary"], _ = timed(lambda: solver.fit(A.double().numpy()))
    here["codes"], _ = timed(lambda: bank.encode(bank.activations))
    there["codes"], _ = timed(lambda: solver.transform(A.double().numpy()))
    here["importance"], _ = timed(bank.importance)
    ten, _ = timed(published)
    there["importance"] = ten * len(images) / 10
    return {"here": here, "scikit-learn, one image at a time, Sobol as published": there}


def timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    done = work()
    return time.perf_counter() - start, done


def medians(told: dict[str, dict[str, object]]) -> dict[str, dict[str, float]]:
    """Over classes."""
    found = {}
    for kind in (*FACTORIZERS, "ace"):
        tables = [table[kind] for table in told.values()]
        assert all(isinstance(table, dict) for table in tables)
        found[kind] = {name: statistics.median(table[name] for table in tables) for name in tables[0]}  # type: ignore[index, attr-defined]
    return found


if __name__ == "__main__":
    main()
