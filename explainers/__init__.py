"""Explainers of image and text classifiers. `explain` is one call; `stream` shows the result sharpen."""

from explainers.fit import Fit, method_fit, method_fits
from explainers.indices import SobolIndices, sobol_indices
from explainers.metrics.panel import PANEL_REVISION, stream_trust, trust
from explainers.metrics.report import Check, TrustReport
from explainers.propagation import DeepLift, UnsupportedOperatorError, deeplift
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
    "PANEL_REVISION",
    "Attribution",
    "Attributions",
    "Check",
    "Classifier",
    "DeepLift",
    "Explainer",
    "Fit",
    "InputError",
    "Method",
    "Output",
    "Precision",
    "Progress",
    "ScoreFunction",
    "ShapleyValues",
    "SobolIndices",
    "TrustReport",
    "UnsupportedOperatorError",
    "ValueFunction",
    "Word",
    "build",
    "deeplift",
    "explain",
    "list_methods",
    "method",
    "method_fit",
    "method_fits",
    "shapley_values",
    "sobol_indices",
    "stream",
    "stream_classes",
    "stream_trust",
    "trust",
]
