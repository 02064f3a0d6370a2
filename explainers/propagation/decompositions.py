"""Fused operators in terms of those that have a rule. Nothing of a result changes but its rounding.

Normalisation becomes centring (linear), a mean of squares (a product), a root and a quotient. Together they give
m = (s + s₀)/(s² + s₀²) (h − h̄) − (c + c₀) ⟨h, s y₀ + s₀ y⟩ / (n (s + s₀)(s² + s₀²)), with c centred, s its deviation,
y = c/s, h what comes from above. It tends to h/s, and not to a multiple of it, where the reference is constant and s₀
vanishes, so that twenty layers of it do not multiply up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._decomp import get_decompositions

aten: Any = torch.ops.aten


def normalized(x: Tensor, dims: tuple[int, ...], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """(x − mean) / √(var + eps), the mean, and 1/√(var + eps)."""
    mean = x.mean(dims, keepdim=True)
    centred = x - mean
    deviation = ((centred * centred).mean(dims, keepdim=True) + eps).sqrt()
    return centred / deviation, mean, 1 / deviation


def layer_norm(
    x: Tensor, shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    out, mean, rstd = normalized(x, tuple(range(-len(shape), 0)), eps)
    return affine(out, weight, bias), mean, rstd


def group_norm(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, n: int, c: int, hw: int, groups: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    out, mean, rstd = normalized(x.reshape(n, groups, c // groups * hw), (2,), eps)
    shape = (1, c, *[1] * (x.ndim - 2))
    weight, bias = (part if part is None else part.view(shape) for part in (weight, bias))
    return affine(out.reshape(x.shape), weight, bias), mean.view(n, groups), rstd.view(n, groups)


def batch_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Instance norm asks for the batch's own statistics; with stored ones it is a factor and a summand per channel.

    Not the operator as it is: torch 2.14 on the CPU differentiates it wrongly when the gradient that comes in has other
    strides than the input.
    """
    if training or mean is None or var is None:
        return batch_statistics_norm(x, weight, bias, training, momentum, eps)
    shape = (1, -1, *[1] * (x.ndim - 2))
    scale = (var + eps).rsqrt() if weight is None else weight * (var + eps).rsqrt()
    shift = -mean * scale if bias is None else bias - mean * scale
    return x * scale.view(shape) + shift.view(shape), mean, var


def batch_statistics_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,  # noqa: ARG001
    momentum: float,  # noqa: ARG001
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    out, mean, rstd = normalized(x, (0, *range(2, x.ndim)), eps)
    shape = (1, -1, *[1] * (x.ndim - 2))
    weight, bias = (part if part is None else part.view(shape) for part in (weight, bias))
    return affine(out, weight, bias), mean.flatten(), rstd.flatten()


def rms_norm(x: Tensor, shape: Sequence[int], weight: Tensor | None, eps: float | None) -> tuple[Tensor, Tensor]:
    eps = torch.finfo(x.dtype).eps if eps is None else eps
    root = ((x * x).mean(tuple(range(-len(shape), 0)), keepdim=True) + eps).sqrt()
    return affine(x / root, weight, None), 1 / root


def affine(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, causal: bool, scale: float | None) -> Tensor:
    """softmax(q kᵀ · scale + mask) v, as two products and a softmax."""
    scores = (q * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)) @ k.mT
    if causal:
        later = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).triu(1)
        scores = scores.masked_fill(later, -math.inf)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
    return scores.softmax(-1) @ v


def flash_attention_for_cpu(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    dropout_p: float = 0.0,  # noqa: ARG001  (a network in eval mode drops nothing)
    is_causal: bool = False,
    *,
    attn_mask: Tensor | None = None,
    scale: float | None = None,
) -> tuple[Tensor, Tensor]:
    return attention(q, k, v, attn_mask, is_causal, scale), q.new_zeros(q.shape[:-1])


def flash_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    dropout_p: float = 0.0,  # noqa: ARG001
    is_causal: bool = False,
    return_debug_mask: bool = False,  # noqa: ARG001
    *,
    scale: float | None = None,
) -> tuple[Any, ...]:
    unused = q.new_zeros(q.shape[:-1])
    return attention(q, k, v, None, is_causal, scale), unused, None, None, 0, 0, unused, unused, unused


def efficient_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_bias: Tensor | None,
    compute_log_sumexp: bool,  # noqa: ARG001
    dropout_p: float = 0.0,  # noqa: ARG001
    is_causal: bool = False,
    *,
    scale: float | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    unused = q.new_zeros(q.shape[:-1])
    return attention(q, k, v, attn_bias, is_causal, scale), unused, unused, unused


def variance(
    x: Tensor, dim: Sequence[int] | None = None, *, correction: float | None = None, keepdim: bool = False
) -> Tensor:
    dims = tuple(range(x.ndim)) if dim is None or len(dim) == 0 else tuple(dim)
    n = math.prod(x.shape[d] for d in dims)
    centred = x - x.mean(dims, keepdim=True)
    return (centred * centred).sum(dims, keepdim=keepdim) / max(0.0, n - (1 if correction is None else correction))


def deviation(
    x: Tensor, dim: Sequence[int] | None = None, *, correction: float | None = None, keepdim: bool = False
) -> Tensor:
    return variance(x, dim, correction=correction, keepdim=keepdim).sqrt()


def variance_and_mean(
    x: Tensor, dim: Sequence[int] | None = None, *, correction: float | None = None, keepdim: bool = False
) -> tuple[Tensor, Tensor]:
    dims = tuple(range(x.ndim)) if dim is None or len(dim) == 0 else tuple(dim)
    return variance(x, dim, correction=correction, keepdim=keepdim), x.mean(dims, keepdim=keepdim)


def vector_norm(
    x: Tensor,
    ord: float = 2,
    dim: Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Any:
    if ord != 2:
        return NotImplemented
    x = x if dtype is None else x.to(dtype)
    dims = tuple(range(x.ndim)) if dim is None else tuple(dim)
    return (x * x).sum(dims, keepdim=keepdim).sqrt()


DECOMPOSITIONS: dict[Any, Callable[..., Any]] = {
    **get_decompositions([aten.glu, aten.addcmul, aten.addcdiv, aten.lerp, aten.rsub, aten._weight_norm_interface]),
    aten.native_layer_norm.default: layer_norm,
    aten.native_group_norm.default: group_norm,
    aten.native_batch_norm.default: batch_norm,
    aten._native_batch_norm_legit.default: batch_norm,
    aten._native_batch_norm_legit.no_stats: batch_statistics_norm,
    aten._scaled_dot_product_flash_attention_for_cpu.default: flash_attention_for_cpu,
    aten._scaled_dot_product_flash_attention.default: flash_attention,
    aten._scaled_dot_product_efficient_attention.default: efficient_attention,
    aten.var.correction: variance,
    aten.std.correction: deviation,
    aten.var_mean.correction: variance_and_mean,
    aten.linalg_vector_norm.default: vector_norm,
}
if hasattr(aten, "_fused_rms_norm"):
    DECOMPOSITIONS[aten._fused_rms_norm.default] = rms_norm
