"""The trust panel: every check that one explanation allows, each with its control, and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.metrics import checks
from explainers.metrics.completeness import completeness_of
from explainers.metrics.curves import Deletion, Insertion
from explainers.metrics.fidelity import fidelity_of
from explainers.metrics.ground import Ground, forwards, steps, survey
from explainers.metrics.randomisation import randomised
from explainers.metrics.report import Check, TrustReport
from explainers.metrics.setting import Setting, setting
from explainers.registry import Method, build, list_methods
from explainers.scoring import ModelScore, grid_of, resolve_precision
from explainers.types import Attribution, Classifier, Explainer, Kind, Precision, Prepared, Progress

Explain = Callable[[Classifier, Any, int, int], Attribution]  # of what `prepare` returned
Remake = Callable[[Classifier, Prepared, int, int], Iterator[Progress[Attribution]]]

PANEL_REVISION = 4  # rises whenever the same map could be judged otherwise
RERUNS = 3
ORDER = ("fidelity", "deletion", "insertion", "completeness", "noise", "repetition", "stability", "randomisation")


def trust(model: Classifier, x: Any, a: Attribution, explain: Explain | None = None, seed: int = 0) -> TrustReport:
    """Whether the explanation `a` of `x` can be trusted, blocking: see `stream_trust`."""
    *_, last = stream_trust(model, x, a, explain, seed)
    return last.result


def stream_trust(
    model: Classifier,
    x: Any,
    a: Attribution,
    explain: Explain | None = None,
    seed: int = 0,
    ground: Ground | None = None,
) -> Iterator[Progress[TrustReport]]:
    """The report as it grows, after every batch.

    `explain`: (model, x, target, seed) → Attribution makes the map again; without it, the method that `a.meta` names,
    on its `reduced()` budget. An edited map has neither, and the checks that need it are "not possible".

    Costs 359 forwards for a picture and three explanations: 599 in all for RISE. `ground` is for whoever judges several
    maps of one class, input, output and baseline: it is measured once, by `survey`. Raises ValueError for a map of
    another text.
    """
    case = _Case(model, setting(model.prepare(x), a), a, seed)
    made = tuple(case.at_once())
    remake = _once(explain) if explain else _method(a, model.card.kind)
    if remake is None:
        made += checks.not_again()
    done = 0
    rows = case.curves + (forwards(case.place) if ground is None else 0)
    for step in case.again(remake) if remake else ():
        done = step.done
        yield Progress(done, step.total + rows, _report(made + step.result, done))
    if remake:
        made += step.result
    for step in case.by_removal(ground):
        yield Progress(done + step.done, done + rows, _report(made + step.result, done + step.done))


def _report(made: tuple[Check, ...], forwards: int) -> TrustReport:
    return TrustReport(tuple(sorted(made, key=lambda check: ORDER.index(check.name))), forwards)


@dataclass(frozen=True)
class _Case:
    """One map to judge. Its questions come in three groups, by what they cost."""

    model: Classifier
    place: Setting
    a: Attribution
    seed: int

    @property
    def curves(self) -> int:
        """Forwards of the two curves."""
        return 2 * (steps(self.place) + 1)

    def at_once(self) -> Iterator[Check]:
        """What the attribution says of itself."""
        a = self.a
        if a.delta is not None:
            logits = ModelScore(self.model, range(len(self.model.labels))).exact(grid_of(self.place.x)[None])
            total = float(a.values.sum(dtype="float64"))
            yield checks.judge_completeness(completeness_of(total, a.delta, float(logits.abs().max())))
        if a.stderr is not None:
            yield checks.judge_noise(a.values, a.stderr)

    def again(self, remake: Remake) -> Iterator[Progress[tuple[Check, ...]]]:
        """By another seed; of a moved input; of a model that knows nothing. Each costs what the first does."""
        rng = torch.Generator().manual_seed(self.seed)
        other = _number(self.a.meta.get("seed")) + self.seed + 1
        settings = (
            (self.model, self.place.x),
            (self.model, self.place.moved(rng)),
            (randomised(self.model, rng), self.place.x),
        )
        maps: list[Tensor] = []
        found: tuple[Check, ...] = ()
        cost = 0
        for part, (model, x) in enumerate(settings):
            for step in remake(model, x, self.a.target, other):
                cost = cost or step.total
                if step.done < step.total:
                    yield Progress(part * cost + min(step.done, cost), RERUNS * cost, found)
            maps.append(self.pool(step.result))
            found = self._compared(maps)
            yield Progress((part + 1) * cost, RERUNS * cost, found)

    def _compared(self, maps: list[Tensor]) -> tuple[Check, ...]:
        original, (again, *rest) = self.pool(self.a), maps
        repetition = checks.judge_repetition(original, again)
        control = repetition.value or 0.0
        found = [repetition]
        if rest:
            found.append(checks.judge_stability(again, rest[0], control, self.place.nudge))
        if rest[1:]:
            found.append(checks.judge_randomisation(again, rest[1], control))
        return tuple(found)

    def by_removal(self, ground: Ground | None) -> Iterator[Progress[tuple[Check, ...]]]:
        """What removing and showing regions does to the score, and what the map says that it does."""
        done, total = 0, self.curves
        if ground is None:
            total += forwards(self.place)
            for step in self._survey():
                ground, done = step.result, step.done
                if ground is None:
                    yield Progress(done, total, ())
        assert ground is not None
        values = torch.from_numpy(self.a.values)
        told = [(fidelity_of(removal.claimed(values), removal.lost), removal.reach) for removal in ground.removals]
        place = self.place
        found: tuple[Check, ...] = (
            checks.judge_fidelity(told, self._labels(ground), place.part, place.whole, self._bar()),
        )
        yield Progress(done, total, found)
        rng, phi = torch.Generator().manual_seed(self.seed), self.place.pool(values)
        for metric, check in ((Deletion, checks.judge_deletion), (Insertion, checks.judge_insertion)):
            *_, last = metric(steps=steps(self.place)).evaluate(ground.curves, phi, rng)
            done += last.done
            found += (check(last.result, ground.orders, self.place.part),)
            yield Progress(done, total, found)

    def _bar(self) -> checks.Bar:
        """A map of too few masks is not held to what its method promises: another check says that it is noisy."""
        a, known = self.a, _known(self.a, self.model.card.kind)
        steady = a.stderr is not None and checks.noise(a.values, a.stderr) <= checks.NOISE
        return checks.FITTED if known and known.fitted and steady else checks.USUAL

    def _survey(self) -> Iterator[Progress[Ground | None]]:
        a = self.a
        precision = resolve_precision(self.model, self.place.x, (a.target,), a.output)
        yield from survey(self.model, self.place, a.target, a.output, _class(a.meta), precision, self.seed)

    def _labels(self, ground: Ground) -> tuple[str, ...]:
        return tuple(self.model.labels[k] for k in ground.classes)

    def pool(self, a: Attribution) -> Float[Tensor, " d"]:
        return self.place.pool(torch.from_numpy(a.values))


def _once(explain: Explain) -> Remake:
    """A map that comes all at once, for as many forwards as it says."""

    def remake(model: Classifier, x: Prepared, target: int, seed: int) -> Iterator[Progress[Attribution]]:
        a = explain(model, x, target, seed)
        cost = max(_number(a.meta.get("forwards")), 1)
        yield Progress(cost, cost, a)

    return remake


def _method(a: Attribution, kind: Kind) -> Remake | None:
    """The method that made the map, on its reduced budget, for the same score and in the same precision."""
    known, params = _known(a, kind), a.meta.get("params")
    if known is None or not isinstance(params, Mapping):
        return None
    explainer: Explainer = build(known.name, params, kind).reduced()
    precision: Precision = "bfloat16" if a.meta.get("precision") == "bfloat16" else "float32"

    def remake(model: Classifier, x: Prepared, target: int, seed: int) -> Iterator[Progress[Attribution]]:
        score = ModelScore(model, (target,), a.output, precision, against=_class(a.meta))
        for step in explainer.explain(score, x, torch.Generator().manual_seed(seed)):
            yield Progress(step.done, step.total, step.result.of(target))

    return remake


def _known(a: Attribution, kind: Kind) -> Method | None:
    return next((method for method in list_methods(kind) if method.name == a.meta.get("method")), None)


def _class(meta: Mapping[str, object]) -> int | None:
    against = meta.get("against")
    return against if isinstance(against, int) else None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
