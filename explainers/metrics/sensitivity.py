"""Max-sensitivity: how far the map moves when the input hardly does.

Yeh et al., "On the (In)fidelity and Sensitivity of Explanations", 2019 (arXiv:1901.09392).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.params import Parameters, Range
from explainers.types import Progress


@dataclass(frozen=True)
class Movement:
    """‖φ(x′) − φ(x)‖ / ‖φ(x)‖ over n neighbours x′. The largest of n rises with n; the quantiles do not."""

    median: float
    high: float
    largest: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Sensitivity(Parameters):
    """Neighbours are uniform in a cube about the input, the same number for every map. Costs n + 1 explanations."""

    n: Annotated[int, Range(2, 1000, "Neighbours.")] = 10
    radius: Annotated[float, Range(0, 1, "Largest change of one pixel, in [0, 1].")] = 0.02

    def evaluate(
        self, mapped: Callable[[Tensor], Tensor], x: Float[Tensor, "*shape"], rng: torch.Generator
    ) -> Iterator[Progress[Movement]]:
        """`mapped` explains an input; any noise of its own counts as movement, so give it one seed."""
        original = mapped(x).double()
        size = original.norm()
        moved: list[Tensor] = []
        for done in range(1, self.n + 1):
            neighbour = x + self.radius * (2 * torch.rand(x.shape, generator=rng) - 1).to(x)
            step = (mapped(neighbour).double() - original).norm()
            # a map of nothing that stays one has not moved
            moved.append(step / size if step > 0 else step)
            ratios = torch.stack(moved)
            quantiles = [float(torch.quantile(ratios, q, interpolation="higher")) for q in (0.5, 0.9)]
            yield Progress(done, self.n, Movement(quantiles[0], quantiles[1], float(ratios.max()), done))
