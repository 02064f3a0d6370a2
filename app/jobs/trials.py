"""Whether concepts matter: each tried against random directions (TCAV), all together against the whole layer."""

from __future__ import annotations

from typing import Any

from app.jobs.intervene import Bench, evenly
from app.jobs.manifest import classes
from explainers import completeness, tcav
from explainers.concepts.activation_vectors import FEWEST, strongest
from explainers.types import InputError

IMAGES = 200  # of the whole set, for completeness


def tried(bench: Bench, labels: tuple[str, ...], seed: int) -> dict[str, Any]:
    """As the API has it. None for a concept that too few places show, and for completeness that cannot be asked."""
    told = directions(bench, seed)
    whole: dict[str, Any] | None = None
    note = None
    try:
        whole = together(bench, labels, seed)
    except InputError as error:
        note = str(error)
    return {"concepts": told, "completeness": whole, "note": note}


def directions(bench: Bench, seed: int) -> list[dict[str, Any] | None]:
    """Of every concept; over the images that are followed."""
    bank = bench.bank
    shown = strongest(bank)
    enough = [k for k, part in enumerate(shown) if len(part) >= FEWEST]
    told: list[dict[str, Any] | None] = [None] * len(shown)
    if enough:
        found = tcav(bank, seed, [shown[k] for k in enough])
        for n, k in enumerate(enough):
            told[k] = {name: getattr(found, name)[n].item() for name in ("score", "accuracy", "p", "sound")}
    return told


def together(bench: Bench, labels: tuple[str, ...], seed: int) -> dict[str, Any]:
    """Of images of all classes of the set, as they are labelled; where nobody has labelled them, as they are taken."""
    members = bench.members
    numbers = evenly(len(members), IMAGES)
    *_, (_, a) = bench.reader.activations(numbers)
    named = classes([members[i] for i in numbers], labels)
    if any(k is None for k in named):
        taken = bench.cut.head(a).argmax(1).tolist()
        of = "predictions"
    else:
        taken, of = [k for k in named if k is not None], "labels"
    found = completeness(bench.bank, a, taken, seed)
    values = {name: getattr(found, name) for name in ("value", "random", "accuracy", "model", "nothing")}
    return values | {
        "shares": found.shares.tolist(),
        "stderr": found.stderr.tolist(),
        "images": len(numbers),
        "of": of,
    }
