"""The strategic cluster graph: which images are decided by the same concepts, and how well each such group fares.

The published picture (Fel et al. 2023, arXiv:2306.07304) places images by their concept importances. Clusters, their
reliability and edges are definitions of ours. Clusters are found in the importances themselves, divided by the sum of
their sizes, never in the picture, whose distances mean little: a mixture of normal distributions with one covariance,
as many as BIC wants (Fraley and Raftery 2002), joined where they overlap (Hennig 2010). Clusters by density (HDBSCAN)
were tried and lost: concepts that vary alike in every group, as the size of what is shown, fill the gap between two.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from explainers.concepts.bank import ConceptBank
from explainers.concepts.importance import importance
from explainers.types import Classifier, InputError

NEIGHBOURS = 10
SHUFFLES = 200
NORMAL = 1.959964  # the normal distribution has 95 % within so many standard deviations
LEAST = 5  # images of a cluster
MOST = 6  # distributions in a mixture
STARTS = 5  # of every mixture; the likeliest end counts
ALIKE = 0.01  # differences of shares that mean nothing
APART = 4.0  # standard deviations between two clusters: half way, one in forty of each lies on the wrong side


@dataclass(frozen=True, eq=False)
class Cluster:
    """Images decided alike. `importance`: mean share of each concept; `prevalence`: share of all images.

    `reliability`: share of its images whose prediction is right, with 95 % limits (Wilson); None where nobody says.
    """

    members: tuple[int, ...]
    prevalence: float
    importance: Float[Tensor, " k"]
    reliability: tuple[float, float, float] | None

    @property
    def leading(self) -> int:
        """The concept with the largest share."""
        return int(self.importance.abs().argmax())


@dataclass(frozen=True)
class Edge:
    """More neighbours between two clusters than chance has: `weight` is the normalised cut."""

    first: int
    second: int
    weight: float


@dataclass(frozen=True, eq=False)
class ClusterGraph:
    """`labels`: the cluster of every image, −1 for those of none. `projection`: a picture (t-SNE), for looking only."""

    clusters: tuple[Cluster, ...]
    labels: Int[Tensor, " n"]
    edges: tuple[Edge, ...]
    projection: Float[Tensor, "n 2"]
    shares: Float[Tensor, "n k"]


def strategies(
    model: Classifier,
    bank: ConceptBank,
    images: Sequence[Any],
    target: int | None = None,
    truth: Sequence[int] | None = None,
    seed: int = 0,
) -> ClusterGraph:
    """Groups of images by the concepts that decide them; `truth` are the images' own classes, where they are known.

    Costs a forward an image as far as the bank's layer, and a forward and backward of the rest. Raises InputError.
    """
    if len(images) < 2 * LEAST:
        raise InputError(f"images must number at least {2 * LEAST}; got {len(images)}")
    if truth is not None and len(truth) != len(images):
        raise InputError(f"truth must name a class for each of {len(images)} images; got {len(truth)}")
    chosen = bank.target if target is None else target
    a = bank.activate(model, images)
    shares = importance(bank.split.head, a, bank.encode(a), bank.D, chosen).shares
    right = None
    if truth is not None:
        with torch.inference_mode():
            right = bank.split.head(a).argmax(1) == torch.tensor(truth)
    return graph(shares, right, seed=seed)


def graph(
    shares: Float[Tensor, "n k"],
    right: Bool[Tensor, " n"] | None = None,
    known: Bool[Tensor, " n"] | None = None,
    seed: int = 0,
) -> ClusterGraph:
    """From what each concept is worth in each image, by whatever method. `known`: of which images `right` is."""
    labels = clustered(shares, seed)
    groups = [(labels == c).nonzero()[:, 0] for c in range(int(labels.max()) + 1)]
    clusters = tuple(
        Cluster(
            tuple(group.tolist()),
            len(group) / len(shares),
            shares[group].mean(0),
            None if right is None else reliability(right[group] if known is None else right[group][known[group]]),
        )
        for group in groups
    )
    return ClusterGraph(clusters, labels, tied(shares, labels, len(groups), seed), projected(shares, seed), shares)


def clustered(shares: Float[Tensor, "n k"], seed: int) -> Int[Tensor, " n"]:
    """Largest cluster first. Images that are all alike are one cluster; those of a very small one belong to none."""
    from scipy.sparse.csgraph import connected_components

    x = shares.double().numpy()
    mixtures = [mixture(x, count, seed) for count in range(1, min(MOST, len(x) // LEAST) + 1)]
    best = min(mixtures, key=lambda found: found.bic(x))
    gap = best.means_[:, None] - best.means_
    distance = np.sqrt(np.einsum("ijk,kl,ijl->ij", gap, best.precisions_, gap))
    group = torch.from_numpy(connected_components(distance < APART)[1]).long()
    labels = group[torch.from_numpy(best.predict(x))]
    count = labels.bincount()
    rank = count.argsort(descending=True, stable=True).argsort()
    return torch.where(count[labels] >= max(LEAST, len(x) // 20), rank[labels], -1)


def mixture(x: np.ndarray, count: int, seed: int) -> Any:
    """`count` normal distributions with one covariance: what varies alike in all of them sets none of them apart."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    found = GaussianMixture(count, covariance_type="tied", n_init=STARTS, reg_covar=ALIKE**2, random_state=seed)
    with threadpool_limits(1), warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        return found.fit(x)  # one that has not settled is a candidate all the same


def tied(shares: Float[Tensor, "n k"], labels: Int[Tensor, " n"], clusters: int, seed: int) -> tuple[Edge, ...]:
    """Pairs of clusters with more mutual neighbours (cosine) than 95 % of shufflings of the labels give them."""
    unit = torch.nn.functional.normalize(shares.double(), dim=1)
    near = (unit @ unit.T).fill_diagonal_(-2).topk(min(NEIGHBOURS, len(shares) - 1)).indices
    linked = torch.zeros(len(shares), len(shares), dtype=torch.float64).scatter_(1, near, 1.0)
    linked = linked * linked.T
    cut, rng = cuts(linked, labels, clusters), torch.Generator().manual_seed(seed)
    orders = [torch.randperm(len(labels), generator=rng) for _ in range(SHUFFLES)]
    threshold = torch.stack([cuts(linked, labels[order], clusters) for order in orders]).quantile(0.95, 0)
    return tuple(
        Edge(i, j, float(cut[i, j]))
        for i in range(clusters)
        for j in range(i + 1, clusters)
        if cut[i, j] > threshold[i, j]
    )


def cuts(linked: Float[Tensor, "n n"], labels: Int[Tensor, " n"], clusters: int) -> Float[Tensor, "c c"]:
    """Links between two clusters over the geometric mean of all links that each has."""
    member = torch.nn.functional.one_hot(labels + 1, clusters + 1)[:, 1:].double()
    between, all_links = member.T @ linked @ member, member.T @ linked.sum(1)
    return between / (all_links[:, None] * all_links).sqrt().clamp(min=1e-300)


def projected(shares: Float[Tensor, "n k"], seed: int) -> Float[Tensor, "n 2"]:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(30.0, (len(shares) - 1) / 3)
    placed = TSNE(2, perplexity=perplexity, init="pca" if shares.shape[1] > 1 else "random", random_state=seed)
    with threadpool_limits(1):  # of so few points: more threads mostly wait for each other
        points: np.ndarray = placed.fit_transform(shares.double().numpy())
    return torch.from_numpy(points).float()


def reliability(right: Bool[Tensor, " n"]) -> tuple[float, float, float] | None:
    return wilson(int(right.sum()), len(right)) if len(right) else None


def wilson(right: int, n: int) -> tuple[float, float, float]:
    """A share and its 95 % limits (Wilson 1927)."""
    p, z2 = right / n, NORMAL**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    margin = NORMAL / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return p, max(centre - margin, 0.0), min(centre + margin, 1.0)
