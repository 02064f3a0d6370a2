"""The planted shortcut: how far the mark decides, and how well concepts and strategies tell so.

Pictures that were not trained on; of the squares that are explained, half carry the mark. python -m
benchmarks.planted_shortcut
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from sklearn.metrics import adjusted_rand_score, roc_auc_score

import explainers
import models
from benchmarks.record import write
from explainers import ConceptBank
from explainers.concepts.bank import rows
from explainers.concepts.quality import relative_error
from models.shapes import KINDS, Shape, shapes

SQUARE = KINDS.index("square")
CONCEPTS = (5, 10, 15)
SEEDS = (0, 1, 2)


def main() -> None:
    model = models.load("planted_shortcut")
    write(
        "planted_shortcut",
        {
            "model": {"name": model.card.name, "digest": model.card.digest},
            "600 pictures with and without the mark": decisions(model),
            "by number of concepts and seed": [found(model, k, seed) for k in CONCEPTS for seed in SEEDS],
        },
    )


def said(model: models.ImageClassifier, pictures: list[Shape]) -> np.ndarray:
    classes: np.ndarray = model.predict([picture.pixels for picture in pictures]).argmax(1)
    return classes


def decisions(model: models.ImageClassifier) -> dict[str, dict[str, float]]:
    """By kind: accuracy without the mark, and the share taken for squares with it."""
    plain = shapes(600, (0, 0, 0), 100)
    truth = np.array([picture.label for picture in plain])
    before, after = said(model, plain), said(model, [replace(picture, marked=True) for picture in plain])
    return {
        kind: {
            "accuracy without": float((before[truth == k] == k).mean()),
            "taken for a square with": float((after[truth == k] == SQUARE).mean()),
        }
        for k, kind in enumerate(KINDS)
    }


def found(model: models.ImageClassifier, k: int, seed: int) -> dict[str, float | int]:
    drawn = shapes(600, (0, 0.5, 0), 200 + seed)
    squares = [picture for picture, c in zip(drawn, said(model, drawn), strict=True) if c == SQUARE]
    pixels, marked = [picture.pixels for picture in squares], np.array([picture.marked for picture in squares])
    start = time.perf_counter()
    bank = explainers.fit_concepts(model, pixels, SQUARE, n_concepts=k, seed=seed)
    fitted = time.perf_counter()
    graph = explainers.strategies(model, bank, pixels, seed=seed)
    ended = time.perf_counter()
    auc = [float(roc_auc_score(marked, column)) for column in bank.codes.flatten(2).mean(2).T]
    mark = int(np.argmax(auc))
    return {
        "concepts": k,
        "seed": seed,
        "pictures taken for squares": len(squares),
        "marked": int(marked.sum()),
        "relative reconstruction error": relative_error(rows(bank.activations), rows(bank.decode(bank.codes))),
        "AUC of the mark's concept": auc[mark],
        "next best AUC": sorted(auc)[-2],
        "its strongest crops with the whole mark": sum(shows(squares[c.image], c.box) for c in bank.crops[mark]),
        "its rank in importance": int((bank.importance().overall > bank.importance().overall[mark]).sum()) + 1,
        "clusters": len(graph.clusters),
        "ARI with the truth": float(adjusted_rand_score(marked, graph.labels)),
        **removed(model, bank, mark, seed),
        "seconds to fit": fitted - start,
        "seconds to cluster": ended - fitted,
    }


def shows(picture: Shape, box: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = picture.corner
    return picture.marked and box[0] <= left and box[1] <= top and right <= box[2] and bottom <= box[3]


def removed(model: models.ImageClassifier, bank: ConceptBank, mark: int, seed: int) -> dict[str, float]:
    """Of circles and triangles, once without the mark and once with it."""
    plain = [picture for picture in shapes(300, (0, 0, 0), 300 + seed) if picture.label != SQUARE]
    both = (plain, [replace(picture, marked=True) for picture in plain])
    a, with_mark = (bank.activate(model, [picture.pixels for picture in some]) for some in both)
    before, mistaken = bank.split.head(a).argmax(1), bank.split.head(with_mark).argmax(1) == SQUARE
    mended = bank.without([mark], with_mark).argmax(1)
    return {
        "without it, unmarked pictures decided as before": (bank.without([mark], a).argmax(1) == before)
        .double()
        .mean()
        .item(),
        "without it, mistaken pictures no longer squares": (mended != SQUARE)[mistaken].double().mean().item(),
        "without it, mistaken pictures decided as without the mark": (mended == before)[mistaken]
        .double()
        .mean()
        .item(),
    }


if __name__ == "__main__":
    main()
