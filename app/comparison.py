"""Explanations of one input beside each other: which, what tells them apart, and how far they agree."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from app.description import labels
from app.failures import NotFoundError, RequestError
from app.jobs.question import Question
from app.jobs.spec import JobSpec
from app.service import NOUNS, Service
from app.storage import codec
from app.storage.explanations import Explanation
from app.storage.runs import Run
from app.views.names import OUTPUTS, title
from explainers import registry
from explainers.metrics.agreement import compare
from explainers.types import Attribution, Word
from models.pixels import Box, window

MOST = 6  # on a screen, and for whoever looks
CELLS = 14  # along each side of what is compared: below that, pixel maps are mostly noise
DEPTHS = 3
SHARED = ("baseline", "by")  # parameters that another method of a comparison takes over
VARIED = {"baseline": "Vary baseline", "depth": "Vary layer"}  # parameter → what trying each choice is called


@dataclass(frozen=True)
class Tile:
    """One class of one explanation."""

    explanation: Explanation
    run: Run[JobSpec]
    target: int

    @property
    def spec(self) -> JobSpec:
        return self.run.spec

    @property
    def why(self) -> str:
        """The class, and the one over which its margin is explained."""
        named = labels(self.run.look)
        label, against = named[self.target], self.spec.against
        return label if against is None else f"{label}, not {named.get(against, against)}"

    @property
    def question(self) -> Question:
        return self.spec.question(self.target)


def tiles(desk: Service, owner: str, explanation: Explanation) -> list[Tile]:
    """The explanation itself, then what was laid beside it; nothing twice, and nothing that is gone."""
    named = [(explanation.id, explanation.view["target"]), *map(tuple, explanation.view.get("compare", ()))]
    found = []
    for id, target in dict.fromkeys(named):
        try:
            found.append(tile(desk, owner, id, target))
        except NotFoundError:
            continue
    return found


def tile(desk: Service, owner: str, id: str, target: int) -> Tile:
    """Raises NotFoundError, and RequestError for a class that the run was not read for."""
    explanation = desk.explanation(owner, id)
    run = desk.run(explanation)
    if target not in run.spec.classes:
        raise RequestError(f"target must be one of the classes of this run, {sorted(run.spec.classes)}; got {target}")
    return Tile(explanation, run, target)


def together(desk: Service, owner: str, explanation: Explanation, beside: Iterable[tuple[str, int]]) -> list[Tile]:
    """The explanation with these beside it, each checked. Raises NotFoundError and RequestError."""
    named = dict.fromkeys([(explanation.id, explanation.view["target"]), *beside])
    if len(named) > MOST:
        raise RequestError(f"At most {MOST} maps are compared at a time; these would be {len(named)}.")
    laid = [tile(desk, owner, id, target) for id, target in named]
    if {t.spec.asset for t in laid} != {laid[0].spec.asset}:
        noun = NOUNS[laid[0].spec.kind]
        raise RequestError(f"Maps can only be compared when they explain the same {noun}.")
    return laid


def lay(desk: Service, owner: str, explanation: Explanation, beside: Sequence[tuple[str, int]]) -> None:
    """These beside it, instead of those that were."""
    laid = together(desk, owner, explanation, beside)
    desk.store.explanations.compare(owner, explanation.id, [(t.explanation.id, t.target) for t in laid[1:]])


def add(desk: Service, owner: str, explanation: Explanation, questions: Sequence[Question]) -> None:
    """Ask these of the same input, and lay the answers beside it; what is known already costs nothing."""
    there = tiles(desk, owner, explanation)
    fresh = [question for question in questions if question not in [t.question for t in there]]
    if len(there) + len(fresh) > MOST:
        raise RequestError(f"At most {MOST} maps are compared at a time; these would be {len(there) + len(fresh)}.")
    beside = [(t.explanation.id, t.target) for t in there[1:]]
    try:
        for question in fresh:
            beside.append(_answer(desk, owner, there[0], question))
    finally:  # what was asked before one was refused is shown
        lay(desk, owner, explanation, beside)


def variations(tile: Tile, parameter: str) -> list[Question]:
    """The same question at each choice of one parameter."""
    (param,) = [p for p in registry.method(tile.spec.method, tile.spec.kind).schema if p.name == parameter]
    choices = param.choices or range(1, DEPTHS + 1)
    return [replace(tile.question, params={**tile.spec.params, parameter: choice}) for choice in choices]


def crossed(
    tile: Tile, methods: Sequence[str], targets: Sequence[int | str], models: Sequence[str]
) -> Iterator[Question]:
    """Every method with every class and model; where none is chosen, the tile's own."""
    named = labels(tile.run.look)
    for method in methods or [tile.spec.method]:
        for model in models or [tile.spec.model]:
            for target in targets or [tile.target]:
                there = target if model == tile.spec.model else named[int(target)]  # indices are each model's own
                rival = tile.spec.against
                against = rival if rival is None or model == tile.spec.model else named[rival]
                if there != against:
                    yield replace(
                        tile.question,
                        method=method,
                        params=_params(tile.spec, method),
                        model=model,
                        target=there,
                        against=against,
                    )


def captions(tiles: Sequence[Tile]) -> list[list[str]]:
    """What each is called among the others: its method, then whatever it does not share with all of them."""
    specs = [t.spec for t in tiles]
    names = []
    for t in tiles:
        parts = [title(t.spec.method)]
        parts += [t.why] if len({other.why for other in tiles}) > 1 else []
        parts += [t.spec.model] if len({s.model for s in specs}) > 1 else []
        parts += [OUTPUTS[t.spec.output]] if len({s.output for s in specs}) > 1 else []
        same = [s for s in specs if s.method == t.spec.method]
        parts += [
            f"{name.replace('_', ' ')} {value}"
            for name, value in t.spec.params.items()
            if len({s.params.get(name) for s in same}) > 1
        ]
        parts += [f"seed {t.spec.seed}"] if len({s.seed for s in same}) > 1 else []
        names.append(parts)
    return names


def agreement(desk: Service, owner: str, tiles: Sequence[Tile]) -> dict[str, Any]:
    """Spearman's correlation of each pair of finished maps, and it in words.

    Of a picture over the same cells of it; of a text over the same words, those of the map that has fewer.
    """
    maps = [_map(desk, owner, t) for t in tiles]
    texts = tiles[0].spec.kind == "text"
    boxes = [] if texts else [box(desk, owner, t) for t in tiles]
    pairs = []
    for a, b in combinations(range(len(tiles)), 2):
        first, second = maps[a], maps[b]
        if first is None or second is None:
            continue
        if texts:
            cells = shared_words(first, second)
            if len(cells[0]) < 2:  # there is no order of one
                continue
        else:
            shared = boxes[a].within(boxes[b])
            cells = [pooled(m.values, o, shared) for m, o in ((first, boxes[a]), (second, boxes[b]))]
        signed = first.signed == second.signed
        ranks = compare(*(torch.from_numpy((c if signed else np.abs(c)).ravel()) for c in cells))
        pairs.append(
            {
                "a": a,
                "b": b,
                "spearman": round(ranks.spearman, 4),
                "compares": "values" if signed else "strength",
            }
        )
    names = [f"{name} ({', '.join(differs)})" if differs else name for name, *differs in captions(tiles)]
    return {
        "tiles": [{"id": t.explanation.id, "target": t.target, "state": t.run.state} for t in tiles],
        "cells": None if texts else [CELLS, CELLS],
        "pairs": pairs,
        "sentence": sentence(pairs, names, "words" if texts else "regions"),
        "notes": list(_notes(pairs, boxes, maps)),
    }


def sentence(pairs: Sequence[dict[str, Any]], names: Sequence[str], parts: str = "regions") -> str:
    """The most and the least alike; empty while there is nothing to compare."""
    if not pairs:
        return ""
    ranked = sorted(pairs, key=lambda pair: -pair["spearman"])
    most, least = ranked[0], ranked[-1]
    if len(pairs) == 1:
        return f"{_both(most, names)} rank {parts} {alike(most['spearman'])}."
    return (
        f"Closest: {_both(most, names)} rank {parts} {alike(most['spearman'])}. "
        f"Furthest apart: {_both(least, names)} rank them {alike(least['spearman'])}."
    )


def alike(spearman: float) -> str:
    """A rank correlation as an adverb, with the number."""
    words = ((0.7, "alike"), (0.3, "partly alike"), (-0.3, "differently"))
    adverb = next((word for least, word in words if spearman >= least), "the opposite way round")
    return f"{adverb} ({spearman:.2f})".replace("-", "\u2212")


def box(desk: Service, owner: str, tile: Tile) -> Box:
    """The part of the picture that its model sees."""
    card, picture = tile.run.look["card"], desk.asset(owner, tile.explanation.asset)
    return window(picture.width, picture.height, tuple(card["size"]), tuple(card["resize"]), card["fit"])


def pooled(values: Float[np.ndarray, "h w"], box: Box, part: Box) -> Float[np.ndarray, "cells cells"]:
    """Means over equal cells of `part`, of a map that covers `box`; pixels at a border count by what lies inside."""
    h, w = values.shape
    rows = _shares(h, (part.top - box.top) / box.height, (part.bottom - box.top) / box.height)
    columns = _shares(w, (part.left - box.left) / box.width, (part.right - box.left) / box.width)
    means: Float[np.ndarray, "cells cells"] = rows @ values.astype(np.float64) @ columns.T
    return means


def shared_words(first: Attribution, second: Attribution) -> list[Float[np.ndarray, " d"]]:
    """Both maps over the units of the one that has fewer: the values of the other's words inside each are added.

    Units of which the other knows nothing are left out: one model may read further than the other.
    """
    fewer = first.words if len(first.words) <= len(second.words) else second.words
    inside = [[_inside(unit, m.words) for unit in fewer] for m in (first, second)]
    both = [k for k in range(len(fewer)) if all(found[k] for found in inside)]
    return [
        np.array([m.values[found[k]].sum(dtype=np.float64) for k in both])
        for m, found in zip((first, second), inside, strict=True)
    ]


def _inside(unit: Word, words: Sequence[Word]) -> list[int]:
    """Numbers of the words that begin in the unit."""
    starts = [word.start for word in words]
    return list(range(bisect_left(starts, unit.start), bisect_left(starts, unit.end)))


def _shares(n: int, start: float, end: float) -> Float[np.ndarray, "cells n"]:
    """Of each cell between `start` and `end`, the share that each of n pixels covers; rows sum to one."""
    edges = np.linspace(start * n, end * n, CELLS + 1)
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(n)
    overlap = np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0, None)
    shares: Float[np.ndarray, "cells n"] = overlap / overlap.sum(1, keepdims=True)
    return shares


def _answer(desk: Service, owner: str, first: Tile, question: Question) -> tuple[str, int]:
    target = question.target
    if replace(first.question, target=target) == question and target in first.spec.classes:
        return first.explanation.id, int(target)  # read from the same forwards
    return desk.answer(owner, first.explanation.asset, question)


def _params(spec: JobSpec, method: str) -> dict[str, Any]:
    """The tile's own, or another method's defaults with the same baseline and units where it has them."""
    if method == spec.method:
        return dict(spec.params)
    shared = {name: spec.params.get(name) for name in SHARED}
    schema = registry.method(method, spec.kind).schema
    return {p.name: shared[p.name] if shared.get(p.name) in p.choices else p.default for p in schema}


def _map(desk: Service, owner: str, tile: Tile) -> Attribution | None:
    if tile.run.result is None:
        return None
    part = desk.blob(owner, tile.explanation.id, tile.run.result["blobs"][str(tile.target)])
    return codec.decode(tile.run.result, tile.target, part)


def _both(pair: dict[str, Any], names: Sequence[str]) -> str:
    return f"{names[pair['a']]} and {names[pair['b']]}"


def _notes(pairs: Sequence[dict[str, Any]], boxes: Sequence[Box], maps: Sequence[Attribution | None]) -> Iterator[str]:
    if any(pair["compares"] == "strength" for pair in pairs):
        yield "Where only one map of a pair has signs, strength is compared and signs are left out."
    if len(set(boxes)) > 1:
        yield "The models see different parts of the picture; each pair is compared where both see it."
    if len({m.words for m in maps if m is not None}) > 1:
        yield "The maps have different units; each pair is compared over the larger ones, the smaller inside added up."
