"""Softmax and its kin. With L the logarithmic mean of the probabilities, Δp_i = L_i (Δx_i − Δlse)."""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.propagation.pair import Call, Pair, carried


def softmax(call: Call) -> Pair:
    """Δp_i = L_i (Δx_i − Σ L_j Δx_j / Σ L_j)."""
    (pair,), dim = call.pairs, call.arg(1)
    L = logarithmic_mean(pair.value.log_softmax(dim), pair.x0.log_softmax(dim))
    weights = L / L.sum(dim, keepdim=True)
    line = L * (pair.x - (weights * pair.x).sum(dim, keepdim=True))
    return Pair(carried(call.value(), line), call.reference())


def log_softmax(call: Call) -> Pair:
    """Δlse = Σ L_j Δx_j / Σ L_j, L the logarithmic mean of the probabilities; shift-invariant, without singularity."""
    (pair,), dim = call.pairs, call.arg(1)
    logp, logp0 = call.value(), call.reference()
    L = logarithmic_mean(logp, logp0)
    weights = L / L.sum(dim, keepdim=True)
    return Pair(carried(logp, pair.x - (weights * pair.x).sum(dim, keepdim=True)), logp0)


def logsumexp(call: Call) -> Pair:
    """The weights of log-softmax."""
    (pair,), dim, keepdim = call.pairs, call.arg(1), call.arg(2, False)
    L = logarithmic_mean(*(part - part.logsumexp(dim, keepdim=True) for part in (pair.value, pair.x0)))
    weights = L / L.sum(dim, keepdim=True)
    return Pair(carried(call.value(), (weights * pair.x).sum(dim, keepdim=keepdim)), call.reference())


def logarithmic_mean(logp: Tensor, logp0: Tensor) -> Tensor:
    """L = (p − p₀) / (log p − log p₀), and p where the two agree."""
    difference = (logp - logp0).abs()
    larger = torch.maximum(logp, logp0).exp()
    share = -torch.expm1(-difference) / difference.masked_fill(difference == 0, 1)
    return torch.where(difference == 0, larger, larger * share).nan_to_num(0)  # hidden in both: −∞ − −∞
