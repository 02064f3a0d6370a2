"""`python -m app export ID --out FILE`: an explanation, an edit or a study that is kept, as a file."""

from __future__ import annotations

import argparse
import hashlib
import json

from app import wiring
from app.export import kept
from app.export.format import written_to
from app.failures import RequestError
from app.settings import Settings


def export(settings: Settings, options: argparse.Namespace) -> int:
    """The same bytes as the API's. Raises what a user can mend, before anything is written."""
    try:
        desk = wiring.reading(settings)
    except ValueError as error:
        raise RequestError(str(error)) from error
    try:
        offer = kept.anything(desk, options.owner, options.id)
        path, format = written_to(options.out, offer.formats, offer.what)
        data = format.written(offer.thing)
    finally:
        desk.store.database.close()
    path.write_bytes(data)
    report = {"id": options.id, "file": str(path), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    print(json.dumps(report))
    return 0
