"""Which rule an operator has.

Each rule returns the operator's result at the input and at the reference, the former differentiating as a line whose
slopes are the multipliers m, with Σ m Δx = Δy exactly (Shrikumar, Greenside and Kundaje, "Learning Important Features
Through Propagating Activation Differences", 2017, arXiv:1704.02685, for the Rescale rule and the chain rule of
multipliers; products, quotients, softmax, maxima and with them normalisation and attention follow the same demand).
"""

from __future__ import annotations

from typing import Any

import torch

from explainers.propagation.choices import masked_fill, where
from explainers.propagation.elementwise import log_sigmoid, root, secant
from explainers.propagation.linear import Rule, copied, linear, linear_in, refused, unmoved
from explainers.propagation.pair import Call
from explainers.propagation.products import added_product, bilinear, convolution, quotient
from explainers.propagation.softmax import log_softmax, logsumexp, softmax
from explainers.propagation.winners import extremum, largest, max_pool, smallest

aten: Any = torch.ops.aten


def rule_of(call: Call) -> Rule | None:
    """None for an operator that has none: it is integrated along the straight path, and listed."""
    rule = RULES.get(call.op.overloadpacket)
    if rule is None and len(call.pairs) == 1 and torch.Tag.pointwise in call.op.tags:
        return secant
    return rule


LINEAR = (
    "add sub neg sum mean cumsum view _unsafe_view reshape view_as permute transpose t expand expand_as unsqueeze "
    "squeeze slice select split split_with_sizes chunk unbind cat stack flip roll clone contiguous detach alias "
    "lift_fresh_copy lift_fresh _to_copy to type_as constant_pad_nd reflection_pad1d reflection_pad2d "
    "replication_pad2d pad unfold im2col col2im pixel_shuffle pixel_unshuffle diagonal tril triu narrow repeat "
    "movedim swapaxes as_strided avg_pool1d avg_pool2d avg_pool3d _adaptive_avg_pool2d _adaptive_avg_pool3d "
    "adaptive_avg_pool1d upsample_nearest1d upsample_nearest2d upsample_bilinear2d upsample_bicubic2d "
    "_upsample_bilinear2d_aa _upsample_bicubic2d_aa slice_scatter select_scatter native_dropout "
    "fold rot90 _native_batch_norm_legit_no_training squeeze_copy unsqueeze_copy "
    "view_copy permute_copy transpose_copy slice_copy select_copy split_copy expand_copy alias_copy t_copy "
    "unfold_copy unbind_copy split_with_sizes_copy narrow_copy detach_copy diagonal_copy as_strided_copy "
    "channel_shuffle native_channel_shuffle"
).split()
REFUSED = (
    "topk sort argsort argmax argmin nonzero nonzero_static unique_dim _unique2 multinomial bernoulli searchsorted "
    "bucketize kthvalue median nanmedian mode histc bincount"
).split()
ELEMENTWISE = "hardswish _prelu_kernel hardsigmoid mish threshold hardtanh leaky_relu".split()  # also where not tagged
CONSTANT = "zeros_like ones_like full_like empty_like new_zeros new_ones new_full new_empty fill zero".split()
PRODUCTS = ("mul", "mm", "bmm", "matmul", "mv", "dot")
FIXED_INDEX = {  # what is linear in the value, and what would be linear only while the index is fixed
    "index": (0,), "index_select": (0,), "gather": (0,), "embedding": (0,),
    "scatter": (0, 3), "scatter_add": (0, 3), "index_put": (0, 2), "index_add": (0, 3), "grid_sampler_2d": (0,),
    "take_along_dim": (0,), "_unsafe_index": (0,),
}  # fmt: skip


def _table() -> dict[Any, Rule]:
    rules: dict[str, Rule] = {
        **dict.fromkeys(LINEAR, linear),
        **dict.fromkeys(REFUSED, refused),
        **dict.fromkeys(PRODUCTS, bilinear),
        **{name: linear_in(*places) for name, places in FIXED_INDEX.items()},
        **dict.fromkeys(ELEMENTWISE, secant),
        "log_sigmoid_forward": log_sigmoid,
        "convolution": convolution,
        "addmm": added_product(aten.mm.default),
        "baddbmm": added_product(aten.bmm.default),
        "div": quotient,
        "sqrt": root,
        "softmax": softmax,
        "_softmax": softmax,
        "log_softmax": log_softmax,
        "_log_softmax": log_softmax,
        "max_pool2d_with_indices": max_pool(2),
        "max_pool3d_with_indices": max_pool(3),
        "adaptive_max_pool2d": max_pool(2),
        "adaptive_max_pool3d": max_pool(3),
        "amax": largest,
        "amin": smallest,
        "max": largest,
        "min": smallest,
        "maximum": extremum(1),
        "minimum": extremum(-1),
        **dict.fromkeys(CONSTANT, unmoved),
        "copy": copied,
        "where": where,
        "masked_fill": masked_fill,
        "logsumexp": logsumexp,
    }
    return {getattr(aten, name): rule for name, rule in rules.items() if hasattr(aten, name)}


RULES = _table()
