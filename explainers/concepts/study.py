"""A study of the concepts of one class: from a set of images to what they are made of, in steps that can be watched.

What is measured is said in `quality`, which follows Fel et al. 2023 (arXiv:2306.07304), section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.concepts import quality
from explainers.concepts.bank import FEWEST, ConceptBank, Rows, of_crops, placed, rows, sampled, strongest
from explainers.concepts.clusters import LEAST, ClusterGraph, graph
from explainers.concepts.dictionaries import LEARNERS, Dictionary, learn
from explainers.concepts.importance import METHODS, Importance, Mixed, importance
from explainers.concepts.reading import Memory, Reader, Recollection
from explainers.concepts.split import BATCH, split
from explainers.scoring import grid_of
from explainers.types import Classifier, InputError, Progress

STUDY_REVISION = 1
STAGES = 5
ORDERS = 5  # random orders that the importances are compared with
CURVES = 50  # images that are followed while concepts go and come
STABLE = 5_000  # rows that are learnt from twice more
SPREAD = 64  # directions in which distributions are compared, each with at least ten rows
LINEAR = 1e-3  # of what concepts add in all: rounding

By = Literal["predicted", "labelled"]


@dataclass(frozen=True)
class Quality:
    """See `quality`; None where there is nothing to measure. `…_random`: the mean over orders drawn by chance."""

    error: float | None
    sparsity: float | None
    stability: float | None
    frechet: float | None
    outlying: float | None
    agreement: float | None
    deletion: float | None
    deletion_random: float | None
    insertion: float | None
    insertion_random: float | None
    fidelity: float | None
    dead: int


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
    learnt = None
    if rows_from == "crops":
        cropped = []
        for start in range(0, len(chosen), BATCH):
            yield Progress(count, total, Stage(f"cutting up {start:,} of {len(chosen):,} pictures"))
            cropped.append(of_crops(cut, reader.pixels(chosen[start : start + BATCH])))
        learnt = sampled(torch.cat(cropped), seed)
    learnt = sampled(a, seed) if learnt is None else learnt
    yield Progress(count, total, Stage(f"looking for {n_concepts} concepts"))
    dictionary = learn(learnt, n_concepts, factorizer, seed)
    done = count + share
    codes = []
    for start, part in zip(range(0, len(a), BATCH), a.split(BATCH), strict=True):
        yield Progress(done, total, Stage(f"finding them in {start:,} of {len(a):,} pictures"))
        codes.append(placed(dictionary.encode(rows(part)), part))
    u = torch.cat(codes)
    bank = ConceptBank(cut, dictionary, u, a, strongest(u, size), target)
    done += share
    parts = []
    for start in range(0, len(a), BATCH):
        yield Progress(done, total, Stage(f"weighing them in {start:,} of {len(a):,} pictures"))
        here = slice(start, start + BATCH)
        parts.append(importance(cut.head, a[here], u[here], bank.D, target, method, seed + start))
    weights = joined(parts)
    done += share
    yield Progress(done, total, Stage("measuring how good they are"))
    measured = measure(bank, weights, learnt, n_concepts, factorizer, seed)
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
    allowed = (("by", by, get_args(By)), ("factorizer", factorizer, tuple(LEARNERS)))
    for field, value, choices in (*allowed, ("rows", rows_from, get_args(Rows)), ("importance", method, METHODS)):
        if value not in choices:
            raise InputError(f"{field} must be one of {', '.join(choices)}; got {value!r}")


def of_class(
    logits: Float[Tensor, "n classes"],
    truth: Sequence[int | None] | None,
    target: int | None,
    by: By,
    labels: Sequence[str],
) -> tuple[tuple[int, ...], int]:
    """The numbers of the images of the class, and the class. Raises InputError for fewer than two images."""
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


def measure(
    bank: ConceptBank, weights: Importance, learnt: Float[Tensor, "m p"], k: int, factorizer: str, seed: int
) -> Quality:
    """Curves are those of at most `CURVES` images, distributions those of at most `bank.LEARNT` rows."""
    rng = torch.Generator().manual_seed(seed)
    A = sampled(bank.activations, seed)
    rebuilt = in_rows(bank.dictionary, A)
    few = torch.randperm(len(bank.codes), generator=rng)[:CURVES].sort().values
    phi = weights.values[few]
    mixed = Mixed(bank.split.head, bank.activations[few], bank.codes[few], bank.D, bank.target, "logit")
    chance = [torch.rand(phi.shape, generator=rng) for _ in range(ORDERS)]
    with torch.inference_mode():
        return Quality(
            error=quality.relative_error(A, rebuilt),
            sparsity=quality.sparsity(rows(bank.codes)),
            stability=stable(learnt, k, factorizer, seed),
            frechet=frechet(A, rebuilt),
            outlying=None,  # the distance of `rebuilt` to the activations in A, once `quality` has it
            agreement=agreement(bank),
            deletion=mean(quality.deletion(mixed, phi)),
            deletion_random=mean(torch.stack([quality.deletion(mixed, order) for order in chance])),
            insertion=mean(quality.insertion(mixed, phi)),
            insertion_random=mean(torch.stack([quality.insertion(mixed, order) for order in chance])),
            fidelity=mean(quality.fidelity(mixed, phi, seed=seed)),
            dead=quality.dead(rows(bank.codes)),
        )


def in_rows(dictionary: Dictionary, A: Float[Tensor, "m p"]) -> Float[Tensor, "m p"]:
    """What the dictionary makes of rows."""
    return torch.cat([dictionary.decode(dictionary.encode(part)) for part in A.split(2_000)])


def stable(learnt: Float[Tensor, "m p"], k: int, factorizer: str, seed: int) -> float | None:
    """None where half of the rows are too few to learn from."""
    few = sampled(learnt, seed, STABLE)
    return quality.stability(few, k, factorizer, seed) if len(few) // 2 >= k else None


def frechet(A: Float[Tensor, "m p"], rebuilt: Float[Tensor, "m p"]) -> float | None:
    """In the directions in which the activations vary most; None where there are too few rows to tell."""
    if len(A) < 10 * SPREAD:
        return None
    mean = A.mean(0)
    *_, V = torch.linalg.svd((A - mean)[:STABLE].double(), full_matrices=False)
    axes = V[:SPREAD].T.to(A)
    return quality.frechet((A - mean) @ axes, (rebuilt - mean) @ axes)


def agreement(bank: ConceptBank) -> float:
    parts = zip(bank.activations.split(BATCH), bank.codes.split(BATCH), strict=True)
    kept = [quality.agreement(bank.split.head, a, bank.decode(u)) * len(a) for a, u in parts]
    return sum(kept) / len(bank.codes)


def mean(values: Tensor) -> float | None:
    """Over what is finite."""
    finite = values[values.isfinite()]
    return float(finite.mean()) if len(finite) else None
