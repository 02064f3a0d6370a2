"""The concepts of a set of images: a dictionary of what a layer says of them, and the crops that show each best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.concepts.dictionaries import Dictionary, learn
from explainers.concepts.importance import Importance, Mixed, importance, scaled
from explainers.concepts.split import BATCH, Split, split
from explainers.layers import found
from explainers.scoring import grid_of
from explainers.types import Classifier, InputError, Output

CROPS = 9  # shown of each concept
FEWEST = 2  # images
LEARNT = 20_000  # rows of activations at most, chosen by chance: atoms hardly change with more, minutes do

Rows = Literal["locations", "crops"]
CROP = 0.3  # side of a crop, in shorter sides of the input; neighbours overlap by a fifth


@dataclass(frozen=True)
class Crop:
    """Where in which image a concept is strong: left, top, right, bottom in pixels of the model's input."""

    image: int
    box: tuple[int, int, int, int]
    strength: float


@dataclass(frozen=True, eq=False)
class ConceptBank:
    """k concepts at a layer. `codes` are those of the images they were learnt from, at each place of the layer."""

    split: Split
    dictionary: Dictionary
    codes: Float[Tensor, "n k *map"]
    activations: Float[Tensor, "n p *map"]
    crops: tuple[tuple[Crop, ...], ...]
    target: int

    @property
    def D(self) -> Float[Tensor, "k p"]:  # noqa: N802  (the literature's name)
        """Atoms of length one."""
        return self.dictionary.D

    def encode(self, a: Float[Tensor, "n p *map"]) -> Float[Tensor, "n k *map"]:
        """How much of each concept there is, at each place; differentiable."""
        return coded(self.dictionary, a)

    def decode(self, u: Float[Tensor, "n k *map"]) -> Float[Tensor, "n p *map"]:
        return placed(self.dictionary.decode(rows(u)), u)

    def importance(self, method: str = "gradient_x_input", seed: int = 0, output: Output = "logit") -> Importance:
        """What each concept adds to the score of the bank's class, in each of its images."""
        return importance(self.split.head, self.activations, self.codes, self.D, self.target, method, seed, output)

    def mixed(self, output: Output = "logit") -> Mixed:
        """The score of the bank's class in each of its images as a function of its concepts, for `quality`."""
        return Mixed(self.split.head, self.activations, self.codes, self.D, self.target, output)

    def activate(self, model: Classifier, images: Sequence[Any]) -> Float[Tensor, "n p *map"]:
        """What the bank's layer says of other images, which `encode` and `without` take."""
        return self.split.encode(torch.stack([grid_of(model.prepare(image)) for image in images]))

    def without(
        self, concepts: Sequence[int], a: Float[Tensor, "n p *map"] | None = None
    ) -> Float[Tensor, "n classes"]:
        """Logits with these concepts taken out of activations, by default those that the bank was learnt from.

        What the dictionary leaves out stays, so that no concepts taken out gives the model's own logits.
        """
        unknown = [k for k in concepts if not 0 <= k < len(self.D)]
        if unknown:
            raise InputError(f"concepts must lie in [0, {len(self.D) - 1}]; got {unknown[0]}")
        here, u = (self.activations, self.codes) if a is None else (a, self.encode(a))
        M = torch.ones(len(here), len(self.D))
        M[:, list(concepts)] = 0
        with torch.inference_mode():
            logits: Tensor = self.split.head(scaled(here, u, self.D, M))
        return logits.clone()


def fit_concepts(
    model: Classifier,
    images: Sequence[Any],
    target: int,
    layer: str | None = None,
    n_concepts: int = 10,
    factorizer: str = "nmf",
    rows_from: Rows = "locations",
    seed: int = 0,
) -> ConceptBank:
    """Learn concepts from images, usually those that the model takes for `target`.

    `rows_from`: the activation at every place of every image, or, as published, the mean activation of square crops
    scaled up to the input. Costs a forward as far as the layer for each image (and crop), and the factorisation. Raises
    InputError naming what does not suit.
    """
    if len(images) < FEWEST:
        raise InputError(f"images must number at least {FEWEST}; got {len(images)}")
    if not 0 <= target < len(model.labels):
        raise InputError(f"target must lie in [0, {len(model.labels) - 1}]; got {target}")
    x = torch.stack([grid_of(model.prepare(image)) for image in images])
    cut = split(model, x, layer)
    activations = cut.encode(x)
    learnt = sampled(activations, seed) if rows_from == "locations" else of_crops(cut, x)
    dictionary = learn(learnt, n_concepts, factorizer, seed)
    codes = coded(dictionary, activations)
    return ConceptBank(cut, dictionary, codes, activations, strongest(codes, (x.shape[-2], x.shape[-1])), target)


def sampled(a: Float[Tensor, "n p *map"], seed: int, most: int = LEARNT) -> Float[Tensor, "m p"]:
    """Rows, all of them in order where there are no more than `most`, else so many by chance."""
    count = a[:, 0].numel()
    if count <= most:
        return rows(a)
    place = torch.randperm(count, generator=torch.Generator().manual_seed(seed))[:most]
    if a.ndim == 2:
        return a[place]
    flat = a.flatten(2)
    return flat.mT[place // flat.shape[2], place % flat.shape[2]]


def coded(dictionary: Dictionary, a: Float[Tensor, "n p *map"]) -> Float[Tensor, "n k *map"]:
    """How much of each atom there is, at each place; a few images at a time."""
    return torch.cat([placed(dictionary.encode(rows(part)), part) for part in a.split(BATCH)])


def rows(a: Float[Tensor, "n p *map"]) -> Float[Tensor, "m p"]:
    """Every place of every image is a row."""
    return a.flatten(2).mT.flatten(0, 1) if a.ndim > 2 else a


def placed(u: Float[Tensor, "m q"], like: Float[Tensor, "n _ *map"]) -> Float[Tensor, "n q *map"]:
    if like.ndim == 2:
        return u
    grid: Tensor = u.unflatten(0, (len(like), -1)).mT.unflatten(2, like.shape[2:])
    return grid


def of_crops(cut: Split, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "m p"]:
    """Mean activations of overlapping square crops, each scaled up to the input."""
    size = (x.shape[-2], x.shape[-1])
    side = max(round(CROP * min(size)), 1)
    step = max(round(0.8 * side), 1)
    crops = x.unfold(2, side, step).unfold(3, side, step).permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
    means = []
    for part in crops.split(2 * BATCH):
        a = cut.encode(torch.nn.functional.interpolate(part, size, mode="bilinear", antialias=True))
        means.append(a.flatten(2).mean(2) if a.ndim > 2 else a)
    return torch.cat(means)


def strongest(u: Float[Tensor, "n k *map"], size: tuple[int, int]) -> tuple[tuple[Crop, ...], ...]:
    """Of each concept the places where it is strongest, at most one in an image, strongest first.

    The box is a square of `CROP` around the middle of the place; the receptive field may be larger.
    """
    grid = on_grid(u, size)
    flat = grid.flatten(2) if grid is not None else u.flatten(2).amax(2, keepdim=True) if u.ndim > 2 else u[..., None]
    shape = None if grid is None else (grid.shape[2], grid.shape[3])
    best, place = flat.max(2)  # (n, k)
    shown = []
    for k in range(u.shape[1]):
        order = best[:, k].argsort(descending=True, stable=True)[:CROPS].tolist()
        shown.append(
            tuple(Crop(n, around(int(place[n, k]), shape, size), float(best[n, k])) for n in order if best[n, k] > 0)
        )
    return tuple(shown)


def on_grid(u: Float[Tensor, "n k *map"], size: tuple[int, int]) -> Float[Tensor, "n k h w"] | None:
    """Codes at the places of the picture; of tokens those that stand for places. None where there are none."""
    if u.ndim != 3:
        return u if u.ndim == 4 else None
    layout = found((u.shape[0], u.shape[2], u.shape[1]), size)
    return None if layout is None else layout(u.mT)


def around(place: int, grid: tuple[int, int] | None, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A square about a place of the layer's grid; the whole picture where the layer has no grid over it."""
    (h, w), side = size, max(round(CROP * min(size)), 1)
    if grid is None:
        return 0, 0, w, h
    row, column = divmod(place, grid[1])
    top = min(max(round((row + 0.5) * h / grid[0] - side / 2), 0), h - side)
    left = min(max(round((column + 0.5) * w / grid[1] - side / 2), 0), w - side)
    return left, top, left + side, top + side
