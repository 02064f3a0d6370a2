"""The numbers of an edit, as NumPy reads them: the machine's map, what was done, and what came of it."""

from __future__ import annotations

from app.export.edits.edited import Edited
from app.export.npz import archived


def written(made: Edited) -> bytes:
    """`machine`, `added` (128: nothing), `edited` and `painted`, each over what the model sees."""
    return archived(
        {
            "machine": made.machine.attribution.values,
            "added": made.added,
            "edited": made.values,
            "painted": made.amount,
        }
    )
