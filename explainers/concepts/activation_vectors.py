"""TCAV: whether moving towards a concept raises a class, and whether a random direction would do as much.

Kim et al., "Interpretability Beyond Feature Attribution: Quantitative Testing with Concept Activation Vectors", 2018
(arXiv:1711.11279). Their paired t-test at 0.01 for each concept is replaced: runs are not paired, and many concepts are
tested at once. Here a permutation test compares runs with random ones, and false discoveries are held to a rate over
all concepts (Benjamini and Hochberg 1995).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from explainers.concepts.bank import ConceptBank, rows
from explainers.scoring import slopes
from explainers.types import InputError

RUNS = 20  # vectors for each concept, each against other random activations
FEWEST = 5  # activations of a concept
MOST = 50
RATE = 0.05  # of false discoveries
PERMUTATIONS = 2_000
FOLDS = 4
ABOVE_CHANCE = 0.6  # cross-validated accuracy below which a vector says nothing


@dataclass(frozen=True, eq=False)
class Tcav:
    """Of every concept: `score`, the share of images whose logit rises towards it, the mean over runs.

    `direction`: unit vectors, averaged over runs. `accuracy`: of telling the concept from random activations, held out.
    `p`: how often runs with random vectors differ as much from random ones. `sound`: told apart better than chance, and
    different from random vectors at a false discovery rate of 5 %.
    """

    score: Float[Tensor, " k"]
    direction: Float[Tensor, "k p"]
    accuracy: Float[Tensor, " k"]
    p: Float[Tensor, " k"]
    sound: Bool[Tensor, " k"]


def tcav(bank: ConceptBank, seed: int = 0, concepts: Sequence[Float[Tensor, "m p"]] | None = None) -> Tcav:
    """For the bank's class and images. `concepts`: activations that show each, by default where its code is strongest.

    Costs a forward and a backward of the rest of the network for each image, and 20 logistic regressions a concept.
    Raises InputError for a concept with fewer than five activations.
    """
    everything = rows(bank.activations)
    shown = list(concepts) if concepts is not None else strongest(bank)
    for k, part in enumerate(shown):
        if len(part) < FEWEST:
            raise InputError(f"concept {k} must have at least {FEWEST} activations that show it; got {len(part)}")
    slope = slopes_of(bank.split.head, bank.activations, bank.target)
    rng = torch.Generator().manual_seed(seed)

    def drawn(n: int) -> Tensor:
        return everything[torch.randint(len(everything), (n,), generator=rng)]

    n = min(MOST, max(map(len, shown)))
    null = np.array([rising(slope, vector(drawn(n), drawn(n), seed)[0]) for _ in range(RUNS)])
    scores, directions, accuracies, p = [], [], [], []
    for part in shown:
        found = [vector(part[:MOST], drawn(len(part[:MOST])), seed) for _ in range(RUNS)]
        runs = np.array([rising(slope, direction) for direction, _ in found])
        mean = torch.stack([direction for direction, _ in found]).mean(0)
        scores.append(runs.mean())
        directions.append(mean / mean.norm().clamp(min=1e-12))
        accuracies.append(np.mean([accuracy for _, accuracy in found]))
        p.append(permuted(runs, null, seed))
    from scipy.stats import false_discovery_control

    sound = (false_discovery_control(p) <= RATE) & (np.array(accuracies) >= ABOVE_CHANCE)
    return Tcav(
        torch.tensor(scores).float(),
        torch.stack(directions).float(),
        torch.tensor(accuracies).float(),
        torch.tensor(p).float(),
        torch.from_numpy(sound),
    )


def strongest(bank: ConceptBank) -> list[Float[Tensor, "m p"]]:
    """The activations at the places where each code is strongest, only where it is above zero."""
    a, u = rows(bank.activations), rows(bank.codes)
    found = []
    for column in u.T:
        order = column.argsort(descending=True, stable=True)[:MOST]
        found.append(a[order[column[order] > 0]])
    return found


def vector(
    positive: Float[Tensor, "m p"], negative: Float[Tensor, "m p"], seed: int
) -> tuple[Float[Tensor, " p"], float]:
    """The unit normal of the plane between them, towards the first, and its accuracy on what was held out."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from threadpoolctl import threadpool_limits

    x = torch.cat([positive, negative]).double()
    spread = x.std().clamp(min=1e-12)  # of all channels together, so that no direction is stretched
    X, y = ((x - x.mean(0)) / spread).numpy(), np.repeat([1, 0], [len(positive), len(negative)])
    # a vector is refitted for each fold: for few activations as many folds as each side has
    folds = StratifiedKFold(min(FOLDS, len(positive), len(negative)), shuffle=True, random_state=seed)
    with threadpool_limits(1):
        fit = LogisticRegression(max_iter=500)
        accuracy = float(cross_val_score(fit, X, y, cv=folds).mean())
        normal = torch.from_numpy(fit.fit(X, y).coef_[0])
    return normal / normal.norm().clamp(min=1e-12), accuracy


def slopes_of(head: Callable[[Tensor], Tensor], a: Float[Tensor, "n p *map"], target: int) -> Float[Tensor, "n p"]:
    """∂ logit / ∂ activations, summed over places: the same step is made at all of them."""
    with torch.inference_mode(False), torch.enable_grad():
        leaf = a.clone().requires_grad_()
        (found,) = slopes(head(leaf)[:, target].sum(), [leaf])
    return found.flatten(2).sum(2) if found.ndim > 2 else found


def rising(slope: Float[Tensor, "n p"], direction: Float[Tensor, " p"]) -> float:
    """Share of the images whose logit rises in the direction; where it has no slope, half an image."""
    step = slope.double() @ direction.double()
    return float(((step.sign() + 1) / 2).mean())


def permuted(runs: np.ndarray, null: np.ndarray, seed: int) -> float:
    """Share of permutations of both that differ in their means as much as they do; never zero."""
    from scipy.stats import permutation_test

    def gap(x: np.ndarray, y: np.ndarray, axis: int = -1) -> Any:  # a number, or an array of them
        return np.abs(x.mean(axis) - y.mean(axis))

    found = permutation_test(
        (runs, null),
        gap,
        vectorized=True,
        n_resamples=PERMUTATIONS,
        alternative="greater",
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)
