"""Agreement of two maps of the same players. Both keep their signs: opposite maps disagree."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.metrics.fidelity import rank_correlation


@dataclass(frozen=True)
class Agreement:
    """Spearman's correlation of the values; share of players of equal sign; share of the top decile in common."""

    spearman: float
    signs: float
    top: float


def compare(a: Float[Tensor, " d"], b: Float[Tensor, " d"]) -> Agreement:
    """A constant map agrees with another constant map, and has correlation 0 with any other.

    Ties at the border of a decile count by the share of them that fits: no order among equals is invented.
    """
    flat = torch.tensor([float(part.max() - part.min()) for part in (a, b)]) == 0
    columns = (part.numpy()[:, None] for part in (a, b))
    spearman = 1.0 if bool(flat.all()) else float(rank_correlation(*columns)[0])
    first, second = (_top(part.numpy()) for part in (a, b))
    size = math.ceil(len(a) / 10)
    return Agreement(
        spearman, float((a.sign() == b.sign()).double().mean()), float(np.minimum(first, second).sum()) / size
    )


def _top(values: Float[np.ndarray, " d"]) -> Float[np.ndarray, " d"]:
    """1 for what lies in the top decile, 0 for what does not, a fraction for ties at its border."""
    size = math.ceil(len(values) / 10)
    border = np.sort(values)[-size]
    above, at = values > border, values == border
    share: Float[np.ndarray, " d"] = above + at * (size - above.sum()) / at.sum()
    return share
