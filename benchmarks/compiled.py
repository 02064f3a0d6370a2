"""Long benchmarks run the compiled network: the same sums in about half the time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

import models


def load(name: str) -> models.ImageClassifier:
    """As `models.load`; the first batch of each size takes half a minute."""
    torch._inductor.config.freezing = True
    model = models.load(name)
    if not isinstance(model, models.ImageClassifier):
        raise SystemExit(f"{name} classifies texts, and these benchmarks take pictures")
    network: Any = torch.compile(model.module, dynamic=False)
    return replace(model, module=network)
