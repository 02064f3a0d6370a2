"""Pictures whose truth is known: two coloured squares on noise, and a small network that says which colours it sees."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tests.oracles import Oracle, classifier

SIZE, SIDE = (56, 56), 14
COLOURS = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]])


@dataclass(frozen=True)
class Picture:
    """The colours of its two squares, and where each is."""

    x: Float[Tensor, "3 h w"]
    colours: tuple[int, int]
    corners: tuple[tuple[int, int], tuple[int, int]]


def picture(rng: torch.Generator) -> Picture:
    """One square in the left half, one in the right, so that they never meet; noise everywhere."""
    x = 0.45 + 0.08 * torch.randn(3, *SIZE, generator=rng)
    first, second = torch.randperm(len(COLOURS), generator=rng)[:2].tolist()
    corners = []
    for colour, left in ((first, 0), (second, SIZE[1] // 2)):
        row = int(torch.randint(SIZE[0] - SIDE, (), generator=rng))
        column = left + int(torch.randint(SIZE[1] // 2 - SIDE, (), generator=rng))
        square = COLOURS[colour][:, None, None] + 0.08 * torch.randn(3, SIDE, SIDE, generator=rng)
        x[:, row : row + SIDE, column : column + SIDE] = square
        corners.append((row, column))
    return Picture(x.clamp(0, 1), (first, second), (corners[0], corners[1]))


def trained() -> Oracle:
    """A few seconds; a logit per colour, each for itself."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = nn.Sequential(
            nn.Conv2d(3, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
            nn.Linear(16, len(COLOURS)),
        )
        rng = torch.Generator().manual_seed(0)
        optimiser = torch.optim.Adam(module.parameters(), 5e-3)
        for _ in range(150):
            batch = [picture(rng) for _ in range(32)]
            truth = torch.zeros(32, len(COLOURS))
            for row, each in zip(truth, batch, strict=True):
                row[list(each.colours)] = 1
            loss = nn.functional.binary_cross_entropy_with_logits(module(torch.stack([p.x for p in batch])), truth)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return classifier(module, len(COLOURS), SIZE, mean=(0.45, 0.45, 0.45))
