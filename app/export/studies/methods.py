"""A paragraph for a paper about a study: what was done, with its numbers, and whom to cite."""

from __future__ import annotations

from collections.abc import Mapping

from app.export.studies.graph import fares
from app.export.studies.study import Study, percent
from app.export.words import drawable
from app.views.concepts import qualities

CRAFT = (
    "Fel et al., \u201cCRAFT: Concept Recursive Activation FacTorization for Explainability\u201d, 2023 "
    "(arXiv:2211.10154)"
)
HOLISTIC = (
    "Fel et al., \u201cA Holistic Approach to Unifying Automatic Concept Extraction and Concept Importance "
    "Estimation\u201d, 2023 (arXiv:2306.07304)"
)
EXTRACTORS: Mapping[str, str] = {
    "nmf": "Lee and Seung, \u201cLearning the parts of objects by non-negative matrix factorization\u201d, 1999",
    "semi_nmf": "Ding, Li and Jordan, \u201cConvex and Semi-Nonnegative Matrix Factorizations\u201d, 2010",
    "topk_autoencoder": "Makhzani and Frey, \u201ck-Sparse Autoencoders\u201d, 2013 (arXiv:1312.5663)",
    "ace": "Ghorbani et al., \u201cTowards Automatic Concept-based Explanations\u201d, 2019 (arXiv:1902.03129)",
}


def written(study: Study) -> bytes:
    return f"{paragraph(study)}\n\nReferences: {references(study)}\n".encode()


def references(study: Study) -> str:
    """The published picture of strategies is in the second."""
    return "; ".join([CRAFT, HOLISTIC, *filter(None, [EXTRACTORS.get(study.spec.factorizer)])]) + "."


def paragraph(study: Study) -> str:
    """Plain text on one line; what a user has named stands in it as it is, without its control characters."""
    spec, result = study.spec, study.result
    taken = "that it takes for" if result["by"] == "predicted" else "labelled"
    told = [
        f"We studied what {spec.model} (weights sha256 {spec.digest[:16]}\u2026) sees in {len(study.images):,} "
        f"pictures {taken} \u201c{study.label}\u201d, of {study.pictures:,} in the set \u201c{study.set}\u201d.",
        f"Activations of its layer {spec.layer} were written as {len(study.concepts)} concepts by {study.extractor}, "
        f"learnt from {study.learnt_from}; seed {spec.seed}.",
        f"Shares of the logit were told by {study.weighed_by}, "
        + ("and add up to it exactly." if result["linear"] else "and need not add up: the rest is not linear."),
    ]
    if study.concepts:
        first = study.concepts[0]
        error = "" if first["stderr"] is None else f", standard error {first['stderr']:.2g}"
        told.append(
            f"The most important one is \u201c{study.concept(first['index'])}\u201d with a mean share of "
            f"{percent(first['share'])} (importance {first['importance']:.4g}{error})."
        )
    quality = result["quality"]
    measured = [f"{each.title} {told_of(each, quality)}" for each in qualities.told(quality)]
    told.append(f"Quality: {'; '.join(measured)}.")
    told += _strategies(study)
    return drawable(" ".join(told))


def told_of(measure: qualities.Measure, quality: Mapping[str, float | None]) -> str:
    chance = qualities.chance(measure, quality)
    return qualities.value(measure, quality) + ("" if chance is None else f" (by chance {chance})")


def _strategies(study: Study) -> list[str]:
    if not study.strategies:
        return [study.result["note"]] if study.result["note"] else ["No strategies were told apart."]
    each = [
        f"\u201c{study.strategy(strategy['index'])}\u201d, {strategy['prevalence']:.0%} of the pictures"
        f"{', ' * bool(fares(strategy))}{fares(strategy)}"
        for strategy in study.strategies
    ]
    limits = "; in brackets 95% limits (Wilson)" if any(map(fares, study.strategies)) else ""
    return [
        f"By the shares of their concepts the pictures fall into {len(each)} strategies (a mixture of normal "
        f"distributions with one covariance, as many as BIC wants, joined where they overlap): {'; '.join(each)}"
        f"{limits}."
    ]
