"""Explainers of image and text classifiers. `explain` is one call; `stream` shows the result sharpen."""

from explainers.indices import SobolIndices, sobol_indices
from explainers.metrics.panel import stream_trust, trust
from explainers.metrics.report import Check, TrustReport
from explainers.registry import Method, build, list_methods, method
from explainers.runs import explain, stream, stream_classes
from explainers.shapley import ShapleyValues, shapley_values
from explainers.types import (
    Attribution,
    Attributions,
    Classifier,
    Explainer,
    InputError,
    Output,
    Precision,
    Progress,
    ScoreFunction,
    ValueFunction,
    Word,
)

__all__ = [
    "Attribution",
    "Attributions",
    "Check",
    "Classifier",
    "Explainer",
    "InputError",
    "Method",
    "Output",
    "Precision",
    "Progress",
    "ScoreFunction",
    "ShapleyValues",
    "SobolIndices",
    "TrustReport",
    "ValueFunction",
    "Word",
    "build",
    "explain",
    "list_methods",
    "method",
    "shapley_values",
    "sobol_indices",
    "stream",
    "stream_classes",
    "stream_trust",
    "trust",
]
