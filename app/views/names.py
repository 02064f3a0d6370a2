"""What identifiers are called on the page, and strangers' words made harmless inside Markdown."""

from __future__ import annotations

import re

from explainers.types import Explainer, Kind, Output

OUTPUTS: dict[Output, str] = {"logit": "logit", "probability": "probability", "log_probability": "log-probability"}
BASELINES: dict[Kind, dict[str, str]] = {
    "image": {"mean": "the mean colour", "black": "black", "blur": "a blurred copy"},
    "text": {"mask": "the mask token", "mean": "the vocabulary\u2019s mean", "deletion": "nothing (deleted)"},
}
TITLES = {
    "deep_shap": "DeepSHAP",
    "deeplift": "DeepLIFT",
    "exact_shapley": "Exact Shapley values",
    "grad_cam": "Grad-CAM",
    "gradient_shap": "Gradient SHAP",
    "gradient_x_input": "Gradient × input",
    "hsic": "HSIC",
    "kernel_shap": "KernelSHAP",
    "lime": "LIME",
    "ls_tree": "LS-Tree",
    "partition_shap": "Partition SHAP",
    "permutation_shap": "Permutation SHAP",
    "rise": "RISE",
    "smoothgrad": "SmoothGrad",
}
EXTRACTORS = {
    "nmf": "NMF",
    "semi_nmf": "Semi-NMF",
    "kmeans": "K-means",
    "pca": "PCA",
    "topk_autoencoder": "Sparse autoencoder",
    "ace": "ACE",
}
ROWS = {"locations": "every place of the layer", "crops": "crops of the pictures"}
WEIGHTS = {
    "gradient_x_input": "gradient \u00d7 input",
    "integrated_gradients": "integrated gradients",
    "occlusion": "occlusion",
    "shapley": "Shapley values",
    "sobol": "Sobol indices, which have no signs",
}
MARKS = frozenset("\\`*_{}[]()<>#+-.!|~$:&@^=")


def title(method: str) -> str:
    """As the field writes it: RISE, Sobol."""
    return TITLES.get(method) or method.replace("_", " ").capitalize()


def absence(explainer: Explainer, kind: Kind, unit: str | None) -> str:
    """What the score is compared with, as a fragment of a sentence; empty where there is nothing. `unit`: a text's."""
    told = explainer.absence if unit is None else explainer.absence.replace("parts", f"{unit}s")
    return told.format(baseline=BASELINES[kind].get(str(explainer.as_dict().get("baseline"))))


def scored(output: Output, label: str, rival: str | None = None) -> str:
    """The score explained, in words; with a rival, the margin over it."""
    score = f"the {OUTPUTS[output]} of {label}"
    return score if rival is None else f"{score} minus that of {rival}"


def plain(text: str) -> str:
    """Somebody's words inside Markdown: on one line, every character that means something there escaped.

    Addresses are recognised in spite of escapes, so a word joiner, which nobody sees, keeps them from becoming links.
    """
    unlinked = re.sub(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", "\u2060", " ".join(text.split()), flags=re.IGNORECASE)
    return "".join(f"\\{c}" if c in MARKS else c for c in unlinked)
