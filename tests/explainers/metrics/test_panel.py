from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.broken import faults
from explainers import (
    Attribution,
    Attributions,
    Classifier,
    Method,
    TrustReport,
    explain,
    list_methods,
    stream_classes,
    stream_trust,
    trust,
)
from explainers.metrics import checks, setting
from explainers.metrics.ground import survey
from explainers.metrics.report import Check
from explainers.metrics.setting import PictureSetting
from explainers.scoring import resolve_precision
from tests.explainers.metrics.squares import Picture, picture
from tests.oracles import Oracle, linear_classifier

NAMES = ("random", "edges", "centre", "flipped", "wrong class")


@pytest.fixture(params=[1, 2, 3])
def seen(request: pytest.FixtureRequest) -> Picture:
    return picture(torch.Generator().manual_seed(request.param))


def claimed(model: Oracle, seen: Picture) -> tuple[int, int]:
    """The colour the model is surest of, and that of the other square."""
    first, second = seen.colours
    target = int(model.module(seen.x[None]).argmax())
    assert target in seen.colours
    return target, second if target == first else first


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_explainer_fails(name: str, seen: Picture, colours: Oracle) -> None:
    target, other = claimed(colours, seen)

    def rise(n_masks: int, model: Classifier, x: Tensor, seed: int) -> Attributions:
        *_, last = stream_classes("rise", model, x, (target, other), seed, params={"n_masks": n_masks})
        return last.result

    made = faults(lambda model, x, seed: rise(400, model, x, seed), other)[name](colours, seen.x, target, 0)
    again = faults(lambda model, x, seed: rise(80, model, x, seed), other)[name]
    report = trust(colours, seen.x, made, again)
    assert report.verdict == "fails", report.sentence
    assert report.sentence.startswith("Fails: ")


SMALL = {"occlusion": {"window": 14, "stride": 7}, "sobol": {"n": 16}, "hsic": {"n": 256}}


@pytest.mark.parametrize("method", list_methods("image"), ids=lambda method: method.name)
def test_no_map_of_a_sound_method_fails(method: Method, colours: Oracle) -> None:
    seen = picture(torch.Generator().manual_seed(2))
    report = trust(colours, seen.x, explain(method.name, colours, seen.x, **SMALL.get(method.name, {})))  # type: ignore[arg-type]
    # completeness is the method's own promise, and told as it is
    failed = {check.name for check in report.checks if check.status == "failed"} - {"completeness"}
    assert failed == set(), report.sentence


def test_the_default_method_holds_up(colours: Oracle) -> None:
    reports = []
    for seed in range(1, 6):
        seen = picture(torch.Generator().manual_seed(seed))
        target, _ = claimed(colours, seen)
        reports.append(trust(colours, seen.x, explain("rise", colours, seen.x, target)))
    # so small a network, shuffled, may by chance see the same two squares: that one check may doubt
    doubted = {check.name for report in reports for check in report.checks if check.status != "passed"}
    assert doubted <= {"randomisation"}
    assert [report.verdict for report in reports].count("holds up") >= 3
    assert "fails" not in [report.verdict for report in reports]


def test_it_streams(colours: Oracle) -> None:
    seen = picture(torch.Generator().manual_seed(1))
    a = explain("rise", colours, seen.x)
    steps = list(stream_trust(colours, seen.x, a))
    done = [step.done for step in steps]
    assert done == sorted(set(done))
    assert done[-1] == steps[-1].total == steps[-1].result.forwards
    assert steps[-1].total <= 600  # of the default method
    assert len({step.total for step in steps}) == 1
    assert max(np.diff(done)) <= 32  # a batch
    made = [len(step.result.checks) for step in steps]
    assert made == sorted(made)
    assert (made[0], made[-1]) == (1, 7)
    assert steps[-1].result == trust(colours, seen.x, a)  # the same seed, the same report
    assert steps[-1].result != trust(colours, seen.x, a, seed=1)


def test_rows_are_shared_between_maps_of_one_class(colours: Oracle) -> None:
    seen = picture(torch.Generator().manual_seed(1))
    a = explain("rise", colours, seen.x)
    precision = resolve_precision(colours, seen.x, (a.target,))
    *_, last = survey(colours, PictureSetting(seen.x, "mean"), a.target, "logit", None, precision, 0)
    *_, shared = stream_trust(colours, seen.x, a, ground=last.result)
    alone = trust(colours, seen.x, a)
    assert shared.result.checks == alone.checks
    assert shared.result.forwards == alone.forwards - last.total


def test_a_report_survives_json(colours: Oracle) -> None:
    seen = picture(torch.Generator().manual_seed(1))
    report = trust(colours, seen.x, explain("rise", colours, seen.x))
    stored = json.loads(json.dumps(report.as_dict()))
    assert TrustReport.from_dict(stored) == report
    assert (stored["verdict"], stored["sentence"]) == (report.verdict, report.sentence)


def test_an_edited_map_cannot_be_made_again(colours: Oracle) -> None:
    seen = picture(torch.Generator().manual_seed(1))
    a = replace(explain("rise", colours, seen.x), meta={}, stderr=None)
    report = trust(colours, seen.x, a)
    possible = {check.name for check in report.checks if check.status != "not possible"}
    assert possible == {"fidelity", "deletion", "insertion"}
    assert report.verdict == "mixed"
    assert "cannot be made again" in report.sentence
    *_, last = stream_trust(colours, seen.x, a)
    assert last.done == last.total == report.forwards


def test_a_margin_is_judged_as_a_margin(colours: Oracle) -> None:
    """Why this colour and not that one: the other square speaks against it, which the logit alone does not know."""
    seen = picture(torch.Generator().manual_seed(1))
    target, other = claimed(colours, seen)
    a = explain("rise", colours, seen.x, target, against=other)
    as_logit = replace(a, meta={**a.meta, "against": None})
    margin, logit = trust(colours, seen.x, a), trust(colours, seen.x, as_logit)
    assert margin.check("fidelity").status == "passed"
    *_, last = survey(colours, PictureSetting(seen.x, "mean"), target, "logit", other, "float32", 0)
    assert last.result is not None
    assert other not in last.result.classes  # a margin over itself is none
    assert len(last.result.classes) == len(colours.labels) - 1
    found, without = margin.check("fidelity").value, logit.check("fidelity").value
    assert found is not None
    assert without is not None
    assert found > without


def test_a_margin_is_made_again_as_a_margin(rng: torch.Generator) -> None:
    weight, x = torch.randn(3, 56, 56, generator=rng), torch.rand(3, 56, 56, generator=rng)
    model = linear_classifier(weight)
    a = explain("occlusion", model, x, 0, against=1, window=8, stride=8)  # no noise, and no cheaper when reduced
    assert trust(model, x, a).check("repetition").value == pytest.approx(1)
    as_logit = replace(a, meta={**a.meta, "against": None})
    assert trust(model, x, as_logit).check("repetition").value != pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("output", ["logit", "probability", "log_probability"])
def test_the_output_explained_is_the_output_judged(output: str, colours: Oracle) -> None:
    seen = picture(torch.Generator().manual_seed(2))
    a = explain("rise", colours, seen.x, output=output)  # type: ignore[arg-type]
    report = trust(colours, seen.x, a)
    area = report.check("insertion").value
    assert area is not None
    assert (area <= 1) == (output != "logit")
    assert report.check("fidelity").status == "passed"


def test_the_promise_of_completeness_is_checked(rng: torch.Generator) -> None:
    weight, x = torch.rand(4, 56, 56, generator=rng), torch.rand(3, 56, 56, generator=rng)
    model = linear_classifier(weight, mean=(0.0, 0.0, 0.0))
    values = (weight[2] * x.mean(0)).numpy()
    for delta, status in ((0.0, "passed"), (0.05, "doubtful"), (0.5, "failed")):
        short = Attribution(values, 2, 0.0, "logit", True, delta=delta * float(values.sum()) / (1 - delta) * -1)
        found = trust(model, x, short).check("completeness")
        assert found.status == status, found


def test_the_true_map_of_a_linear_model(rng: torch.Generator) -> None:
    weight, x = torch.randn(4, 56, 56, generator=rng), torch.rand(3, 56, 56, generator=rng)
    coarse = torch.nn.functional.interpolate(torch.randn(4, 1, 7, 7, generator=rng), 56, mode="nearest")[:, 0]
    model = linear_classifier(weight * 0.1 + coarse, mean=(0.0, 0.0, 0.0))
    module: Tensor = model.module.weight  # type: ignore[assignment]
    a = Attribution((module[1] * x.mean(0)).numpy(), 1, 0.0, "logit", True)
    report = trust(model, x, a)
    assert report.check("fidelity").value == pytest.approx(1, abs=1e-4)  # float32 scores of thousands of pixels
    assert report.check("deletion").status == report.check("insertion").status == "passed"
    for other in (0, 2, 3):
        assert trust(model, x, replace(a, target=other)).check("fidelity").status in ("failed", "doubtful")


def test_nothing_is_left_behind(colours: Oracle) -> None:
    seen = picture(torch.Generator().manual_seed(1))
    before = {name: value.clone() for name, value in colours.module.state_dict().items()}
    x, state = seen.x.clone(), torch.get_rng_state()
    a = explain("rise", colours, seen.x, n_masks=32)
    values = a.values.copy()
    steps = stream_trust(colours, seen.x, a)
    for _ in range(12):  # into the shuffled model's rows
        next(steps)
    steps.close()  # type: ignore[attr-defined]
    trust(colours, seen.x, a)
    assert all(torch.equal(value, before[name]) for name, value in colours.module.state_dict().items())
    assert torch.equal(seen.x, x)
    assert (a.values == values).all()
    assert torch.equal(torch.get_rng_state(), state)
    assert not colours.module.training


def test_a_moved_input_is_a_pixel_aside(rng: torch.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting, "SLIGHT", 0.0)
    x = torch.rand(3, 5, 6, generator=rng)
    aside = PictureSetting(x, "mean").moved(rng)
    assert torch.equal(aside[..., 1:], x[..., :-1])
    assert torch.equal(aside[..., 0], x[..., 0])


def test_a_steady_map_fitted_to_such_rows_must_say_more_of_them(
    colours: Oracle, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars, judge = [], checks.judge_fidelity

    def judged(*given: Any) -> Check:
        bars.append(given[-1])
        return judge(*given)

    monkeypatch.setattr(checks, "judge_fidelity", judged)
    seen = picture(torch.Generator().manual_seed(1))
    a = explain("rise", colours, seen.x)
    assert a.stderr is not None
    noisy = replace(a, stderr=a.stderr + a.values.std())
    for map_ in (a, explain("saliency", colours, seen.x), replace(a, meta={}), noisy):
        trust(colours, seen.x, map_)
    assert bars == [checks.FITTED, checks.USUAL, checks.USUAL, checks.USUAL]
