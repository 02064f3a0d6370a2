"""The perturbation engine: v(z) = f(m(z) ⊙ x + (1 − m(z)) ⊙ x̄), a batch at a time.

A black-box method is a design (which rows z), players (how a row becomes a mask) and an estimator. Only the rows are
kept; masks live on the scoring device for one batch, so peak memory does not depend on how many there are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from explainers.types import Players, ScoreFunction, Word

Baseline = Literal["mean", "black", "blur"]

FIRST = 8  # rows of the first batch: an early preview


@dataclass(frozen=True)
class Scored:
    """One batch: the rows, their masks over positions, their scores."""

    z: Float[Tensor, "b d"]
    mask: Float[Tensor, "b 1 *grid"]
    score: Float[Tensor, "b t"]


@dataclass(frozen=True)
class MaskedScore:
    """A `ValueFunction`: the score of the input when its players are present to the degrees z."""

    score: ScoreFunction
    x: Float[Tensor, " c *grid"]
    nobody: Float[Tensor, " c *grid"]
    players: Players

    @property
    def d(self) -> int:
        return self.players.d

    def stream(self, rows: Iterable[Float[Tensor, "_ d"]]) -> Iterator[Scored]:
        x, absent = self.score.place(self.x), self.score.place(self.nobody)
        for z in rows:
            z = self.score.place(z)
            mask = self.players.lift(z)
            yield Scored(z, mask, self.score(torch.lerp(absent, x, mask)))

    def __call__(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n t"]:
        return torch.cat([batch.score for batch in self.stream(z[part] for part in batches(len(z), self.score))])


def on(score: ScoreFunction, x: Float[Tensor, "c h w"], baseline: Baseline, players: Players) -> MaskedScore:
    x = score.place(x)
    return MaskedScore(score, x, absent(baseline, x, score.neutral), players)


def batches(n: int, score: ScoreFunction, first: int | None = None, multiple: int = 1) -> Iterator[slice]:
    """Consecutive parts of n rows, as large as the score takes them at that moment; with `first`, growing from there.

    Every part but the last is a multiple of `multiple`, for rows that belong together.
    """
    start, size = 0, first or n
    while start < n:
        part = max(multiple, min(size, score.batch_size) // multiple * multiple)
        yield slice(start, min(start + part, n))
        start, size = start + part, size * 2


def absent(baseline: Baseline, x: Float[Tensor, "c h w"], neutral: Float[Tensor, " c"]) -> Float[Tensor, "c h w"]:
    """What replaces an absent region, in pixel space.

    `mean` is the colour that the model's normalisation maps to zero, the published choice of RISE and Sobol; `black` is
    zero in [0, 1]; `blur` is the image under a Gaussian of a tenth of its shorter side.
    """
    match baseline:
        case "mean":
            return neutral[:, None, None].expand_as(x)
        case "black":
            return torch.zeros_like(x)
        case "blur":
            return blur(x, min(x.shape[-2:]) / 10)


def blur(x: Float[Tensor, "c h w"], sigma: float) -> Float[Tensor, "c h w"]:
    """A separable Gaussian cut at three sigma; the border is continued by its edge pixels."""
    for dim in (-2, -1):
        size = x.shape[dim]
        offset = torch.arange(size, device=x.device)
        radius = math.ceil(3 * sigma)
        taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, device=x.device) / sigma) ** 2)
        source = (offset[:, None] + torch.arange(-radius, radius + 1, device=x.device)).clamp(0, size - 1)
        kernel = x.new_zeros(size, size).scatter_add_(1, source, (taps / taps.sum()).to(x.dtype).expand(size, -1))
        x = (x.transpose(dim, -1) @ kernel.T).transpose(dim, -1)
    return x


@dataclass(frozen=True)
class Cells:
    """A grid of rows × cols rectangles that tile the image, also where they do not divide it."""

    rows: int
    cols: int
    size: tuple[int, int]

    @property
    def d(self) -> int:
        return self.rows * self.cols

    @cached_property
    def cell(self) -> Int[Tensor, "h w"]:
        """The player of every pixel."""
        h, w = self.size
        down, across = torch.arange(h) * self.rows // h, torch.arange(w) * self.cols // w
        return down[:, None] * self.cols + across

    @property
    def words(self) -> tuple[Word, ...]:
        return ()

    def lift(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b 1 h w"]:
        # nearest, not bilinear: a blurred border would credit both neighbours
        return z[:, self.cell.to(z.device)][:, None]

    def paint(self, values: Float[Tensor, "t d"]) -> Float[Tensor, "t h w"]:
        return self.lift(values)[:, 0]

    def pool(self, values: Float[Tensor, "h w"]) -> Float[Tensor, " d"]:
        """The mean of a map over each cell."""
        cell = self.cell.flatten()
        sums = torch.zeros(self.d, dtype=torch.float64).index_add_(0, cell, values.flatten().double())
        return (sums / cell.bincount(minlength=self.d)).float()


@dataclass(frozen=True)
class ShiftedCells:
    """RISE's masks: a coarse grid enlarged bilinearly by one cell more than the image, cropped at a random shift.

    A row z is the grid, then the shift down and across as fractions of a cell. Masks are
    Σ_ab u_a(i + s) v_b(j + t) z_ab with interpolation weights u and v, two small matrix products per mask.
    """

    rows: int
    cols: int
    size: tuple[int, int]

    @property
    def d(self) -> int:
        return self.rows * self.cols + 2

    @cached_property
    def down(self) -> Float[Tensor, "shift h rows"]:
        return _shifted(self.size[0], self.rows)

    @cached_property
    def across(self) -> Float[Tensor, "shift w cols"]:
        return _shifted(self.size[1], self.cols)

    @cached_property
    def spread(self) -> Float[Tensor, "h w"]:
        """Var M(l) of independent cells, in units of the variance of one; below one between the cells' centres."""
        down, across = (weights.square().sum(2).mean(0) for weights in (self.down, self.across))
        return down[:, None] * across

    def lift(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b 1 h w"]:
        return self.through(z, self.down, self.across)

    def through(
        self, z: Float[Tensor, "b d"], down: Float[Tensor, "shift h rows"], across: Float[Tensor, "shift2 w cols"]
    ) -> Float[Tensor, "b 1 h w"]:
        """The mask by other weights than the pixels': `down` and `across` averaged over pixels give the pooled mask."""
        grid, shift = z[:, :-2].unflatten(1, (self.rows, self.cols)), z[:, -2:]
        s = (shift[:, 0] * len(down)).long()
        t = (shift[:, 1] * len(across)).long()
        mask: Tensor = down.to(z)[s] @ grid @ across.to(z)[t].mT
        return mask[:, None]


def _shifted(side: int, cells: int) -> Float[Tensor, "shift side cells"]:
    """Bilinear weights from `cells` values to `side` pixels, one matrix per shift."""
    step = -(-side // cells)
    weights = F.interpolate(torch.eye(cells)[None], size=(cells + 1) * step, mode="linear")[0].T
    return torch.stack([weights[shift : shift + side] for shift in range(step)])


@dataclass(frozen=True)
class Windows:
    """Square windows `stride` apart; the last of each row and column moves back to end at the border."""

    window: int
    stride: int
    size: tuple[int, int]

    @cached_property
    def inside(self) -> tuple[Float[Tensor, "rows h"], Float[Tensor, "cols w"]]:
        """1 where a window of that row (that column) of windows holds the row (the column) of pixels."""
        down, across = (self._spans(side) for side in self.size)
        return down, across

    def _spans(self, side: int) -> Float[Tensor, "_ side"]:
        starts = torch.tensor([*range(0, side - self.window, self.stride), side - self.window])[:, None]
        pixel = torch.arange(side)
        return ((pixel >= starts) & (pixel < starts + self.window)).float()

    @property
    def d(self) -> int:
        down, across = self.inside
        return len(down) * len(across)

    def lift(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b 1 h w"]:
        """Where windows overlap, the absences add up to at most one."""
        return (1 - self.cover(1 - z)).clamp(min=0)[:, None]

    def cover(self, weights: Float[Tensor, "b d"]) -> Float[Tensor, "b h w"]:
        """Σ_j weights_j over the windows that hold the pixel."""
        down, across = (part.to(weights) for part in self.inside)
        grid: Tensor = weights.unflatten(1, (len(down), len(across)))
        return down.mT @ grid @ across
