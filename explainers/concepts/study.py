"""A study of the concepts of one class: from a set of images to what they are made of, in steps that can be watched."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.concepts.bank import FEWEST, ConceptBank, Rows, coded, strongest
from explainers.concepts.clusters import LEAST, ClusterGraph, graph
from explainers.concepts.discovery import FACTORIZERS, discover
from explainers.concepts.importance import METHODS, Importance, importance
from explainers.concepts.measured import Quality, measure
from explainers.concepts.reading import Memory, Reader, Recollection
from explainers.concepts.split import BATCH, split
from explainers.scoring import grid_of
from explainers.types import Classifier, InputError, Progress

T = TypeVar("T")

STUDY_REVISION = 1
STAGES = 5
LINEAR = 1e-3  # of what concepts add in all: rounding

By = Literal["predicted", "labelled"]


@dataclass(frozen=True, eq=False)
class Study:
    """`logits` are those of all images; everything else is about `chosen`, the numbers of those of the class.

    `linear`: whether concepts add up to the score. Without enough images there is no graph, and `note` says so.
    """

    logits: Float[Tensor, "all classes"]
    chosen: tuple[int, ...]
    bank: ConceptBank
    importance: Importance
    linear: bool
    quality: Quality
    graph: ClusterGraph | None
    note: str | None


@dataclass(frozen=True, eq=False)
class Stage:
    """What is being done, as a fragment of a sentence; at the end, the study."""

    doing: str
    study: Study | None = None


def stream_concepts(
    model: Classifier,
    images: Sequence[Any],
    target: int | None = None,
    by: By = "predicted",
    layer: str | None = None,
    n_concepts: int = 10,
    factorizer: str = "nmf",
    rows_from: Rows = "locations",
    method: str = "gradient_x_input",
    seed: int = 0,
    truth: Sequence[int | None] | None = None,
    memory: Memory | None = None,
) -> Iterator[Progress[Stage]]:
    """Concepts, their importance and quality, and strategies, of the images of one class.

    The class is `target`, or the commonest; whose images are its own says the model's prediction, or `truth`: the class
    of each image, None where nobody knows. Costs a forward for each image that `memory` does not know, and more for
    `rows_from` crops. Raises InputError.
    """
    refuse(model, images, target, by, factorizer, rows_from, method, truth)
    count = len(images)
    share = max(count // 10, 1)  # of a stage
    total = count + STAGES * share
    first = grid_of(model.prepare(images[0]))
    size = (first.shape[-2], first.shape[-1])
    cut = split(model, first[None], layer)
    reader = Reader(model, images, cut, Recollection() if memory is None else memory)
    for read in reader.logits():
        yield Progress(read[0], total, Stage(f"reading {read[0]:,} of {count:,} pictures"))
    logits = read[1]
    chosen, target = of_class(logits, truth, target, by, model.labels)
    for held in reader.activations(chosen):
        yield Progress(count, total, Stage(f"gathering what the layer says of {held[0]:,} of {len(chosen):,} pictures"))
    a = held[1]
    learnt = yield from staged(discover(cut, reader, chosen, a, n_concepts, factorizer, rows_from, seed), count, total)
    dictionary = learnt.dictionary
    done = count + share
    codes = []
    for start, part in zip(range(0, len(a), BATCH), a.split(BATCH), strict=True):
        yield Progress(done, total, Stage(f"finding them in {start:,} of {len(a):,} pictures"))
        codes.append(coded(dictionary, part))
    u = torch.cat(codes)
    bank = ConceptBank(cut, dictionary, u, a, learnt.crops or strongest(u, size), target)
    done += share
    parts = []
    for start in range(0, len(a), BATCH):
        yield Progress(done, total, Stage(f"weighing them in {start:,} of {len(a):,} pictures"))
        here = slice(start, start + BATCH)
        parts.append(importance(cut.head, a[here], u[here], bank.D, target, method, seed + start))
    weights = joined(parts)
    done += share
    measured = yield from staged(measure(bank, weights, learnt.rows, learnt.learner, seed), done, total)
    done += share
    yield Progress(done, total, Stage("grouping pictures that are decided alike"))
    found, note = None, None
    if len(chosen) >= 2 * LEAST:
        known = None if truth is None else [truth[i] for i in chosen]
        found = graph(weights.shares, *judged(logits[list(chosen)].argmax(1), known), seed=seed)
    else:
        note = f"Strategies need at least {2 * LEAST} pictures of a class; there are {len(chosen)} here."
    study = Study(logits, chosen, bank, weights, linear(bank), measured, found, note)
    yield Progress(total, total, Stage("done", study))


def staged(doings: Generator[str, None, T], done: int, total: int) -> Generator[Progress[Stage], None, T]:
    """A part of the way that says what it is doing, as steps of the whole."""
    while True:
        try:
            doing = next(doings)
        except StopIteration as end:
            found: T = end.value
            return found
        yield Progress(done, total, Stage(doing))


def refuse(
    model: Classifier,
    images: Sequence[Any],
    target: int | None,
    by: str,
    factorizer: str,
    rows_from: str,
    method: str,
    truth: Sequence[int | None] | None,
) -> None:
    """What can be said before anything is read. Raises InputError."""
    if len(images) < FEWEST:
        raise InputError(f"images must number at least {FEWEST}; got {len(images)}")
    if target is not None and not 0 <= target < len(model.labels):
        raise InputError(f"target must lie in [0, {len(model.labels) - 1}]; got {target}")
    if truth is not None and len(truth) != len(images):
        raise InputError(f"truth must name a class for each of {len(images)} images; got {len(truth)}")
    allowed = (("by", by, get_args(By)), ("factorizer", factorizer, FACTORIZERS))
    for field, value, choices in (*allowed, ("rows", rows_from, get_args(Rows)), ("importance", method, METHODS)):
        if value not in choices:
            raise InputError(f"{field} must be one of {', '.join(choices)}; got {value!r:.100}")
    if factorizer == "ace" and rows_from != "locations":
        raise InputError(f"rows must be locations for ace, which cuts pictures up by itself; got {rows_from!r}")


def of_class(
    logits: Float[Tensor, "n classes"],
    truth: Sequence[int | None] | None,
    target: int | None,
    by: By,
    labels: Sequence[str],
) -> tuple[tuple[int, ...], int]:
    """The numbers of the images of the class, and the class. Raises InputError for fewer than two images."""
    if not logits.isfinite().all():
        raise InputError("the model's scores of these pictures are not all finite")
    classes = logits.argmax(1).tolist() if by == "predicted" else list(truth or [])
    known = [k for k in classes if k is not None]
    if not known:
        raise InputError("by must be predicted here: none of the pictures is labelled with a class of this model")
    if target is None:
        target = max(sorted(set(known)), key=known.count)
    chosen = tuple(i for i, k in enumerate(classes) if k == target)
    if len(chosen) < FEWEST:
        how = "taken for" if by == "predicted" else "labelled"
        raise InputError(
            f"target must be a class of at least {FEWEST} pictures; {len(chosen)} of {len(logits)} are {how} "
            f"{labels[target]!r:.100}"
        )
    return chosen, target


def judged(predicted: Tensor, truth: Sequence[int | None] | None) -> tuple[Tensor | None, Tensor | None]:
    """Which predictions are right, and of which that is known; None where it is of none."""
    if truth is None or all(k is None for k in truth):
        return None, None
    named = torch.tensor([-1 if k is None else k for k in truth])
    return predicted == named, named >= 0


def joined(parts: Sequence[Importance]) -> Importance:
    def whole(name: str) -> Tensor | None:
        values = [getattr(part, name) for part in parts]
        return None if values[0] is None else torch.cat(values)

    values = whole("values")
    assert values is not None
    return Importance(values, whole("delta"), whole("stderr"))


def linear(bank: ConceptBank) -> bool:
    """Whether what concepts add one by one is what they add together, in a few of the images."""
    few = slice(0, BATCH)
    exact = importance(bank.split.head, bank.activations[few], bank.codes[few], bank.D, bank.target)
    assert exact.delta is not None
    return bool((exact.delta.abs() <= LINEAR * exact.values.abs().sum(1).clamp(min=1e-12)).all())
