"""What is asked of the pool."""

from __future__ import annotations

from typing import Any

RISE: dict[str, Any] = {"method": "rise", "model": "planted_shortcut"}
LONG = {**RISE, "params": {"n_masks": 32768, "estimator": "centred"}}  # minutes: it will not end by itself
SHORT = {**RISE, "params": {"n_masks": 64}}
A_WHILE = {**RISE, "params": {"n_masks": 1000}}  # some batches, so that it can be met half done
