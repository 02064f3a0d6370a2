"""The scalar explained, as an object: the only place that knows device, precision, memory format and batch size."""

from __future__ import annotations

import copy
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from explainers.types import Classifier, InputError, Output, Precision, Prepared

BATCH_SIZE = {"cuda": 256, "cpu": 32}
AGREEMENT = 0.1  # largest rms difference of bf16 rows, in standard deviations of the rows
PROBES = 16  # rows scored in both precisions
NO_GRADIENT = "the network passes no gradient from its scores to its input"
FLAT = "the gradient is zero: small changes of the input do not move the score, as with rounding or thresholds"


class ModelScore:
    """The scores of `classes`, t at once: for estimators a function, for gradient methods also the module.

    With `against`, every score is a margin, s_t − s_against: why this class and not that one. Nothing of the model
    changes: no mode, hook, buffer or weight. bf16 runs on a copy, made once per module; float32 stands for
    the module's own type, if it has another. What a network raises is an InputError, except that memory ran out.
    """

    def __init__(
        self,
        model: Classifier,
        classes: Sequence[int],
        output: Output = "logit",
        precision: Precision = "float32",
        batch_size: int | None = None,
        against: int | None = None,
    ) -> None:
        if not classes:
            raise ValueError("classes must name at least one class; got none")
        if output not in get_args(Output):
            raise ValueError(f"output must be one of {', '.join(get_args(Output))}; got {output!r}")
        if precision not in get_args(Precision):
            raise ValueError(f"precision must be one of {', '.join(get_args(Precision))}; got {precision!r}")
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"batch_size must be at least 1; got {batch_size}")
        n = len(model.labels)
        for target in classes:
            if not 0 <= target < n:
                raise ValueError(f"target must lie in [0, {n - 1}]; got {target}")
        if against is not None and not 0 <= against < n:
            raise ValueError(f"against must lie in [0, {n - 1}]; got {against}")
        if any(getattr(module, "training", False) for module in model.module.modules()):
            raise ValueError("the model must be in eval mode: in training mode its scores depend on the batch")
        self.module = model.module
        self.classes = tuple(classes)
        self.output = output
        self.against = against
        self.precision = precision
        self.device = device_of(model.module)
        self.dtype = dtype_of(model.module)
        self.batch_size = batch_size or BATCH_SIZE.get(self.device.type, BATCH_SIZE["cpu"])
        self.forwards = 0  # rows scored so far, failed attempts not counted
        self.flat = True  # whether every gradient so far was zero
        mean = getattr(model.card, "mean", None)
        self.neutral = self.place(torch.tensor(tuple(mean) if mean is not None else (0.0, 0.0, 0.0)))
        self._columns = self.place(torch.tensor(self.classes))

    def place(self, x: Tensor) -> Tensor:
        """`x` on the model's device, images in the memory format that its convolutions like best."""
        x = x.to(self.device)
        return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x

    def __call__(self, x: Float[Tensor, "n c *grid"]) -> Float[Tensor, "n t"]:
        """Raises the out-of-memory error at one row only."""
        module = _bf16(self.module) if self.precision == "bfloat16" else self.module
        return self._score(module, x, torch.bfloat16 if self.precision == "bfloat16" else self.dtype)

    def exact(self, x: Float[Tensor, "n c *grid"]) -> Float[Tensor, "n t"]:
        return self._score(self.module, x, self.dtype)

    def attached(self, x: Float[Tensor, "n c *grid"]) -> Float[Tensor, "n t"]:
        """The same in float32 and attached to the graph of `x`, for methods that differentiate; one batch as it is."""
        self.forwards += len(x)
        return self.read(_logits(self.module, x, self.dtype))

    def gradient(self, x: Float[Tensor, "n c *grid"]) -> Float[Tensor, "n c *grid"]:
        """d score / d x of the first class, each row's by itself, in float32; split as memory demands."""

        def differentiated(rows: Tensor) -> Tensor:
            leaf = self.place(rows).detach().clone().requires_grad_()
            (slope,) = slopes(self.read(_logits(self.module, leaf, self.dtype))[:, 0].sum(), [leaf])
            self.flat = self.flat and not slope.any()
            return slope

        with torch.inference_mode(False), torch.enable_grad(), torch.autocast(self.device.type, enabled=False):
            return self._split(x, differentiated) if len(x) else x

    def _score(self, module: nn.Module, x: Tensor, dtype: torch.dtype) -> Tensor:
        # the caller may stand inside an autocast of its own
        with torch.inference_mode(), torch.autocast(self.device.type, enabled=False):
            if not len(x):
                return x.new_zeros(0, len(self.classes))
            return self._split(x, lambda rows: self.read(_logits(module, self.place(rows), dtype)))

    def _split(self, x: Tensor, compute: Callable[[Tensor], Tensor]) -> Tensor:
        """`compute` of all rows, in batches that fit; one that does not is halved, and the smaller size remembered."""
        parts: list[Tensor] = []
        start = 0
        while start < len(x):
            rows = x[start : start + self.batch_size]
            try:
                parts.append(compute(rows))
            except RuntimeError as error:
                if len(rows) == 1 or not _out_of_memory(error):
                    raise
                self.batch_size = max(1, len(rows) // 2)
            else:
                start += len(rows)
                self.forwards += len(rows)
        return torch.cat(parts)

    def read(self, logits: Float[Tensor, "n classes"]) -> Float[Tensor, "n t"]:
        """The scores that are explained, from the network's logits."""
        scores = as_output(logits, self.output)
        chosen = scores[:, self._columns]
        return chosen if self.against is None else chosen - scores[:, self.against, None]


def grid_of(x: Prepared) -> Float[Tensor, " c *grid"]:
    """The numbers that the network takes: pixels with their colours, or tokens with their embeddings."""
    return x if isinstance(x, Tensor) else x.x


def top_classes(model: Classifier, x: Prepared, n: int = 20, extra: Sequence[int] = ()) -> tuple[int, ...]:
    """The `n` classes of highest score on the unmasked input, best first, then those of `extra` not among them."""
    labels = len(model.labels)
    scores = ModelScore(model, range(labels)).exact(grid_of(x)[None])[0]
    best = scores.topk(min(n, labels)).indices.tolist()
    return tuple(dict.fromkeys([*best, *extra]))


def resolve_precision(model: Classifier, x: Prepared, classes: Sequence[int], output: Output = "logit") -> Precision:
    """bfloat16 where the processor gains from it and masked rows agree with float32, else float32."""
    if not _gains(device_of(model.module)):
        return "float32"
    try:
        rms, spread = precision_gap(ModelScore(model, classes, output, "bfloat16"), x)
    except Exception:  # foreign code: an operator without a bf16 kernel, a module that cannot be copied
        return "float32"
    return "bfloat16" if rms <= AGREEMENT * spread else "float32"


def precision_gap(score: ModelScore, x: Prepared) -> tuple[float, float]:
    """Rms difference between the run's precision and float32 on masked rows, and the rows' standard deviation.

    Both pooled over the classes, and both about each class's mean: a shift common to all rows moves no map, and scores
    that are shown are float32. The rows are what methods ask for: fixed 8 × 8 half-on grids over the neutral colour, or
    half of the tokens over the mask token.
    """
    rng = torch.Generator().manual_seed(0)
    if isinstance(x, Tensor):
        cells = (torch.rand(PROBES, 1, 8, 8, generator=rng) < 0.5).float()
        masks = nn.functional.interpolate(score.place(cells), x.shape[-2:], mode="nearest")
        rows = torch.lerp(score.neutral[:, None, None], score.place(x), masks)
    else:
        present = torch.rand(PROBES, 1, len(x.tokens), generator=rng) < 0.5
        rows = torch.where(score.place(present), score.place(x.x), score.place(x.mask)[:, None])
    exact, rounded = score.exact(rows).double(), score(rows).double()
    return (rounded - exact).var(0).mean().sqrt().item(), exact.var(0).mean().sqrt().item()


def as_output(logits: Tensor, output: Output) -> Tensor:
    """Logits as the output that is explained, in float32."""
    logits = logits.float()  # softmax of bf16 logits would lose what the masks change
    match output:
        case "logit":
            return logits
        case "probability":
            return logits.softmax(1)
        case "log_probability":
            return logits.log_softmax(1)


def device_of(module: nn.Module) -> torch.device:
    tensor = next(chain(module.parameters(), module.buffers()), None)
    return tensor.device if tensor is not None else torch.device("cpu")


def dtype_of(module: nn.Module) -> torch.dtype:
    tensors = chain(module.parameters(), module.buffers())
    return next((tensor.dtype for tensor in tensors if tensor.is_floating_point()), torch.float32)


def _logits(module: nn.Module, x: Tensor, dtype: torch.dtype) -> Tensor:
    """Of a copy: a network that works in place must not change what it was handed."""
    with foreign("the network fails on this input"):
        logits: Tensor = module(x.to(dtype, copy=True))
        return logits


def slopes(score: Tensor, of: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """d score / d each. Raises InputError where the network has no derivative."""
    if not score.requires_grad:
        raise InputError(NO_GRADIENT)
    with foreign("the network cannot be differentiated"):
        found = torch.autograd.grad(score, of, allow_unused=True)
    if all(slope is None for slope in found):
        raise InputError(NO_GRADIENT)
    return tuple(torch.zeros_like(t) if s is None else s for t, s in zip(of, found, strict=True))


@contextmanager
def foreign(trouble: str) -> Iterator[None]:
    """Whatever a stranger's code raises becomes an InputError; but smaller batches may cure a lack of memory."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if _out_of_memory(error):
            raise
        words = " ".join(str(error).strip().partition("\n")[0][:200].split())
        raise InputError(": ".join(filter(None, (trouble, type(error).__name__, words)))) from error


def _gains(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return any(capabilities.get(name, False) for name in ("amx_bf16", "avx512_bf16"))


def _out_of_memory(error: Exception) -> bool:
    text = str(error).lower()
    if not isinstance(error, RuntimeError):
        return False
    return isinstance(error, torch.OutOfMemoryError) or "not enough memory" in text or "can't allocate memory" in text


_copies: weakref.WeakKeyDictionary[nn.Module, tuple[object, nn.Module]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def _bf16(module: nn.Module) -> nn.Module:
    """A bf16, channels-last copy of the whole module.

    Not autocast, which casts every weight in every call, and not weights alone: on Lite0's masked logits both stray
    further from float32 (0.137 about the mean, against 0.095 for the whole copy).
    """
    tensors = chain(module.parameters(), module.buffers())
    version = tuple((t.data_ptr(), 0 if t.is_inference() else t._version) for t in tensors)
    with _lock:
        known = _copies.get(module)
        if known is None or known[0] != version:
            rounded = copy.deepcopy(module).to(torch.bfloat16, memory_format=torch.channels_last)  # type: ignore[call-overload]
            known = _copies[module] = (version, rounded)
    return known[1]
