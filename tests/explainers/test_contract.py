"""What every method owes its callers; a new one is covered the moment it is saved."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from explainers import Attributions, Method, Progress, build, explain, list_methods, runs, stream, stream_classes
from explainers.scoring import ModelScore
from tests.oracles import small_classifier, small_text_classifier

ROOT = Path(__file__).parents[2]
SIZE = (40, 56)
SMALL: dict[str, dict[str, object]] = {
    "exact_shapley": {"cells": 2},
    "gradient_shap": {"n": 8},
    "hsic": {"n": 64, "cells": 3},
    "integrated_gradients": {"max_steps": 32},
    "kernel_shap": {"n": 60, "cells": 3},
    "lime": {"n": 60, "cells": 3},
    "occlusion": {"window": 12, "stride": 7},
    "partition_shap": {"n": 68, "cells": 3},
    "permutation_shap": {"pairs": 3, "cells": 3},
    "rise": {"n_masks": 60},
    "smoothgrad": {"n": 20},
    "sobol": {"n": 8, "cells": 3},
}

SMALL_ON_TEXT: dict[str, dict[str, object]] = {
    "hsic": {"n": 64},
    "integrated_gradients": {"max_steps": 32},
    "kernel_shap": {"n": 60},
    "lime": {"n": 60},
    "partition_shap": {"n": 34},
    "permutation_shap": {"pairs": 3},
    "rise": {"n_masks": 60},
    "smoothgrad": {"n": 20},
    "sobol": {"n": 8},
}
TEXT = "not a bad film, but slow"
WORDS = 6  # the comma has no token of its own

every_method = pytest.mark.parametrize("method", list_methods(), ids=lambda m: f"{m.name}-{m.kind}")


def pixels() -> Tensor:
    return torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(1))


def small(method: Method) -> dict[str, object]:
    return (SMALL if method.kind == "image" else SMALL_ON_TEXT).get(method.name, {})


def model_for(method: Method) -> Any:
    return small_classifier(SIZE) if method.kind == "image" else small_text_classifier()


def input_for(method: Method) -> Any:
    return pixels() if method.kind == "image" else TEXT


def run(method: Method, model: Any = None, **options: Any) -> Iterator[Progress[Attributions]]:
    return stream_classes(method.name, model or model_for(method), input_for(method), params=small(method), **options)


def final(method: Method, model: Any = None, **options: Any) -> Attributions:
    *_, last = run(method, model, **options)
    return last.result


@every_method
def test_same_seed_same_bytes(method: Method) -> None:
    a, b = final(method, seed=5), final(method, seed=5)
    assert a.values.tobytes() == b.values.tobytes()
    assert (a.stderr is None) == (b.stderr is None)
    assert a.stderr is None or b.stderr is None or a.stderr.tobytes() == b.stderr.tobytes()
    assert (a.scores, a.meta) == (b.scores, b.meta)


@every_method
def test_s27_any_batch_size_same_values(method: Method) -> None:
    whole = final(method, batch_size=64)
    for size in (1, 7, 32):
        split = final(method, batch_size=size)
        assert np.abs(split.values - whole.values).max() <= 1e-4 * np.ptp(whole.values)  # the promise of the design


@every_method
def test_done_rises_and_ends_at_total(method: Method) -> None:
    steps = [(step.done, step.total) for step in run(method, batch_size=16)]
    done = [d for d, _ in steps]
    assert done == sorted(set(done))
    assert steps[-1][0] == steps[-1][1]
    assert all(d <= total for d, total in steps)
    assert method.needs != "scores" or done[0] <= 16  # an early preview


@every_method
def test_result_says_what_it_is(method: Method) -> None:
    model = model_for(method)
    result = final(method, model)
    assert result.values.shape == (len(result.classes), *(SIZE if method.kind == "image" else [WORDS]))
    assert len(result.words) == (0 if method.kind == "image" else WORDS)
    assert all(TEXT[word.start : word.end] == word.text for word in result.words)
    assert result.values.dtype == np.float32
    assert np.isfinite(result.values).all()
    assert np.ptp(result.values) > 0
    if result.stderr is not None:
        assert result.stderr.shape == result.values.shape
        assert (result.stderr >= 0).all()
    x = model.prepare(input_for(method))
    logits = model.module((x if isinstance(x, Tensor) else x.x)[None])[0].tolist()
    assert result.scores == pytest.approx([logits[k] for k in result.classes], abs=1e-5)
    assert result.meta["method"] == method.name
    assert result.meta["revision"] == method.revision
    assert result.meta["params"] == build(method.name, small(method), method.kind).as_dict()
    assert result.meta["forwards"]
    assert result.meta["digest"] == model.card.digest
    json.dumps(result.meta)


@every_method
def test_s26_closing_midway_leaves_nothing_behind(method: Method) -> None:
    model, x = model_for(method), input_for(method)
    state = {name: value.clone() for name, value in model.module.state_dict().items()}
    hooks = [dict(part.__dict__.get(name, {})) for part in model.module.modules() for name in HOOKS]
    steps = stream_classes(method.name, model, x, params=small(method), batch_size=4)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert method.kind == "text" or torch.equal(x, pixels())
    assert not model.module.training
    assert hooks == [dict(part.__dict__.get(name, {})) for part in model.module.modules() for name in HOOKS]
    assert all(torch.equal(value, state[name]) for name, value in model.module.state_dict().items())
    assert all(parameter.grad is None for parameter in model.module.parameters())
    assert torch.is_grad_enabled()


HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


@every_method
def test_the_global_generators_are_not_touched(method: Method) -> None:
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index] # noqa: NPY002
    final(method)
    assert torch.equal(torch.get_rng_state(), before)
    assert (np.random.get_state()[1] == numpy_before).all()  # type: ignore[index] # noqa: NPY002


@every_method
def test_every_parameter_is_typed(method: Method) -> None:
    for param in method.schema:
        assert param.help
        assert param.choices or param.range or param.type is bool
        assert param.check(param.default) == param.default
    json.dumps(method.parameters().as_dict())


@every_method
def test_s27_twenty_threads_equal_one(method: Method) -> None:
    model = model_for(method)
    alone = final(method, model)
    with ThreadPoolExecutor(20) as pool:
        together = list(pool.map(lambda _: final(method, model), range(20)))
    assert all(result.values.tobytes() == alone.values.tobytes() for result in together)


@every_method
def test_another_class_comes_from_the_same_forwards(method: Method) -> None:
    if method.needs != "scores":
        pytest.skip("explains one class at a time")
    many = final(method)
    alone = final(method, classes=(many.classes[2],))
    picked = many.of(many.classes[2])
    assert picked.values == pytest.approx(alone.of(many.classes[2]).values, abs=1e-5 * float(np.ptp(alone.values)))
    assert picked.target == many.classes[2]
    with pytest.raises(ValueError, match=r"target must be one of the scored classes \[.*\]; got 77"):
        many.of(77)


@every_method
def test_bf16_is_near_and_its_rounding_is_in_stderr(method: Method) -> None:
    if method.needs != "scores":
        pytest.skip("gradients are float32")
    exact, rounded = final(method, precision="float32"), final(method, precision="bfloat16")
    assert rounded.scores == exact.scores
    assert rounded.meta["precision"] == "bfloat16"
    assert isinstance(rounded.meta["precision_rms"], float)
    assert exact.meta["precision_rms"] is None
    assert rounded.stderr is not None
    assert (rounded.stderr > 0).all()
    # eight bits of mantissa, on a net whose logits move by some tenths
    assert np.corrcoef(rounded.values[0].ravel(), exact.values[0].ravel())[0, 1] > 0.98


@pytest.mark.thorough
@every_method
def test_peak_memory_does_not_follow_the_number_of_forwards(method: Method) -> None:
    """In a process of its own, few before many: the high-water mark of a process never falls."""
    if method.kind == "text":
        pytest.skip("the same engine")
    few, many = {
        "gradient_shap": ({"n": 64}, {"n": 640}),
        "hsic": ({"n": 512}, {"n": 4096}),
        "integrated_gradients": ({"max_steps": 64, "tolerance": 1e-5}, {"max_steps": 1024, "tolerance": 1e-5}),
        "kernel_shap": ({"n": 800}, {"n": 8000}),
        "lime": ({"n": 800}, {"n": 8000}),
        "occlusion": ({"window": 8, "stride": 8}, {"window": 8, "stride": 2}),
        "partition_shap": ({"n": 500}, {"n": 5000}),
        "permutation_shap": ({"pairs": 6}, {"pairs": 60}),
        "rise": ({"n_masks": 800}, {"n_masks": 8000}),
        "smoothgrad": ({"n": 64}, {"n": 640}),
        "sobol": ({"n": 16}, {"n": 128}),
    }.get(method.name, ({}, {}))
    if few == many:
        pytest.skip("its cost is fixed")
    answer = subprocess.check_output([sys.executable, "-c", PEAK, method.name, json.dumps([few, many])], cwd=ROOT)
    first, second = map(int, answer.split())
    assert second <= 1.1 * first


PEAK = """
import json, resource, sys
import torch
torch.set_num_threads(1)
from explainers import stream_classes
from tests.oracles import small_classifier
x = torch.rand(3, 40, 56, generator=torch.Generator().manual_seed(1))
for params in json.loads(sys.argv[2]):
    for step in stream_classes(sys.argv[1], small_classifier(), x, params=params):
        pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_explain_and_stream_read_one_class() -> None:
    model, x = small_classifier(SIZE), pixels()
    a = explain("rise", model, x, n_masks=32, seed=3)
    *_, last = stream("rise", model, x, target=a.target, n_masks=32, seed=3)
    assert a.target == int(model.module(x[None]).argmax())
    assert a.values.shape == SIZE
    assert last.result.values.tobytes() == a.values.tobytes()
    assert explain("rise", model, x, target=2, output="probability", n_masks=16).output == "probability"
    with pytest.raises(ValueError, match=r"target must lie in \[0, 4\]; got 5"):
        explain("rise", model, x, target=5)
    with pytest.raises(ValueError, match=r"n_masks must lie in \[16, 32768\]; got 3"):
        explain("rise", model, x, n_masks=3)


def test_a_method_refuses_another_kind_of_model() -> None:
    text = small_text_classifier()
    with pytest.raises(ValueError, match=r"method must be one of .* for texts; got 'grad_cam'"):
        explain("grad_cam", text, TEXT)


def test_rounding_widens_the_standard_error() -> None:
    ones = np.ones((1, 4, 4), np.float32)
    result = Attributions(2 * ones, (0,), (0.0,), "logit", True, 3 * ones)
    widened = runs.widened(result, 2.0)
    assert widened.stderr == pytest.approx(5.0)  # √(3² + (2 · 2)²)


@every_method
def test_the_reduced_budget_is_the_same_method_for_less(method: Method) -> None:
    whole = build(method.name, kind=method.kind)
    reduced = whole.reduced()
    assert type(reduced) is type(whole)
    assert reduced.reduced() == reduced
    if method.needs == "scores":
        image = method.kind == "image"
        model: Any = small_classifier((64, 96)) if image else small_text_classifier()
        x = torch.rand(3, 64, 96, generator=torch.Generator().manual_seed(1)) if image else model.prepare(TEXT)
        totals = [
            next(iter(part.explain(ModelScore(model, (0,)), x, torch.Generator().manual_seed(0)))).total
            for part in (whole, reduced)
        ]
        assert totals[1] <= totals[0]
        assert totals[1] <= 512  # exact methods have nothing to spare; the others stay far below


@every_method
def test_the_unit_names_the_score(method: Method) -> None:
    assert "{score}" in build(method.name, kind=method.kind).unit
    assert "logit" in str(final(method).meta["unit"])
