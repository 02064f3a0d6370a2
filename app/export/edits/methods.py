"""A paragraph for a paper about an edited map: the machine's part, the person's, and what the model says to it."""

from __future__ import annotations

from app.export import methods
from app.export.edits.answers import Answers, Tried
from app.export.edits.edited import STANDS, WITHOUT, Edited
from app.export.words import drawable
from app.jobs.rescore import MIDDLE, STEPS

GONE = "The model is no longer the one that was explained, so what it answers to the edit cannot be told."


def written(made: Edited) -> bytes:
    return f"{paragraph(made)}\n\nReferences: {methods.source(made.machine)}\n".encode()


def paragraph(made: Edited) -> str:
    """Plain text on one line."""
    machine = made.machine.attribution.values
    told = [
        methods.paragraph(made.finding),
        f"The map was then edited {made.by} ({made.name}, id {made.revision.id}, {made.origin}).",
    ]
    if made.changed:
        values = made.values
        told.append(
            f"The edit changed {made.changed:.1%} of its pixels: to each was added (b \u2212 {MIDDLE})/{STEPS} of the "
            f"machine\u2019s largest absolute value, {abs(machine).max():.4g}, with b from 0 to 255; values lie in "
            f"[{values.min():.4g}, {values.max():.4g}] then and in [{machine.min():.4g}, {machine.max():.4g}] before. "
            "Standard errors, completeness and checks of the machine\u2019s map do not hold of the edited one."
        )
    else:
        told.append("The values of the map were left as they were.")
    told += answered(made, made.answers)
    if made.revision.sketch.note:
        told.append(f"Note of the edit: \u201c{made.revision.sketch.note}\u201d.")
    return drawable(" ".join(told))


def answered(made: Edited, answers: Answers | None) -> list[str]:
    """What the model says to it, in sentences."""
    if answers is None:
        return [GONE]
    told = []
    if answers.tried:
        first = answers.tried[0]
        told.append(
            f"The brush covers {made.area} of the picture; what is gone was replaced by "
            f"{STANDS[made.revision.sketch.fill]}. Unedited, \u201c{made.machine.label}\u201d has a probability of "
            f"{first.before:.1%}; {'; '.join(map(outcome, answers.tried))}."
        )
    if answers.judged is not None:
        edited, machine, random = (answers.judged[name] for name in ("edited", "machine", "random"))
        told.append(
            f"The area under the insertion curve of the edited map over {answers.judged['cells']} cells is "
            f"{edited['insertion']:.4g} (the machine\u2019s: {machine['insertion']:.4g}), under the deletion curve "
            f"{edited['deletion']:.4g} (the machine\u2019s: {machine['deletion']:.4g}); {len(random)} random "
            f"orders lie in [{min(random):.4g}, {max(random):.4g}]."
        )
    return told


def outcome(tried: Tried) -> str:
    """A fragment of a sentence."""
    return (
        f"{WITHOUT[tried.mode]}, {tried.after:.1%}, and with the area at {tried.places} random places, "
        f"{tried.low:.1%} to {tried.high:.1%}"
    )
