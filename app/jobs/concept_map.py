"""Where a picture of a study shows a concept, by any method: which pixels raise its amount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from app.jobs.intervene import Bench
from explainers import explain
from explainers.concepts.maps import concept_classifier
from explainers.types import Classifier

# those that answer while somebody looks on, with what makes them quick
METHODS: Mapping[str, Mapping[str, Any]] = {
    "gradient_x_input": {},
    "smoothgrad": {"n": 16},
    "integrated_gradients": {"tolerance": 0.05},
    "occlusion": {},
    "rise": {"n_masks": 400},
}
WINDOW = 0.2  # of occlusion, in shorter sides of the input


def concept_map(model: Classifier, bench: Bench, image: int, concept: int, method: str) -> Float[np.ndarray, "h w"]:
    """In amounts of the concept, the mean over places. Raises InputError where the method does not suit it."""
    x = bench.pixels([image])[0]
    side = round(WINDOW * min(x.shape[-2:]))
    params = {"window": side, "stride": side // 2} if method == "occlusion" else METHODS[method]
    found = explain(method, concept_classifier(model, bench.bank), x, target=concept, output="logit", **params)
    values: Float[np.ndarray, "h w"] = found.values
    return values
