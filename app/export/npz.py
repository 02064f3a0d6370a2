"""The numbers of a map, as NumPy reads them: values, standard errors, and where the words of a text lie."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np

from app.export.finding import Finding

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can hold: the same numbers are the same bytes


def written(finding: Finding) -> bytes:
    attribution = finding.attribution
    arrays = {"values": attribution.values}
    if attribution.stderr is not None:
        arrays["stderr"] = attribution.stderr
    if attribution.words:
        arrays["starts"] = np.array([word.start for word in attribution.words])
        arrays["ends"] = np.array([word.end for word in attribution.words])
    return archived(arrays)


def archived(arrays: Mapping[str, np.ndarray]) -> bytes:
    """By their names, in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy", EARLIEST), "w") as file:
                np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()
