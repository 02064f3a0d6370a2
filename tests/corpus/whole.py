"""The whole corpus, the same on every machine."""

from __future__ import annotations

from tests.corpus import archives, documents, pictures, requests, tables
from tests.corpus.case import Case

PARTS: dict[str, tuple[Case, ...]] = {
    "pictures": tuple(pictures.cases()),
    "archives": tuple(archives.cases()),
    "documents": tuple(documents.cases()),
    "tables": tuple(tables.cases()),
    "requests": tuple(requests.cases()),
}
CASES = tuple(case for part in PARTS.values() for case in part)
