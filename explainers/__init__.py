"""Explainers of image and text classifiers. `explain` is one call; `stream` shows the result sharpen."""

from explainers.banzhaf import Interactions, interactions
from explainers.concepts.ace import Ace, fit_ace
from explainers.concepts.activation_vectors import Tcav, tcav
from explainers.concepts.bank import ConceptBank, Crop, Rows, fit_concepts
from explainers.concepts.clusters import Cluster, ClusterGraph, Edge, strategies
from explainers.concepts.concept_shap import Completeness, completeness
from explainers.concepts.maps import ConceptClassifier, concept_classifier
from explainers.concepts.recursion import Refined, refine
from explainers.concepts.selection import Size, sizes
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
    "Ace",
    "Attribution",
    "Attributions",
    "By",
    "Check",
    "Classifier",
    "Cluster",
    "ClusterGraph",
    "Completeness",
    "ConceptBank",
    "ConceptClassifier",
    "Crop",
    "DeepLift",
    "Edge",
    "Explainer",
    "Fit",
    "InputError",
    "Interactions",
    "Method",
    "Output",
    "Precision",
    "Progress",
    "Refined",
    "Rows",
    "ScoreFunction",
    "ShapleyValues",
    "Size",
    "SobolIndices",
    "Stage",
    "Study",
    "Tcav",
    "TrustReport",
    "UnsupportedOperatorError",
    "ValueFunction",
    "Word",
    "build",
    "completeness",
    "concept_classifier",
    "deeplift",
    "explain",
    "fit_ace",
    "fit_concepts",
    "interactions",
    "list_methods",
    "method",
    "method_fit",
    "method_fits",
    "refine",
    "shapley_values",
    "sizes",
    "sobol_indices",
    "strategies",
    "stream",
    "stream_classes",
    "stream_concepts",
    "stream_trust",
    "tcav",
    "trust",
]
