from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explainers import scoring
from explainers.scoring import ModelScore, precision_gap, resolve_precision, top_classes
from explainers.types import Classifier, GradientScore, InputError, Output, ScoreFunction
from tests.oracles import Linear, classifier, small_classifier


def pixels(n: int = 6, size: tuple[int, int] = (40, 56)) -> Tensor:
    return torch.rand(n, 3, *size, generator=torch.Generator().manual_seed(1))


def test_protocols() -> None:
    model = small_classifier()
    assert isinstance(model, Classifier)
    assert isinstance(ModelScore(model, (0,)), ScoreFunction)
    assert isinstance(ModelScore(model, (0,)), GradientScore)


def test_outputs_read_all_logits() -> None:
    model, x = small_classifier(), pixels()
    logits = model.module(x).detach()
    for output, expected in (
        ("logit", logits),
        ("probability", logits.softmax(1)),
        ("log_probability", logits.log_softmax(1)),
    ):
        score = ModelScore(model, (3, 1), output)  # type: ignore[arg-type]
        assert torch.allclose(score(x), expected[:, [3, 1]], atol=1e-6)  # channels-last sums in another order
        assert torch.allclose(score.exact(x), expected[:, [3, 1]], atol=1e-6)


def test_batch_size_changes_nothing_but_the_split() -> None:
    model, x = small_classifier(), pixels(11)
    whole = ModelScore(model, (0, 4), batch_size=64)
    for size in (1, 2, 5, 11):
        split = ModelScore(model, (0, 4), batch_size=size)
        assert torch.allclose(split(x), whole(x), atol=1e-6)
        assert split.forwards == 11


class Small(nn.Module):
    """Runs out of memory above `limit` rows."""

    def __init__(self, limit: int, error: Exception) -> None:
        super().__init__()
        self.limit, self.error = limit, error
        self.sizes: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.sizes.append(len(x))
        if len(x) > self.limit:
            raise self.error
        return x.flatten(1)[:, :4]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    ],
)
def test_out_of_memory_shrinks_the_batch(error: Exception) -> None:
    module, x = Small(5, error), pixels(20)
    score = ModelScore(classifier(module, 4, (40, 56)), (0, 1), batch_size=16)
    assert torch.equal(score(x), x.flatten(1)[:, :2])
    assert score.batch_size == 4
    assert score.forwards == 20
    module.sizes.clear()
    score(x)
    assert module.sizes == [4, 4, 4, 4, 4]  # remembered


def test_other_errors_and_the_last_row_are_not_retried() -> None:
    for limit, error, raised in (
        (0, torch.OutOfMemoryError("CUDA out of memory."), "CUDA out of memory"),
        (5, RuntimeError("shapes\ndiffer"), "^the network fails on this input: RuntimeError: shapes$"),
    ):
        module = Small(limit, error)
        score = ModelScore(classifier(module, 4, (40, 56)), (0,), batch_size=16)
        with pytest.raises((torch.OutOfMemoryError, InputError), match=raised):
            score(pixels(20))
        assert module.sizes[-1] == (1 if limit == 0 else 16)


def fingerprint(module: nn.Module) -> tuple[Any, ...]:
    state = {name: (t.dtype, t.stride(), t.clone()) for name, t in module.state_dict().items()}
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in module.modules()]
    return state, hooks, [m.training for m in module.modules()], [p.requires_grad for p in module.parameters()]


def test_bf16_agrees_and_leaves_the_module_alone() -> None:
    model, x = small_classifier(), pixels(8)
    before = fingerprint(model.module)
    exact, rounded = ModelScore(model, range(5)), ModelScore(model, range(5), precision="bfloat16")
    scores = rounded(x)
    assert scores.dtype == torch.float32
    assert not torch.equal(scores, exact(x))  # it did run in bf16
    assert torch.equal(rounded.exact(x), exact(x))
    rms, spread = precision_gap(rounded, x[0])
    assert 0 < rms < 0.1 * spread  # eight bits of mantissa
    (state, *rest), (old, *others) = fingerprint(model.module), before
    assert rest == others
    for name, (dtype, stride, value) in old.items():
        assert state[name][:2] == (dtype, stride)
        assert torch.equal(state[name][2], value)


def test_the_bf16_copy_is_made_once_follows_the_weights_and_dies_with_the_model() -> None:
    model, x = small_classifier(), pixels(4)
    score = ModelScore(model, (0,), precision="bfloat16")
    copy = scoring._bf16(model.module)
    assert scoring._bf16(model.module) is copy
    before = score(x)
    with torch.no_grad():
        model.module.layers[0].weight.zero_()  # type: ignore[union-attr, index]
    assert not torch.equal(score(x), before)
    alive = weakref.ref(scoring._bf16(model.module))
    del score, model, copy
    gc.collect()
    assert alive() is None


def test_precision_is_resolved_by_gain_and_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = small_classifier(), pixels(1)[0]
    monkeypatch.setattr(scoring, "_gains", lambda device: False)  # noqa: ARG005
    assert resolve_precision(model, x, range(5)) == "float32"
    monkeypatch.setattr(scoring, "_gains", lambda device: True)  # noqa: ARG005
    assert resolve_precision(model, x, range(5)) == "bfloat16"
    # two classes whose difference bf16 cannot see: large weights that cancel

    class Cancelling(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(3, 1, bias=False)
            self.head.weight.data = torch.tensor([[1000.0, -1000.0, 1.0]])

        def forward(self, x: Tensor) -> Tensor:
            grey = x.mean((1, 2, 3))
            logits: Tensor = self.head(torch.stack([grey, grey + 0.003 * grey**2, grey], 1))
            return logits

    assert resolve_precision(classifier(Cancelling(), 1, (40, 56), mean=(0.1,) * 3), x, (0,)) == "float32"


def test_gains_asks_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    for capabilities, expected in (({"amx_bf16": True}, True), ({"avx512_bf16": True}, True), ({"avx2": True}, False)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda given=capabilities: given)
        assert scoring._gains(torch.device("cpu")) is expected


def test_gradient_of_a_linear_model() -> None:
    weight = torch.rand(2, 6, 7)
    score = ModelScore(classifier(Linear(weight), 2, (6, 7)), (1,))
    assert torch.allclose(score.gradient(pixels(3, (6, 7))), (weight[1] / 3).expand(3, 3, 6, 7))


def test_gradient_is_the_same_in_small_batches() -> None:
    model, rows = small_classifier(), pixels(5)
    whole, split = (ModelScore(model, (3,), batch_size=size).gradient(rows) for size in (5, 2))
    assert torch.allclose(whole, split, rtol=1e-4, atol=1e-6)  # float32 sums in another order
    assert not torch.equal(whole[0], whole[1])


@pytest.mark.parametrize("output", ["logit", "probability", "log_probability"])
def test_against_another_class_is_the_margin(output: Output) -> None:
    model, x = small_classifier(), pixels(1)
    plain = ModelScore(model, range(5), output).exact(x)[0]
    margin = ModelScore(model, (4, 2), output, against=1).exact(x)[0]
    assert torch.allclose(margin, plain[[4, 2]] - plain[1], atol=1e-6)
    swapped = ModelScore(model, (1,), output, against=4)
    assert torch.allclose(swapped.exact(x)[0], -margin[:1], atol=1e-6)
    assert torch.allclose(swapped.gradient(x), -ModelScore(model, (4,), output, against=1).gradient(x), atol=1e-6)
    with pytest.raises(ValueError, match=r"against must lie in \[0, 4\]; got 9"):
        ModelScore(model, (0,), against=9)


def test_neutral_is_what_normalises_to_zero() -> None:
    assert torch.equal(ModelScore(small_classifier(), (0,)).neutral, torch.tensor([0.5, 0.4, 0.3]))
    bare = classifier(Linear(torch.ones(1, 4, 4)), 1, (4, 4), mean=None)
    assert torch.equal(ModelScore(bare, (0,)).neutral, torch.zeros(3))


def test_top_classes() -> None:
    model = classifier(Linear(torch.tensor([1.0, 3.0, 2.0, 0.0]).view(4, 1, 1).expand(4, 5, 5)), 4, (5, 5))
    x = torch.full((3, 5, 5), 0.5)
    assert top_classes(model, x, 2) == (1, 2)
    assert top_classes(model, x, 2, extra=(3, 1)) == (1, 2, 3)
    assert top_classes(model, x) == (1, 2, 0, 3)


def test_refusals() -> None:
    model = small_classifier()
    with pytest.raises(ValueError, match=r"target must lie in \[0, 4\]; got 5"):
        ModelScore(model, (0, 5))
    with pytest.raises(ValueError, match="classes must name at least one class; got none"):
        ModelScore(model, ())
    with pytest.raises(ValueError, match="batch_size must be at least 1; got 0"):
        ModelScore(model, (0,), batch_size=0)
    model.module.train()
    with pytest.raises(ValueError, match="the model must be in eval mode"):
        ModelScore(model, (0,))
