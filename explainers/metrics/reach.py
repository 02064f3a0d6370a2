"""How well any additive map could predict what removals cost: the ceiling of μ-fidelity on these very rows."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.metrics.fidelity import correlation

RATIOS = np.logspace(-3, 3, 19)  # candidates of the ridge's strength, in mean eigenvalues of the design
NOTHING = 1e-30  # a design that never varies predicts nothing


def reachable(absent: Float[Tensor, "n q"], lost: Float[Tensor, "n t"]) -> Float[np.ndarray, " t"]:
    """The correlation of each column of `lost` with its prediction by a ridge regression that has not seen the row.

    Leave-one-out in closed form, (ŷ − H_ii y) / (1 − H_ii), at the strength that serves the column best.
    """
    X, y = absent.double().numpy(), lost.double().numpy()
    X, y = X - X.mean(0), y - y.mean(0)
    U, s, _ = np.linalg.svd(X, full_matrices=False)
    power, projected = s**2, U.T @ y
    best = np.full(y.shape[1], -1.0)
    for strength in RATIOS * max(power.mean(), NOTHING):
        kept = power / (power + strength)
        own = (U**2 @ kept + 1 / len(y))[:, None]  # 1 / n: the mean is fitted, too
        left_out = (U @ (kept[:, None] * projected) - own * y) / (1 - own)
        best = np.maximum(best, correlation(left_out, y))
    return best
