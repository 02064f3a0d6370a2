"""Explainers of image and text classifiers. `explain` is one call; `stream` shows the result sharpen."""

from explainers.concepts.bank import ConceptBank, Crop, Rows, fit_concepts
from explainers.concepts.clusters import Cluster, ClusterGraph, Edge, strategies
from explainers.concepts.study import STUDY_REVISION, By, Stage, Study, stream_concepts
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
    "STUDY_REVISION",
    "Attribution",
    "Attributions",
    "By",
    "Check",
    "Classifier",
    "Cluster",
    "ClusterGraph",
    "ConceptBank",
    "Crop",
    "DeepLift",
    "Edge",
    "Explainer",
    "Fit",
    "InputError",
    "Method",
    "Output",
    "Precision",
    "Progress",
    "Rows",
    "ScoreFunction",
    "ShapleyValues",
    "SobolIndices",
    "Stage",
    "Study",
    "TrustReport",
    "UnsupportedOperatorError",
    "ValueFunction",
    "Word",
    "build",
    "deeplift",
    "explain",
    "fit_concepts",
    "list_methods",
    "method",
    "method_fit",
    "method_fits",
    "shapley_values",
    "sobol_indices",
    "strategies",
    "stream",
    "stream_classes",
    "stream_concepts",
    "stream_trust",
    "trust",
]
