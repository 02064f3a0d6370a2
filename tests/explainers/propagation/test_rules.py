"""Every operator's rule: it adds up exactly, and it tends to the derivative as the two inputs meet."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explainers.propagation import UnsupportedOperatorError, deeplift
from tests.explainers.propagation.nets import rows

ROUNDING = 1e-12  # of float64, over a few operators on numbers of order one

ELEMENTWISE: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "relu in place": lambda x: F.relu_(x * 1),
    "relu6": F.relu6,
    "leaky relu": lambda x: F.leaky_relu(x, 0.2),
    "prelu": lambda x: F.prelu(x, torch.tensor([0.1], dtype=x.dtype)),
    "elu": F.elu,
    "selu": F.selu,
    "celu": F.celu,
    "gelu": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
    "hardtanh": F.hardtanh,
    "sigmoid": torch.sigmoid,
    "log sigmoid": F.logsigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "exp": torch.exp,
    "log": lambda x: (x.abs() + 0.5).log(),
    "sqrt": lambda x: (x.square() + 0.5).sqrt(),
    "rsqrt": lambda x: (x.square() + 0.5).rsqrt(),
    "abs": torch.abs,
    "cube": lambda x: x**3,
    "power of a constant": lambda x: 2.0**x,
    "clamp": lambda x: x.clamp(-0.5, 0.7),
    "reciprocal": lambda x: 1 / (x.square() + 1),
    "sine": torch.sin,
    "step": lambda x: torch.where(x > 0.1, x * x, 0.3 * x),
    "masked by itself": lambda x: x.masked_fill(x < 0, 0.25),
}
JUMPS = {"step", "masked by itself"}  # without a derivative
JOINT: dict[str, Callable[[Tensor], Tensor]] = {
    "product": lambda x: x[:, :4] * x[:, 4:],
    "square by product": lambda x: x * x,
    "outer product": lambda x: (x[:, :, None] @ x[:, None, :]).flatten(1),
    "einsum": lambda x: torch.einsum("ni,nj->nij", x, x.tanh()).flatten(1),
    "quotient": lambda x: x[:, :4] / (x[:, 4:].square() + 0.3),
    "quotient through zero": lambda x: x[:, :4] / (x[:, 4:] * 3 + 0.2),
    "constant over": lambda x: 2 / (x.square() + 1),
    "softmax": lambda x: x.softmax(1),
    "log-softmax": lambda x: x.log_softmax(1),
    "log-sum-exp": lambda x: x.logsumexp(1, keepdim=True),
    "glu": lambda x: F.glu(x, 1),
    "layer norm": lambda x: F.layer_norm(x, (8,), torch.arange(8.0, dtype=x.dtype), torch.ones(8, dtype=x.dtype)),
    "group norm": lambda x: F.group_norm(x.view(-1, 4, 2), 2).flatten(1),
    "instance norm": lambda x: F.instance_norm(x.view(-1, 2, 4)).flatten(1),
    "rms norm": lambda x: F.rms_norm(x, (8,)),
    "standard deviation": lambda x: x.std(1, keepdim=True),
    "variance": lambda x: x.var(1, keepdim=True),
    "unit length": lambda x: F.normalize(x, dim=1),
    "cosine": lambda x: F.cosine_similarity(x[:, :4], x[:, 4:], dim=1)[:, None],
    "largest": lambda x: x.amax(1, keepdim=True),
    "smallest": lambda x: x.min(1, keepdim=True).values,
    "larger": lambda x: torch.maximum(x[:, :4], x[:, 4:]),
    "smaller": lambda x: torch.minimum(x[:, :4], x[:, 4:]),
    "overlapping max-pool": lambda x: F.max_pool1d(x[:, None], 3, 1)[:, 0],
    "padded max-pool": lambda x: F.max_pool1d(x[:, None], 3, 2, 1)[:, 0],
    "adaptive max-pool": lambda x: F.adaptive_max_pool2d(x.view(-1, 1, 2, 4), (1, 3)).flatten(1),
    "average pool": lambda x: F.avg_pool1d(x[:, None], 3, 2)[:, 0],
    "attention": lambda x: F.scaled_dot_product_attention(heads(x), heads(x.tanh()), heads(x)).flatten(1),
    "causal attention": lambda x: F.scaled_dot_product_attention(
        heads(x), heads(x.tanh()), heads(x), is_causal=True
    ).flatten(1),
    "computed kernel": lambda x: torch.stack([F.conv1d(row.view(1, 1, 8), row[:3].view(1, 1, 3))[0, 0] for row in x]),
    "cumulative sum": lambda x: x.cumsum(1),
    "resized": lambda x: F.interpolate(x.view(-1, 1, 2, 4), (5, 5), mode="bilinear").flatten(1),
    "sorted by a fixed order": lambda x: x[:, torch.tensor([3, 1, 2, 0, 7, 6, 5, 4])],
    "slices written in place": lambda x: in_place(x),
}


def heads(x: Tensor) -> Tensor:
    """One head of four places with two numbers each."""
    return x.view(-1, 1, 4, 2)


def in_place(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 1:3] *= 2
    y[:, 0] = y[:, 3].relu()
    y += x
    return y


def score(fn: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Linear, fn, linear: the output's elements matter unequally."""
    before, after = mixing(8, 8), mixing(64, 1)[:, 0]

    def run(x: Tensor) -> Tensor:
        out = fn(x @ before)
        return out @ after[: out.shape[1]]

    return run


def mixing(rows_: int, columns: int) -> Tensor:
    return torch.randn(rows_, columns, generator=torch.Generator().manual_seed(9), dtype=torch.float64) / 2


@pytest.mark.parametrize("name", [*ELEMENTWISE, *JOINT])
def test_contributions_add_up(name: str) -> None:
    fn = score({**ELEMENTWISE, **JOINT}[name])
    x, x0 = rows(5, 8, seed=1), rows(5, 8, seed=2)
    result = deeplift(fn, x, x0)
    rise = fn(x) - fn(x0)
    assert result.fallbacks == ()
    assert result.values.sum(1) == pytest.approx(rise.numpy(), abs=ROUNDING)
    assert result.delta.abs().max() <= ROUNDING
    assert rise.abs().max() > 1e-3, "there is a difference to explain"


@pytest.mark.parametrize("name", sorted({*ELEMENTWISE, *JOINT} - JUMPS))
def test_multipliers_tend_to_the_derivative(name: str) -> None:
    fn = score({**ELEMENTWISE, **JOINT}[name])
    x = rows(5, 8, seed=1)
    x0 = x + 1e-6 * rows(5, 8, seed=2)
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(fn(leaf).sum(), leaf)
    # the secant differs from the slope by half the second derivative times 1e-6
    assert torch.allclose(deeplift(fn, x, x0).values, gradient * (x - x0), rtol=1e-3, atol=1e-10)


@pytest.mark.parametrize("name", [*ELEMENTWISE, *JOINT])
def test_equal_inputs_contribute_nothing(name: str) -> None:
    fn = score({**ELEMENTWISE, **JOINT}[name])
    result = deeplift(fn, rows(3, 8, seed=1), rows(3, 8, seed=1))
    assert torch.equal(result.values, torch.zeros(3, 8, dtype=torch.float64))
    assert torch.equal(result.delta, torch.zeros(3, dtype=torch.float64))


def test_product_is_shared_equally() -> None:
    """Shapley's answer too."""
    result = deeplift(lambda x: x[:, 0] * x[:, 1], torch.tensor([[3.0, 2.0]]), torch.zeros(2))
    assert result.values.tolist() == [[3.0, 3.0]]


def test_softmax_follows_the_logarithmic_mean() -> None:
    """Δp_0 = L_0 (Δx_0 − Σ L_j Δx_j / Σ L_j), written as a dense matrix."""
    x, x0 = rows(1, 4, seed=3)[0], rows(1, 4, seed=4)[0]
    p, p0 = x.softmax(0), x0.softmax(0)
    L = (p - p0) / (p.log() - p0.log())
    multipliers = L[0] * (torch.eye(4, dtype=torch.float64)[0] - L / L.sum())
    assert torch.allclose(deeplift(lambda x: x.softmax(1)[:, 0], x[None], x0).values[0], multipliers * (x - x0))


def test_layer_norm_follows_its_closed_form() -> None:
    """m = (s + s₀)/(s² + s₀²) (h − h̄) − (c + c₀) ⟨h, s y₀ + s₀ y⟩ / (n (s + s₀)(s² + s₀²))."""
    x, x0, h = rows(3, 6, seed=5)
    c, c0 = x - x.mean(), x0 - x0.mean()
    s, s0 = ((part.square().mean() + 1e-5).sqrt() for part in (c, c0))
    squares = s**2 + s0**2
    m = (s + s0) / squares * (h - h.mean()) - (c + c0) * (h @ (s * c0 / s0 + s0 * c / s)) / (6 * (s + s0) * squares)
    assert torch.allclose(deeplift(lambda x: F.layer_norm(x, (6,)) @ h, x[None], x0).values[0], m * (x - x0))


def test_layer_norm_from_a_constant_reference_stays_bounded() -> None:
    """Its deviation is nearly nothing there; with 1/s as a factor, each of twenty would multiply by hundreds."""
    norms = nn.Sequential(*(nn.LayerNorm(8) for _ in range(20))).double()
    x = rows(1, 8, seed=6)
    result = deeplift(lambda x: norms(x)[:, 0], x, torch.zeros(8, dtype=torch.float64))
    assert result.delta.abs().max() <= 1e-10
    assert result.values.abs().max() < 100


def test_pixels_that_win_several_windows_add_up() -> None:
    """Window of 3, stride 1, over (0, 5, 0, 0, 1) from zeros: 5 wins three windows, 1 wins none."""
    x = torch.tensor([[0.0, 5.0, 0.0, 0.0, 1.0]])
    result = deeplift(lambda x: F.max_pool1d(x[:, None], 3, 1)[:, 0].sum(1), x, torch.zeros(5))
    assert result.values.tolist() == [[0.0, 10.0, 0.0, 0.0, 1.0]]  # windows 0 and 1 see the 5, window 2 the 1


def test_float32_near_zero_differences_are_not_noise() -> None:
    """A sigmoid whose input moves by less than its output's rounding keeps its slope of a quarter."""
    x0 = torch.zeros(1, 1)
    x = torch.full((1, 1), 1e-7)
    values = deeplift(lambda x: 1e6 * x.sigmoid()[:, 0], x, x0).values
    assert float(values) == pytest.approx(0.25 * 1e-7 * 1e6, rel=1e-3)


def test_an_operator_without_a_rule_is_integrated_and_listed() -> None:
    """A cumulative product of five is a polynomial of degree five: sixteen nodes integrate its derivative exactly."""
    x, x0 = rows(4, 5, seed=7), rows(4, 5, seed=8)
    result = deeplift(lambda x: x.cumprod(1)[:, -1], x, x0)
    assert result.fallbacks == ("cumprod",)
    assert result.delta.abs().max() <= ROUNDING


@pytest.mark.parametrize(
    ("fn", "named"),
    [
        (lambda x: x.topk(2, 1).values.sum(1), "topk"),
        (lambda x: x.sort(1).values[:, 0], "sort"),
        (lambda x: x.gather(1, x.argmax(1, keepdim=True))[:, 0], "argmax"),
        (lambda x: x[:, 0] if x.sum() > 0 else x[:, 1], "decides by the values"),
        (lambda x: x[x > 0].sum()[None].expand(len(x)), "index"),
        (lambda x: x.new_ones(len(x)), "does not depend on the input"),
    ],
)
def test_what_the_values_decide_is_refused_by_name(fn: Callable[[Tensor], Tensor], named: str) -> None:
    with pytest.raises(UnsupportedOperatorError, match=named):
        deeplift(fn, rows(3, 5, seed=1), rows(3, 5, seed=2))
