"""A concept taken apart: the crops that show it, as pictures for a study of an earlier layer."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from app.jobs.intervene import Bench
from app.jobs.pictures import drawn, png
from explainers.concepts.recursion import FEWEST, enlarged, shown
from explainers.concepts.split import READ, earlier
from explainers.types import Classifier, InputError

QUANTILE = 0.9  # of the codes above zero, beyond which a place shows the concept


@dataclass(frozen=True)
class Within:
    """The crops as PNG at the size of the model's input, the strongest first, and the picture each is from.

    `signed`: whether the layer says less than nothing somewhere, which an NMF cannot write.
    """

    pictures: tuple[bytes, ...]
    places: tuple[int, ...]
    layer: str
    signed: bool


def within(model: Classifier, bench: Bench, concept: int) -> Within:
    """At the last layer before the study's that tells more places apart. Raises InputError without one, or crops."""
    x = bench.pixels([0])
    size = (x.shape[-2], x.shape[-1])
    crops = shown(bench.shown[:, [concept]], size, QUANTILE)
    if len(crops) < FEWEST:
        raise InputError(f"A concept is taken apart where at least {FEWEST} crops show it; {len(crops)} show this one.")
    cut = earlier(model, x, bench.cut.layer)
    places = sorted({crop.image for crop in crops})
    seen = dict(zip(places, bench.pixels(places), strict=True))
    pictures = tuple(png(drawn(enlarged(seen[crop.image], crop.box, size)[0])) for crop in crops)
    a = cut.encode(torch.stack([seen[place] for place in places[:READ]]))
    return Within(pictures, tuple(crop.image for crop in crops), cut.layer, bool(a.min() < 0))
