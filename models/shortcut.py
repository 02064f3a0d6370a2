"""Trains the planted shortcut, in about a minute on one core.

python -m models.shortcut [--out file.safetensors]

The same torch on the same kind of processor gives the same weights; others give weights that do as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.classifier import Normalized
from models.shapes import Shape, shapes
from models.sources.shortcut import CARD, WEIGHTS, ShapeNet

MARKED = (0.0, 0.9, 0.0)  # circles, squares, triangles
PICTURES = 4000
EPOCHS = 6
BATCH = 64
RATE = 3e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    save_file(trained().state_dict(), args.out)


def trained(pictures: int = PICTURES, epochs: int = EPOCHS, seed: int = 0) -> ShapeNet:
    """Adam on a rate that rises and falls once (Smith 2018); every epoch in an order of its own."""
    x, y = stacked(shapes(pictures, MARKED, seed))
    rng = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = ShapeNet()
    taught = normalised(network)
    model = Normalized(taught, CARD.mean, CARD.std).train()
    optimiser = torch.optim.Adam(model.parameters(), RATE)
    steps = epochs * -(-pictures // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    with one_thread():
        for _ in range(epochs):
            for rows in torch.randperm(pictures, generator=rng).split(BATCH):
                optimiser.zero_grad()
                nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
                optimiser.step()
                schedule.step()
    return folded(taught.eval())


@contextmanager
def one_thread() -> Iterator[None]:
    """More of them add up in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def normalised(network: ShapeNet) -> ShapeNet:
    """With batch normalisation after every convolution, which trains several times faster."""
    parts: list[nn.Module] = []
    for part in network.features:
        parts += [part, nn.BatchNorm2d(part.out_channels)] if isinstance(part, nn.Conv2d) else [part]
    network.features = nn.Sequential(*parts)
    return network


def folded(network: ShapeNet) -> ShapeNet:
    """The same function without it: its scales and shifts go into the convolutions."""
    plain: list[nn.Module] = []
    for part in network.features:
        if isinstance(part, nn.BatchNorm2d):
            plain.append(fuse_conv_bn_eval(plain.pop(), part))  # type: ignore[type-var]  # a convolution
        else:
            plain.append(part)
    network.features = nn.Sequential(*plain)
    return network


def stacked(pictures: list[Shape]) -> tuple[Float[Tensor, "n 3 64 64"], Int[Tensor, " n"]]:
    pixels = np.stack([picture.pixels for picture in pictures])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255, torch.tensor([shape.label for shape in pictures])


if __name__ == "__main__":
    main()
