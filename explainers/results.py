"""From an estimate on the scoring device to an `Attributions`: torch inside, numpy out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.types import Attributions, ScoreFunction, Word

GROWTH = 1.1  # of the rows scored between two previews: an estimate goes through all rows so far


def attributions(
    score: ScoreFunction,
    scores: Float[Tensor, " t"],
    values: Float[Tensor, " t *shape"],
    *,
    signed: bool,
    stderr: Float[Tensor, " t *shape"] | None = None,
    deltas: Float[Tensor, " t"] | None = None,
    words: tuple[Word, ...] = (),
    meta: Mapping[str, object] | None = None,
) -> Attributions:
    """`deltas`: the sum of each map minus what it should sum to; `meta`: what a reader of this result should know."""
    return Attributions(
        values=values.float().numpy(force=True),
        classes=score.classes,
        scores=tuple(scores.tolist()),
        output=score.output,
        signed=signed,
        stderr=None if stderr is None else stderr.float().numpy(force=True),
        words=words,
        deltas=None if deltas is None else tuple(deltas.tolist()),
        meta=dict(meta or {}),
    )


def settled(result: Attributions, tolerance: float) -> bool:
    """Whether the first class's map is stable: its standard error, where it is largest, small against its range.

    "Largest" is the top decile, so that one noisy corner does not keep the run going. A flat map never settles.
    """
    if tolerance == 0 or result.stderr is None:
        return False
    spread = float(np.ptp(result.values[0]))
    return spread > 0 and float(np.quantile(result.stderr[0], 0.9)) < tolerance * spread
