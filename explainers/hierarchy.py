"""Players in a binary tree: which regions belong together, from single ones to the whole picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from scipy.cluster.hierarchy import linkage
from torch import Tensor

from explainers.masking import Cells
from explainers.players import Segments


@dataclass(frozen=True)
class Node:
    """Two parts, or none: a single player."""

    players: tuple[int, ...]
    parts: tuple[Node, ...] = ()


def tree(players: Cells | Segments, x: Float[Tensor, "c h w"]) -> Node:
    """Halves of halves of a grid; for superpixels, merges of those alike in colour and place."""
    if isinstance(players, Cells):
        return halved(torch.arange(players.d).view(players.rows, players.cols))
    return merged(described(players, x))


def halved(grid: Int[Tensor, "rows cols"]) -> Node:
    players = tuple(grid.flatten().tolist())
    if len(players) == 1:
        return Node(players)
    rows, cols = grid.shape
    first, second = grid.tensor_split(2, 0 if rows >= cols else 1)
    return Node(players, (halved(first), halved(second)))


def merged(features: Float[Tensor, "d f"]) -> Node:
    """Ward's method: the two groups that lose least by having one mean become one."""
    nodes = [Node((j,)) for j in range(len(features))]
    for a, b, *_ in linkage(features.numpy(), "ward") if len(features) > 1 else ():
        parts = nodes[int(a)], nodes[int(b)]
        nodes.append(Node(parts[0].players + parts[1].players, parts))
    return nodes[-1]


def described(players: Segments, x: Float[Tensor, "c h w"]) -> Float[Tensor, "d f"]:
    """Mean colour and mean place, in sides of the picture, of each superpixel."""
    h, w = players.cell.shape
    place = torch.cartesian_prod(torch.arange(h) / h, torch.arange(w) / w)
    pixels = torch.cat([x.cpu().flatten(1).mT, place], 1).double()
    sums = torch.zeros(players.d, pixels.shape[1], dtype=torch.float64).index_add_(0, players.cell.flatten(), pixels)
    return sums / players.cell.flatten().bincount()[:, None]
