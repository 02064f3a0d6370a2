"""A paragraph for a paper: what was done, with its numbers, and whom to cite."""

from __future__ import annotations

import re
import sys

from app.export.finding import Finding
from app.export.words import drawable
from explainers import registry

YEAR = re.compile(r"\b(19|20)\d\d\b")


def written(finding: Finding) -> bytes:
    return f"{paragraph(finding)}\n\nReferences: {source(finding)}\n".encode()


def paragraph(finding: Finding) -> str:
    """Plain text on one line; what a user has named stands in it as it is, without its control characters."""
    spec, attribution = finding.spec, finding.attribution
    what = "text" if spec.kind == "text" else "picture"
    told = [
        f"We explained the answer of {finding.model} (weights sha256 {spec.digest[:16]}\u2026) to the {what} "
        f"\u201c{finding.name}\u201d, to which it assigns the class \u201c{finding.label}\u201d with a probability of "
        f"{finding.probability:.1%}.",
        f"The map was computed with {finding.method} ({_short(finding)}); parameters: {finding.parameters}; "
        f"seed {spec.seed}.",
        f"Each value is the {finding.unit}; the {finding.score} explained is {attribution.score:.4g}"
        f"{f', {finding.baseline}' if finding.baseline else ''}.",
    ]
    forwards = attribution.meta.get("forwards")
    if isinstance(forwards, int):
        told.append(f"It took {forwards:,} forward passes in {spec.precision}.")
    if attribution.stderr is not None:
        told.append(
            f"Values lie in [{attribution.values.min():.4g}, {attribution.values.max():.4g}], with a standard error of "
            f"at most {attribution.stderr.max():.2g}."
        )
    if attribution.delta is not None:
        told.append(f"They add up to the difference that they explain within {abs(attribution.delta):.2g}.")
    if spec.kind == "text":
        told.append(f"The text was divided into {len(attribution.words):,} {finding.look['by']}s.")
    if finding.report is not None:
        told.append(f"Checks of the map: {finding.report.sentence}")
    told.append(f"Computed with {finding.versions}.")
    return drawable(" ".join(told))


def source(finding: Finding) -> str:
    """Where the method was published, as its own file says."""
    parameters = registry.method(finding.spec.method, finding.spec.kind).parameters
    about = sys.modules[parameters.__module__].__doc__ or ""
    return " ".join(about.partition("\n\n")[2].split())


def _short(finding: Finding) -> str:
    """Author and year, as in a text."""
    told = source(finding)
    authors = told.partition(', "')[0]
    year = YEAR.search(told)
    first = re.split(r",| and | et al", authors)[0]
    return f"{first}{' et al.' if authors != first else ''}{f', {year[0]}' if year else ''}"
