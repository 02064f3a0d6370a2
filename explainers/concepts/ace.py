"""ACE: concepts as groups of superpixels that activate a layer alike.

Ghorbani et al., "Towards Automatic Concept-based Explanations", 2019 (arXiv:1902.03129). Which concepts matter is told
by `tcav`, with its corrected test, from `Ace.shown`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from explainers.concepts.bank import CROPS, ConceptBank, Crop, coded
from explainers.concepts.dictionaries import Dictionary, of_atoms
from explainers.concepts.split import Split, split
from explainers.scoring import grid_of
from explainers.types import Classifier, InputError

DISCOVERY = 40  # images that a study looks for segments in, as published
SCALES = (15, 50, 80)  # superpixels of an image
COMPACTNESS = 20.0
SIGMA = 1.0
SMALLEST = 0.001  # of the image's area
ALIKE = 0.5  # Jaccard index above which a segment has been seen
GREY = 117 / 255
MEMBERS = 40  # nearest to a centre that stand for it
FEWEST = 20  # members


@dataclass(frozen=True, eq=False)
class Ace:
    """`bank`: an atom for each concept, the unit centre of its group; its crops are boxes of segments.

    `shown`: activations of the segments that stand for each concept, for `tcav`.
    """

    bank: ConceptBank
    shown: tuple[Float[Tensor, "_ p"], ...]  # as many each as there are


def fit_ace(
    model: Classifier,
    images: Sequence[Any],
    target: int,
    layer: str | None = None,
    n_concepts: int = 25,
    seed: int = 0,
) -> Ace:
    """At most `n_concepts` groups; those of too few segments, or of too few images, are dropped as published.

    Superpixels at three scales, each alone on grey and enlarged to the input; the mean activation of each; k-means.
    Costs a forward as far as the layer for each segment, about a hundred an image. Raises InputError where no group is
    common enough.
    """
    x = torch.stack([grid_of(model.prepare(image)) for image in images])
    cut = split(model, x, layer)
    found = Segments.joined([Segments.of(cut, n, image) for n, image in enumerate(x)])
    groups = found.grouped(n_concepts, seed)
    dictionary = found.dictionary(groups)
    activations = cut.encode(x)
    codes = coded(dictionary, activations)
    bank = ConceptBank(cut, dictionary, codes, activations, found.crops(groups, dictionary), target)
    return Ace(bank, tuple(found.means[members] for members in groups))


@dataclass(frozen=True, eq=False)
class Segments:
    """What the layer says of each, and in which image and box it lies."""

    means: Float[Tensor, "m p"]
    image: tuple[int, ...]
    box: tuple[tuple[int, int, int, int], ...]

    @classmethod
    def of(cls, cut: Split, number: int, x: Float[Tensor, "3 h w"]) -> Segments:
        """Those of one image."""
        masks = list(segments(x))
        boxes = tuple(box(mask) for mask in masks)
        return cls(described(cut, x, masks), (number,) * len(masks), boxes)

    @classmethod
    def joined(cls, parts: Sequence[Segments]) -> Segments:
        means = torch.cat([part.means for part in parts])
        return cls(means, sum((part.image for part in parts), ()), sum((part.box for part in parts), ()))

    def grouped(self, k: int, seed: int) -> list[list[int]]:
        """Members of each group. Raises InputError where there is none, or fewer segments than groups."""
        if len(self.means) < k:
            raise InputError(f"n_concepts must be at most {len(self.means)}, the segments of the images; got {k}")
        groups = grouped(self.means, np.array(self.image), k, seed)
        if not groups:
            raise InputError(
                f"no group of segments is common enough among {len(set(self.image))} images; give more of them"
            )
        return groups

    def dictionary(self, groups: Sequence[Sequence[int]]) -> Dictionary:
        """The unit centre of each group."""
        centres = torch.stack([self.means[list(members)].double().mean(0) for members in groups])
        return of_atoms(centres.numpy(), self.means, "nearest")

    def crops(self, groups: Sequence[Sequence[int]], dictionary: Dictionary) -> tuple[tuple[Crop, ...], ...]:
        """The segments nearest to each centre."""
        return tuple(
            tuple(Crop(self.image[m], self.box[m], float(self.means[m] @ atom)) for m in members[:CROPS])
            for members, atom in zip(groups, dictionary.D, strict=True)
        )


def segments(x: Float[Tensor, "3 h w"]) -> Iterator[Bool[Tensor, "h w"]]:
    """Superpixels at every scale, without specks and without those that a coarser scale has already given."""
    from skimage.segmentation import slic

    pixels = x.permute(1, 2, 0).double().numpy()
    kept = torch.zeros(0, x[0].numel())
    for scale in SCALES:
        labels = torch.from_numpy(slic(pixels, scale, compactness=COMPACTNESS, sigma=SIGMA, start_label=0))
        fresh = torch.nn.functional.one_hot(labels.flatten()).T.float()  # those of one scale do not overlap
        area = fresh.sum(1)
        both = fresh @ kept.T
        jaccard = both / (area[:, None] + kept.sum(1) - both)
        fresh = fresh[(area >= SMALLEST * labels.numel()) & ~(jaccard > ALIKE).any(1)]
        kept = torch.cat([kept, fresh])
        yield from fresh.bool().view(-1, *labels.shape)


def described(cut: Split, x: Float[Tensor, "3 h w"], masks: Sequence[Bool[Tensor, "h w"]]) -> Float[Tensor, "m p"]:
    """The mean activation of every segment alone on grey, its box enlarged to the input."""
    a = cut.encode(torch.cat([alone(x, mask, (x.shape[-2], x.shape[-1])) for mask in masks]))
    return a.flatten(2).mean(2) if a.ndim > 2 else a


def alone(x: Float[Tensor, "3 h w"], mask: Bool[Tensor, "h w"], size: tuple[int, int]) -> Float[Tensor, "1 3 h w"]:
    left, top, right, bottom = box(mask)
    there = torch.where(mask, x, GREY)[None, :, top:bottom, left:right]
    return torch.nn.functional.interpolate(there, size, mode="bicubic", antialias=True).clamp(0, 1)


def box(mask: Bool[Tensor, "h w"]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom."""
    across, down = mask.any(0).nonzero()[:, 0], mask.any(1).nonzero()[:, 0]
    return int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1


def grouped(means: Float[Tensor, "m p"], image: np.ndarray, k: int, seed: int) -> list[list[int]]:
    """Members of each group that is common enough, nearest to its centre first, at most 40."""
    from sklearn.cluster import KMeans

    fit = KMeans(k, n_init=4, random_state=seed)
    distance = fit.fit_transform(means.double().numpy()).min(1)
    kept = []
    for group in range(k):
        members = np.flatnonzero(fit.labels_ == group)
        if common(len(members), len(set(image[members])), len(set(image))):
            kept.append(members[np.argsort(distance[members], kind="stable")][:MEMBERS].tolist())
    return kept


def common(members: int, seen: int, images: int) -> bool:
    """As published: often enough, and not all from a few images."""
    return members > FEWEST and (
        seen > 0.5 * members
        or (seen > 0.25 * members and seen > 0.25 * images)
        or (seen > 0.1 * members and seen > 0.5 * images)
    )
