"""Results as bytes: numbers in JSON, arrays in safetensors, one part per class so that a view reads only its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from explainers import TrustReport
from explainers.types import Attribution, Attributions, Word

PREVIEW_BYTES = 64_000
HEADER_BYTES = 80  # of each tensor: name, type, shape and place, written out


@dataclass(frozen=True)
class Findings:
    """Of concepts: `stage`, a fragment of a sentence, while they are looked for; at the end, what was found.

    `turn`: the stage is another one than before, which is told at once.
    """

    stage: str
    turn: bool = False
    found: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, bytes] = field(default_factory=dict)


Result = Attributions | TrustReport | Findings


def encode(result: Result) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Manifest and parts; the part of class k is called `str(k)`. A report is all manifest."""
    if isinstance(result, TrustReport):
        return {"kind": "trust", **result.as_dict()}, {}
    if isinstance(result, Findings):
        return {"kind": "concepts", **result.found}, dict(result.parts)
    manifest = {
        "kind": "attributions",
        "output": result.output,
        "signed": result.signed,
        "scores": {str(k): score for k, score in zip(result.classes, result.scores, strict=True)},
        "deltas": None if result.deltas is None else dict(zip(map(str, result.classes), result.deltas, strict=True)),
        "words": [[word.text, word.start, word.end] for word in result.words],
        "meta": dict(result.meta),
    }
    return manifest, {str(k): save(_arrays(result.of(k))) for k in result.classes}


def decode(manifest: Mapping[str, Any], target: int, part: bytes) -> Attribution:
    """One class of a stored result; inverse of `encode`."""
    arrays = load(part)
    return Attribution(
        values=arrays["values"],
        stderr=arrays.get("stderr"),
        target=target,
        score=manifest["scores"][str(target)],
        output=manifest["output"],
        signed=manifest["signed"],
        delta=None if manifest["deltas"] is None else manifest["deltas"][str(target)],
        words=tuple(Word(*word) for word in manifest["words"]),
        meta=manifest["meta"],
    )


def preview(result: Result) -> bytes:
    """Every class at a coarse resolution: tensors `str(k)`, at most 64 kB together. Of a report, its JSON so far; of
    concepts, `stage` as JSON.

    Of a text, that is every word, unless there are so many that only some of them, evenly chosen, have room.
    """
    if isinstance(result, TrustReport):
        return json.dumps(result.as_dict()).encode()
    if isinstance(result, Findings):
        return json.dumps({"stage": result.stage}).encode()
    room = max(1.0, (PREVIEW_BYTES / len(result.classes) - HEADER_BYTES) / 4)
    sides = result.values.shape[1:]
    middles = [_middles(side, int(room ** (1 / len(sides)))) for side in sides]
    coarse = result.values[np.ix_(np.arange(len(result.classes)), *middles)].astype(np.float32)
    return save({str(k): np.ascontiguousarray(coarse[i]) for i, k in enumerate(result.classes)})


def _middles(length: int, side: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    n = min(length, side)
    return ((np.arange(n) + 0.5) * length / n).astype(np.intp)


def _arrays(attribution: Attribution) -> dict[str, Any]:
    arrays = {"values": np.ascontiguousarray(attribution.values, dtype=np.float32)}
    if attribution.stderr is not None:
        arrays["stderr"] = np.ascontiguousarray(attribution.stderr, dtype=np.float32)
    return arrays
