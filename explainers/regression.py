"""The centred mask map from few forwards: a Bayesian regression of the score on pooled masks.

The map wanted is A(l) = Cov(f, M(l)) / Var M(l), one covariance per pixel. A sample covariance pays for each of them
with the noise of all other regions. But Cov(f, M(l)) = Σ_q w_q Cov(M_q, M(l)), where w regresses f on masks pooled to
a grid about as fine as they vary, and Cov(M_q, M(l)) follows exactly from the design. So w is all there is to
estimate, and a regression explains the other regions away instead of averaging over them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from explainers.evidence import EvidenceRidge
from explainers.masking import Scored, ShiftedCells

POOL = 2  # pooled cells per mask cell along each side
STEP = 8  # pixels between points where the standard error is computed: it varies no faster than a mask cell


class MaskRegression:
    """Collects units (observations of mean zero, see `rise.units`) and solves whenever asked.

    The prior of w is N(0, τ² K), K falling as exp(−distance) with the distance in mask cells: neighbours tend to agree,
    which is worth most while masks are few. K = L Lᵀ goes into the weights: w = L u with u ~ N(0, τ² I), of which
    `EvidenceRidge` takes care.
    """

    def __init__(self, players: ShiftedCells, p: float, t: int) -> None:
        self.players, self.p = players, p
        self.down, self.slope_down = _side(players.down)
        self.across, self.slope_across = _side(players.across)
        self.ridge = EvidenceRidge(self.down.shape[1] * self.across.shape[1], t)

    def add(self, unit: Scored) -> None:
        z, f = unit.z.cpu(), unit.score.cpu().double()  # a few hundred numbers: not worth a launch on the device
        z = torch.cat([z[:, :-2] - self.p, z[:, -2:]], 1).double()
        self.ridge.add(self.players.through(z, self.down, self.across).flatten(1), f)

    def map(self) -> tuple[Float[Tensor, "t h w"], Float[Tensor, "t h w"]]:
        """The posterior mean of the map and its standard deviation."""
        weights = self.ridge.solve()
        values = self._lift(weights.mean.mT, self.slope_down, self.slope_across)
        # the posterior variance in each direction of u, carried through the same slopes
        directions = self._lift(weights.V.mT, self.slope_down[::STEP], self.slope_across[::STEP])
        variance = torch.einsum("qt,qhw->thw", weights.variance, directions.square())
        stderr = F.interpolate(variance.sqrt()[None], values.shape[-2:], mode="bilinear", align_corners=True)[0]
        return values, stderr

    def _lift(
        self, u: Float[Tensor, "k q"], down: Float[Tensor, "h qh"], across: Float[Tensor, "w qw"]
    ) -> Float[Tensor, "k h w"]:
        grid: Tensor = u.unflatten(1, (down.shape[1], across.shape[1]))
        return down @ grid @ across.mT


def _side(
    weights: Float[Tensor, "shift side cells"],
) -> tuple[Float[Tensor, "shift pooled cells"], Float[Tensor, "side pooled"]]:
    """Along one side: the interpolation weights of the pooled mask, and Cov(M_q, M(l)) / Var M(l), both times L.

    The product over the two sides is exact; p (1 − p) cancels.
    """
    weights = weights.double()
    _, side, cells = weights.shape
    bins = min(POOL * cells, side)
    pooled = F.adaptive_avg_pool1d(weights.mT, bins).mT
    slopes = torch.einsum("sia,sqa->iq", weights, pooled) / weights.square().sum((0, 2))[:, None]
    place = torch.arange(bins, dtype=torch.float64) * cells / bins
    L = torch.linalg.cholesky(torch.exp(-(place[:, None] - place).abs()))
    return L.mT @ pooled, slopes @ L
