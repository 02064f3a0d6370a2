"""A concept taken apart: the crops that show it, factorised again at an earlier layer.

Fel et al., "CRAFT: Concept Recursive Activation FacTorization for Explainability", 2023 (arXiv:2211.10154), section
3.2: later layers merge what earlier ones tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.concepts.bank import ConceptBank, Crop, around, fit_concepts, on_grid
from explainers.scoring import grid_of
from explainers.types import Classifier, InputError

MOST = 300  # crops that are read again
FEWEST = 10


@dataclass(frozen=True, eq=False)
class Refined:
    """Concepts within a concept. `pictures` are its crops at the size of the input, and what `bank` was learnt from.

    `crops` say where they lie in the images of the bank above. To go one level deeper, `refine` bank and pictures.
    """

    bank: ConceptBank
    pictures: Float[Tensor, "m c h w"]
    crops: tuple[Crop, ...]


def refine(
    model: Classifier,
    bank: ConceptBank,
    images: Sequence[Any],
    concept: int,
    layer: str,
    n_concepts: int = 5,
    factorizer: str = "nmf",
    quantile: float = 0.9,
    seed: int = 0,
) -> Refined:
    """Sub-concepts of one concept, from the places of `images` where its code is above a quantile of those above zero.

    `images` are those that the bank was learnt from, `layer` one before the bank's. At most 300 crops, the strongest
    first. Costs a forward as far as `layer` for each crop. Raises InputError for a concept or quantile that is none and
    where fewer than ten crops show the concept.
    """
    if not 0 <= concept < len(bank.D):
        raise InputError(f"concept must lie in [0, {len(bank.D) - 1}]; got {concept}")
    if not 0 <= quantile < 1:
        raise InputError(f"quantile must lie in [0, 1); got {quantile}")
    if len(images) != len(bank.codes):
        raise InputError(f"images must be the {len(bank.codes)} that the bank was learnt from; got {len(images)}")
    x = torch.stack([grid_of(model.prepare(image)) for image in images])
    size = (x.shape[-2], x.shape[-1])
    crops = shown(bank.codes[:, [concept]], size, quantile)
    if len(crops) < FEWEST:
        raise InputError(
            f"concept {concept} is shown by {len(crops)} crops above the {quantile:g} quantile; at least {FEWEST} are "
            "needed"
        )
    pictures = torch.cat([enlarged(x[crop.image], crop.box, size) for crop in crops])
    found = fit_concepts(model, list(pictures), bank.target, layer, n_concepts, factorizer, seed=seed)
    return Refined(found, pictures, crops)


def shown(u: Float[Tensor, "n 1 *map"], size: tuple[int, int], quantile: float) -> tuple[Crop, ...]:
    """Squares around the places where the code lies above the quantile of the codes above zero, strongest first."""
    grid = on_grid(u, size)
    shape = None if grid is None else (grid.shape[2], grid.shape[3])
    flat = (u.flatten(1).amax(1, keepdim=True) if grid is None else grid).flatten(1)
    present = flat[flat > 0]
    if not len(present):
        return ()
    bar = present.double().quantile(quantile)
    order = flat.flatten().argsort(descending=True, stable=True)[:MOST].tolist()
    places = [divmod(k, flat.shape[1]) for k in order]
    return tuple(
        Crop(image, around(place, shape, size), float(flat[image, place]))
        for image, place in places
        if flat[image, place] >= bar
    )


def enlarged(
    x: Float[Tensor, "c h w"], box: tuple[int, int, int, int], size: tuple[int, int]
) -> Float[Tensor, "1 c h w"]:
    left, top, right, bottom = box
    return torch.nn.functional.interpolate(
        x[None, :, top:bottom, left:right], size, mode="bilinear", antialias=True
    ).clamp(0, 1)
