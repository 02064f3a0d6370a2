"""What is asked of the pool."""

from __future__ import annotations

from typing import Any

LONG: dict[str, Any] = {
    "method": "rise",
    "params": {"n_masks": 2000, "estimator": "centred"},
}  # tens of seconds: it will not end by itself
SHORT: dict[str, Any] = {"method": "rise", "params": {"n_masks": 64}}
A_WHILE: dict[str, Any] = {
    "method": "rise",
    "params": {"n_masks": 192},
}  # some batches, so that it can be met half done
