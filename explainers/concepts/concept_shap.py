"""Whether concepts are enough to decide by, and each one's share of that: completeness and ConceptSHAP.

Yeh et al., "On Completeness-aware Concept-based Explanations in Deep Neural Networks", 2020 (arXiv:1910.07969). Their
map from concepts back to activations is a trained network, whose size decides how complete any concepts seem; here it
is least squares in closed form, fitted to half of the images and judged on the other half, and random directions of the
same number say what such a map achieves by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from explainers.concepts.bank import ConceptBank, placed, rows
from explainers.shapley import fewest, shapley_values
from explainers.types import InputError

RIDGE = 1e-6  # of the codes' mean square: enough for codes that depend on each other
SHARES = 256  # sets of concepts, each an accuracy; all of them for up to eight concepts
FEWEST = 10  # images


@dataclass(frozen=True, eq=False)
class Completeness:
    """`value`: (accuracy by concepts alone − by nothing) / (the model's − by nothing); 1: they are all that counts.

    `shares`: its Shapley values over concepts (ConceptSHAP), with a standard error; their sum is `value`. `random`: the
    value of as many random directions. Accuracies are of the half of the images that the map was not fitted to.
    """

    value: float
    random: float
    shares: Float[Tensor, " k"]
    stderr: Float[Tensor, " k"]
    accuracy: float
    model: float
    nothing: float


def completeness(bank: ConceptBank, a: Float[Tensor, "n p *map"], truth: Sequence[int], seed: int = 0) -> Completeness:
    """Of images of several classes, by their activations (`bank.activate`) and classes.

    Costs a forward of the rest of the network for each image and set of concepts, 256 sets or fewer. Raises InputError
    for fewer than ten images, and where the model decides no better than it does by the mean activation alone.
    """
    if len(a) < FEWEST:
        raise InputError(f"images must number at least {FEWEST}; got {len(a)}")
    if len(truth) != len(a):
        raise InputError(f"truth must name a class for each of {len(a)} images; got {len(truth)}")
    order = torch.randperm(len(a), generator=torch.Generator().manual_seed(seed))
    half = Halves(bank, a, torch.tensor(truth), *order.chunk(2))
    codes = bank.encode(a)
    model, nothing = half.right(a[half.judged]), half.by(codes, torch.zeros(codes.shape[1]))
    if model <= nothing:
        raise InputError(
            f"the model must decide better than by its mean activation alone; it is right in {model:.1%} of the "
            f"images, and in {nothing:.1%} without any"
        )

    def value(M: Float[Tensor, "m k"]) -> Float[Tensor, " m"]:
        return torch.tensor([(half.by(codes, row) - nothing) / (model - nothing) for row in M])

    k = codes.shape[1]
    found = shapley_values(value, k, max(min(SHARES, 1 << k), fewest(k)), seed)
    whole = half.by(codes, torch.ones(k))
    some = torch.nn.functional.normalize(torch.randn(bank.D.shape, generator=torch.Generator().manual_seed(seed)))
    by_chance = half.by(placed(rows(a) @ some.T, a), torch.ones(k))
    return Completeness(
        value=(whole - nothing) / (model - nothing),
        random=(by_chance - nothing) / (model - nothing),
        shares=found.values,
        stderr=found.stderr,
        accuracy=whole,
        model=model,
        nothing=nothing,
    )


@dataclass(frozen=True, eq=False)
class Halves:
    """The images that the map back to activations is fitted to, and those that it is judged on, by their numbers."""

    bank: ConceptBank
    a: Float[Tensor, "n p *map"]
    truth: Int[Tensor, " n"]
    fitted: Int[Tensor, " f"]
    judged: Int[Tensor, " j"]

    def by(self, u: Float[Tensor, "n k *map"], present: Float[Tensor, " k"]) -> float:
        """Accuracy where activations are what these concepts alone tell of them."""
        chosen = present > 0.5
        A, U = rows(self.a[self.fitted]).double(), rows(u[self.fitted]).double()[:, chosen]
        middle, centre = A.mean(0), U.mean(0)
        G = (U - centre).T @ (U - centre)
        ridge = RIDGE * G.diagonal().mean() if len(G) else 0.0
        W = torch.linalg.solve(
            G + ridge * torch.eye(len(G)).double() + 1e-12 * torch.eye(len(G)), (U - centre).T @ (A - middle)
        )
        told = (rows(u[self.judged]).double()[:, chosen] - centre) @ W + middle
        return self.right(placed(told.to(self.a), self.a[self.judged]))

    def right(self, a: Float[Tensor, "j p *map"]) -> float:
        with torch.inference_mode():
            said = self.bank.split.head(a).argmax(1).cpu()
        return float((said == self.truth[self.judged]).double().mean())
