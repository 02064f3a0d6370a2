"""What each concept adds to a score: attribution in the space of concepts.

The score is h(A + ((M − 1) ⊙ U) D): M scales the concepts, and what the dictionary leaves out, A − U D, stays as it
is. So all concepts present give the model's own prediction, and concepts are explained, not their reconstruction. One M
serves all places of an image. Fel et al. 2023 (arXiv:2211.10154, arXiv:2306.07304).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.indices import sobol_indices
from explainers.methods.integrated_gradients import gauss_legendre
from explainers.scoring import as_output, slopes
from explainers.shapley import fewest, shapley_values
from explainers.types import InputError, Output

METHODS = ("gradient_x_input", "integrated_gradients", "occlusion", "shapley", "sobol")
Head = Callable[[Tensor], Tensor]

STEPS = 16  # of the integral
SOBOL = 64  # base samples: at the published 32 equal concepts differ
SHAPLEY = 256  # forwards of the head, or two for each concept and two more


@dataclass(frozen=True, eq=False)
class Importance:
    """`values`: what each concept adds in each image, in units of the score; of `sobol` a share of its variance.

    `delta`: the sum over concepts minus what they add together, f(all) − f(none); 0 where the head is linear in them.
    `stderr` where there is sampling.
    """

    values: Float[Tensor, "n k"]
    delta: Float[Tensor, " n"] | None
    stderr: Float[Tensor, "n k"] | None

    @property
    def overall(self) -> Float[Tensor, " k"]:
        """The mean over images."""
        return self.values.mean(0)

    @property
    def shares(self) -> Float[Tensor, "n k"]:
        """Of each image's sum of absolute values, with their signs."""
        return self.values / self.values.abs().sum(1, keepdim=True).clamp(min=1e-30)


def importance(
    head: Head,
    a: Float[Tensor, "n p *map"],
    u: Float[Tensor, "n k *map"],
    D: Float[Tensor, "k p"],
    target: int,
    method: str = "gradient_x_input",
    seed: int = 0,
    output: Output = "logit",
) -> Importance:
    """Of every concept in every image. `head`: activations to logits.

    Where the head is linear in the concepts, `gradient_x_input` is exact, Σ over places of u_i ∂f/∂u_i, and equals
    integrated gradients, occlusion and Shapley values; Sobol indices are their squares, normalised. Costs a forward and
    a backward of the head an image; 16 of them; k + 1 forwards; 256 forwards; 64 (k + 2) forwards.
    """
    if method not in METHODS:
        raise InputError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    if output not in get_args(Output):
        raise InputError(f"output must be one of {', '.join(get_args(Output))}; got {output!r}")
    mixed = Mixed(head, a, u, D, target, output)
    with torch.inference_mode():
        ends = torch.stack([mixed(torch.full((len(a), D.shape[0]), present)) for present in (0.0, 1.0)])
    total = (ends[1] - ends[0]).double()
    stderr: Tensor | None = None
    match method:
        case "gradient_x_input":
            values = mixed.slope(torch.ones(len(a), len(D)))
        case "integrated_gradients":
            rule = zip(*gauss_legendre(STEPS), strict=True)
            values = torch.stack([w * mixed.slope(torch.full((len(a), len(D)), float(p))) for p, w in rule]).sum(0)
        case "occlusion":
            without = 1 - torch.eye(len(D))
            with torch.inference_mode():
                lost = [ends[1] - mixed(row.expand(len(a), -1)) for row in without]
            values = torch.stack(lost, 1)
        case "shapley":
            n = max(SHAPLEY, fewest(len(D)))
            found = [shapley_values(mixed.alone(i), len(D), n, seed) for i in range(len(a))]
            values, stderr = (torch.stack([getattr(one, name) for one in found]) for name in ("values", "stderr"))
        case _:
            indices = [sobol_indices(mixed.alone(i), len(D), SOBOL, seed + i) for i in range(len(a))]
            values = torch.stack([one.total for one in indices])
            return Importance(values, None, torch.stack([one.stderr for one in indices]))
    return Importance(values.float(), (values.double().sum(1) - total).float(), stderr)


@dataclass(frozen=True, eq=False)
class Mixed:
    """The score of each image with its concepts scaled by M, (n, k) → (n,)."""

    head: Head
    a: Float[Tensor, "n p *map"]
    u: Float[Tensor, "n k *map"]
    D: Float[Tensor, "k p"]
    target: int
    output: Output

    def __call__(self, M: Float[Tensor, "n k"]) -> Float[Tensor, " n"]:
        return self.scored(self.a, self.u, M)

    def slope(self, M: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
        """u ∂f/∂u at the concepts scaled by M: the derivative by M itself."""
        with torch.inference_mode(False), torch.enable_grad():
            leaf = M.clone().requires_grad_()
            (found,) = slopes(self.scored(self.a.clone(), self.u.clone(), leaf).sum(), [leaf])
        return found

    def alone(self, i: int) -> Callable[[Tensor], Tensor]:
        """The same for one image, many M at once."""

        def value(M: Float[Tensor, "m k"]) -> Float[Tensor, " m"]:
            same = (len(M), *[-1] * (self.a.ndim - 1))
            with torch.inference_mode():
                return self.scored(self.a[i].expand(same), self.u[i].expand(same), M.float())

        return value

    def scored(self, a: Tensor, u: Tensor, M: Tensor) -> Tensor:
        return as_output(self.head(scaled(a, u, self.D, M)), self.output)[:, self.target]


def scaled(
    a: Float[Tensor, "n p *map"], u: Float[Tensor, "n k *map"], D: Float[Tensor, "k p"], M: Float[Tensor, "n k"]
) -> Float[Tensor, "n p *map"]:
    """The activations with their concepts times M; what the dictionary leaves out stays."""
    change = (M - 1).to(u).view(*M.shape, *[1] * (u.ndim - 2)) * u
    return a + torch.einsum("nk...,kp->np...", change, D.to(u))
