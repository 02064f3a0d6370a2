"""The numbers of a study, as NumPy reads them. Concepts go by their index, pictures as in the study."""

from __future__ import annotations

import numpy as np

from app.export.npz import archived
from app.export.studies.study import Study

MISSING = float("nan")  # where nobody knows


def written(study: Study) -> bytes:
    """`D` and `offset` are the bank (a ≈ codes D + offset), `codes` the coefficients, `shares` each picture's.

    `importance`, `stderr` and `share` are each concept's, `cluster` each picture's strategy (−1: none); `members` to
    `edges` are of the strategies: what `cluster` says as a table, mean shares, and (first, second, weight).
    """
    bank = study.arrays("dictionary")
    concepts = sorted(study.concepts, key=lambda concept: int(concept["index"]))
    images, strategies = study.images, study.strategies
    right = [MISSING if image["right"] is None else float(image["right"]) for image in images]
    none = [MISSING] * 3
    edges = [[edge["first"], edge["second"], edge["weight"]] for edge in study.result["edges"]]
    return archived(
        {
            "D": bank["D"],
            "offset": bank["offset"],
            "codes": study.arrays("codes")["codes"],
            "shares": study.arrays("shares")["shares"],
            "importance": np.array([each["importance"] for each in concepts]),
            "stderr": np.array([MISSING if each["stderr"] is None else each["stderr"] for each in concepts]),
            "share": np.array([each["share"] for each in concepts]),
            "numbers": np.array([image["number"] for image in images]),
            "probability": np.array([image["probability"] for image in images]),
            "right": np.array(right),
            "projection": np.array([[image["x"], image["y"]] for image in images]),
            "cluster": np.array([image["cluster"] for image in images]),
            "members": np.array(
                [[image["cluster"] == each["index"] for image in images] for each in strategies], dtype=bool
            ).reshape(len(strategies), len(images)),
            "cluster_share": np.array([each["importance"] for each in strategies]).reshape(
                len(strategies), len(concepts)
            ),
            "prevalence": np.array([each["prevalence"] for each in strategies]),
            "reliability": np.array([each["reliability"] or none for each in strategies]).reshape(-1, 3),
            "edges": np.array(edges).reshape(-1, 3),
        }
    )
