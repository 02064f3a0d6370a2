"""Places of the model's concept layer switched off: what the rest of the network answers to those that are on.

After the cell mask of CHM-Corr++ (Nguyen, Taesiri, Kim and Nguyen, 2024, arXiv:2404.05238). Here nothing but the mask
changes, so that with all cells on the answer is exactly the unedited one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from app.failures import RequestError
from app.jobs.easel import Easel

SETS = 20  # of other cells, as many as are off


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The cells that are off, numbered row by row. Raises RequestError.

    Answers with the layer's grid and the probabilities, and the least and greatest of them when as many random cells
    are off instead.
    """

    off: frozenset[int]

    def answer(self, easel: Easel) -> dict[str, Any]:
        cut, a = easel.cut
        if a.ndim != 4:
            raise RequestError(f"{cut.layer} of {easel.model.card.name} has no rows and columns to switch off.")
        rows, columns = a.shape[2:]
        d = rows * columns
        for cell in self.off:
            if not 0 <= cell < d:
                raise RequestError(f"off must name cells in [0, {d - 1}]; got {str(cell)[:20]}")
        if len(self.off) == d:
            raise RequestError(f"off must leave at least one of the {d} cells on; got all of them")
        drawn = random.Random(easel.run.spec.seed)
        others = [frozenset(drawn.sample(range(d), len(self.off))) for _ in range(SETS)] if self.off else []
        on = torch.ones(2 + len(others), d, dtype=torch.bool)
        for row, off in zip(on[1:], [self.off, *others], strict=True):
            row[list(off)] = False
        with torch.inference_mode():
            answers = cut.head(repooled(a, on)).softmax(1)[:, list(easel.score.classes)].cpu()
        control = answers[2:]
        return {
            "rows": rows,
            "columns": columns,
            "layer": cut.layer,
            "before": answers[0].tolist(),
            "probabilities": answers[1].tolist(),
            "band": {
                "low": control.amin(0).tolist() if others else [],
                "high": control.amax(0).tolist() if others else [],
                "sets": len(others),
            },
        }


def repooled(a: Float[Tensor, "1 p h w"], on: Bool[Tensor, "n d"]) -> Float[Tensor, "n p h w"]:
    """Off cells take the mean of those that are on, so that average pooling pools from those; all on, `a` itself."""
    kept = on[:, None].to(a)
    mean = (a.flatten(2) * kept).sum(2) / kept.sum(2)
    pooled: Tensor = torch.where(on[:, None].to(a.device), a.flatten(2), mean[..., None]).unflatten(2, a.shape[2:])
    return pooled
