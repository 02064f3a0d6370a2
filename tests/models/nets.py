"""Networks small enough to know what they answer."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MeanColour(nn.Module):
    """Logits are the image's mean red, green and blue."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class Small(nn.Module):
    """A convolution and a head, with weights, batch statistics and a buffer outside the state dict."""

    offset: Tensor

    def __init__(self, classes: int = 4, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.conv = nn.Conv2d(3, 5, 3)
            self.norm = nn.BatchNorm2d(5)
            self.act: nn.Module = nn.ReLU()
            self.head = nn.Linear(5, classes)
        self.register_buffer("offset", torch.zeros(()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.act(self.norm(self.conv(x))).mean((2, 3))) + self.offset
        return logits
