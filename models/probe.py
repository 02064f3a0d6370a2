"""The first questions put to a module, before anyone relies on it."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.card import UnsupportedModelError
from models.native import anchor


def probe(name: str, module: nn.Module, x: Float[Tensor, "2 ..."], inputs: str) -> tuple[int, bool]:
    """(number of classes, whether scores have a gradient at the input), or UnsupportedModelError.

    A few forwards of the two rows of `x`, called `inputs`: scores must be finite floats (n, classes), the same every
    time, and a row's scores must not depend on the other rows of its batch.
    """
    x = x.to(anchor(module))

    def refuse(reason: str) -> UnsupportedModelError:
        return UnsupportedModelError(f"{name} cannot be served: {reason}")

    try:
        with torch.inference_mode():
            # copies: a module may work in place on what it is handed
            scores, again, alone = module(x.clone()), module(x.clone()), module(x[1:].clone())
    except Exception as error:  # foreign code: whatever it raises, it cannot take its own input
        raise refuse(f"it fails on input of shape {tuple(x.shape)} with {type(error).__name__}") from error
    if not isinstance(scores, Tensor):
        raise refuse(f"it returns {type(scores).__name__}, not a tensor of logits")
    if scores.ndim != 2 or scores.shape[0] != 2 or scores.shape[1] == 0 or not scores.is_floating_point():
        raise refuse(
            f"it must return floats of shape (2, classes) for two {inputs}; got {scores.dtype}, {tuple(scores.shape)}"
        )
    if not scores.isfinite().all():
        raise refuse("its scores are not finite")
    if not torch.equal(scores, again):
        raise refuse("it gives different scores for the same input")
    # another batch size may sum in another order, about 1e-6 of the scores in float32; batch statistics move far more
    if not torch.allclose(scores[1:], alone, rtol=1e-3, atol=1e-3 * float(scores.abs().max())):
        raise refuse(f"its scores for one {inputs.removesuffix('s')} depend on the other {inputs} of the batch")
    return scores.shape[1], has_gradient(module, x[:1])


def has_gradient(module: nn.Module, x: Float[Tensor, "1 ..."]) -> bool:
    x = x.clone().requires_grad_()
    try:
        with torch.enable_grad():
            scores = module(x.clone())
            if not scores.requires_grad:
                return False
            (gradient,) = torch.autograd.grad(scores.sum(), x, allow_unused=True)
    except Exception:  # foreign code: it scores, and cannot be differentiated
        return False
    return gradient is not None and bool(gradient.isfinite().all())
