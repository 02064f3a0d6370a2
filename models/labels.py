"""ImageNet's class names, told apart where two classes share one."""

from __future__ import annotations

from functools import cache

# ImageNet's own names say "crane" for a bird and for a machine, and "maillot" for two swimsuits
TOLD_APART = {134: "crane (bird)", 517: "crane (machine)", 638: "maillot", 639: "maillot (tank suit)"}


@cache
def imagenet() -> tuple[str, ...]:
    """The 1 000 names in the order of the scores, each occurring once."""
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    return tuple(TOLD_APART.get(index, name) for index, name in enumerate(_IMAGENET_CATEGORIES))
