from __future__ import annotations

import numpy as np
import pytest
import torch

from explainers import build
from tests.oracles import LinearScore

SIZE = (24, 37)


@pytest.mark.parametrize(("window", "stride"), [(6, 6), (8, 5), (5, 5), (7, 3), (12, 12)])
def test_exact_on_an_additive_score(window: int, stride: int, rng: torch.Generator) -> None:
    """A pixel's value is the mean, over the windows that hold it, of what the window contributes."""
    weight, x = torch.randn(2, *SIZE, generator=rng), torch.rand(3, *SIZE, generator=rng)
    *_, last = build("occlusion", {"window": window, "stride": stride, "baseline": "black"}).explain(
        LinearScore(weight, bias=2.0), x, rng
    )
    contribution = (weight * x.mean(0)).double().numpy()
    lost, coverage = np.zeros_like(contribution), np.zeros(SIZE)
    h, w = SIZE
    for top in sorted({*range(0, h - window, stride), h - window}):
        for left in sorted({*range(0, w - window, stride), w - window}):
            box = np.s_[..., top : top + window, left : left + window]
            lost[box] += contribution[box].sum((1, 2), keepdims=True)
            coverage[box] += 1
    assert coverage.min() >= 1
    assert last.result.values == pytest.approx(lost / coverage, abs=1e-4)  # float32 sums of 888 pixels
    assert last.result.signed
    assert last.result.stderr is None


def test_what_helps_is_positive(rng: torch.Generator) -> None:
    weight = torch.zeros(1, *SIZE)
    weight[0, 2:6, 30:34] = 1
    *_, last = build("occlusion", {"window": 8, "stride": 4, "baseline": "black"}).explain(
        LinearScore(weight), torch.ones(3, *SIZE), rng
    )
    peak = np.unravel_index(last.result.values[0].argmax(), SIZE)
    assert (peak[0] < 8, peak[1] >= 26) == (True, True)
    assert last.result.values.min() >= -1e-4


def test_the_window_must_fit(rng: torch.Generator) -> None:
    steps = build("occlusion").explain(LinearScore(torch.zeros(1, *SIZE)), torch.ones(3, *SIZE), rng)
    with pytest.raises(ValueError, match="window must be smaller than the 37 × 24 input; got 32"):
        next(iter(steps))
