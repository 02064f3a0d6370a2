"""How much two players say together beyond what each says alone: one player with every other, from the same rows.

The Banzhaf interaction index is the slope of a player's gain in the presence of another: Grabisch and Roubens, "An
axiomatic approach to the concept of interaction among players in cooperative games", 1999; as least squares, Hammer and
Holzman, "Approximations of pseudo-Boolean functions", 1992.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

PAIRS = 32  # of complementary rows, at least
SPARE = 2  # pairs for each other player, so that there is something left to tell the error from


class Interactions(NamedTuple):
    """With each other player, and a standard error of each; zero with itself."""

    values: Float[Tensor, " d"]
    stderr: Float[Tensor, " d"]


def interactions(value: Callable[[Tensor], Tensor], d: int, player: int, seed: int = 0) -> Interactions:
    """I(i, j) = E_S [v(S ∪ ij) − v(S ∪ i) − v(S ∪ j) + v(S)] for player i and all j, S any set of the others alike.

    `value`: (rows, d) in {0, 1} → (rows,). With g(S) = v(S ∪ i) − v(S), the index is the slope of g in z_j; halves
    (g(z) − g(1 − z)) / 2 = Σ_j I(i, j) (z_j − ½) are fitted, in which sets of three players cancel. Costs 4 rows a
    pair: 128, or 8 (d − 1) for more than 17 players. Exact, with a standard error of zero, where all rows fit into
    that. Raises ValueError for a player that is none.
    """
    if not 0 <= player < d:
        raise ValueError(f"player must lie in [0, {d - 1}]; got {player}")
    z, certain = halves(d - 1, max(PAIRS, SPARE * (d - 1)), torch.Generator().manual_seed(seed))
    rows = torch.stack([z, 1 - z]).flatten(0, 1)
    here = torch.stack([with_player(rows, player, present) for present in (1.0, 0.0)]).flatten(0, 1)
    gain = value(here).detach().cpu().double().view(2, 2, len(z))
    half = (gain[0] - gain[1])[0] - (gain[0] - gain[1])[1]
    C, e = z.double() - 0.5, half / 2
    inverse = torch.linalg.pinv(C.mT @ C, hermitian=True)
    slopes = inverse @ (C.mT @ e)
    D = C @ inverse
    # the sandwich of the pairs, each residual as if its pair had not been fitted (HC3)
    left = (e - C @ slopes) / (1 - (D * C).sum(1)).clamp(min=1e-6)
    stderr = torch.zeros_like(slopes) if certain else (D.square().mT @ left.square()).sqrt()
    return Interactions(*(with_player(part[None], player, 0.0)[0].float() for part in (slopes, stderr)))


def halves(d: int, n: int, rng: torch.Generator) -> tuple[Float[Tensor, "p d"], bool]:
    """One of each complementary pair of rows, and whether they are all that there are."""
    if 1 << max(d - 1, 0) <= n:
        every = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * d).view(-1, d) if d else torch.zeros(1, 0)
        return every[: max(len(every) // 2, 1)], True
    return (torch.rand(n, d, generator=rng) < 0.5).float(), False


def with_player(rows: Tensor, player: int, present: float) -> Tensor:
    """The rows with a column for the player."""
    column = rows.new_full((len(rows), 1), present)
    return torch.cat([rows[:, :player], column, rows[:, player:]], 1)
