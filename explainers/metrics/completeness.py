"""Completeness: whether a map's values add up to the score difference that its method promises.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", 2017 (arXiv:1703.01365).
"""

from __future__ import annotations

from dataclasses import dataclass

NOTHING = 1e-6  # of the largest logit: below this float32 sees no difference


@dataclass(frozen=True)
class Completeness:
    """`gap` = Σφ − difference, the difference being f(x) − f(x̄); `relative` is None with nothing to explain."""

    gap: float
    difference: float
    relative: float | None


def completeness_of(total: float, delta: float, largest: float) -> Completeness:
    """From Σφ, the method's delta, and the largest absolute logit that was compared."""
    difference = total - delta
    nothing = abs(difference) <= NOTHING * abs(largest)
    return Completeness(delta, difference, None if nothing else abs(delta / difference))
