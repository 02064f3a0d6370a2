"""From what a layer says of the images of a class to a dictionary: at its places, of crops, or of superpixels."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.concepts.ace import DISCOVERY, Segments
from explainers.concepts.bank import Crop, Rows, of_crops, sampled
from explainers.concepts.dictionaries import LEARNERS, Dictionary, learn
from explainers.concepts.reading import Reader
from explainers.concepts.split import BATCH, Split

FACTORIZERS = (*LEARNERS, "ace")


@dataclass(frozen=True, eq=False)
class Discovered:
    """`rows` is what was learnt from, and `learner` what would learn the same from a half of them.

    `crops` where the concepts are shown by something else than the places where they are strongest.
    """

    dictionary: Dictionary
    rows: Float[Tensor, "m p"]
    learner: str
    crops: tuple[tuple[Crop, ...], ...] | None = None


def discover(
    cut: Split,
    reader: Reader,
    chosen: Sequence[int],
    a: Float[Tensor, "n p *map"],
    k: int,
    factorizer: str,
    rows_from: Rows,
    seed: int,
) -> Generator[str, None, Discovered]:
    """Says what it is doing, as a fragment of a sentence. `a`: the activations of the images `chosen`."""
    if factorizer == "ace":
        return (yield from _segments(cut, reader, chosen[:DISCOVERY], k, seed))
    if rows_from == "locations":
        rows = sampled(a, seed)
    else:
        cropped = []
        for start in range(0, len(chosen), BATCH):
            yield f"cutting up {start:,} of {len(chosen):,} pictures"
            cropped.append(of_crops(cut, reader.pixels(chosen[start : start + BATCH])))
        rows = sampled(torch.cat(cropped), seed)
    yield f"looking for {k} concepts"
    return Discovered(learn(rows, k, factorizer, seed), rows, factorizer)


def _segments(cut: Split, reader: Reader, chosen: Sequence[int], k: int, seed: int) -> Generator[str, None, Discovered]:
    parts = []
    for n, i in enumerate(chosen):
        yield f"cutting up {n} of {len(chosen)} pictures along their edges"
        parts.append(Segments.of(cut, n, reader.pixels([i])[0]))
    yield f"looking for {k} concepts"
    found = Segments.joined(parts)
    groups = found.grouped(k, seed)
    dictionary = found.dictionary(groups)
    return Discovered(dictionary, found.means, "kmeans", found.crops(groups, dictionary))
