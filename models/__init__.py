"""Classifiers with their cards: bundled, public, the operator's own, or any module at hand."""

from models.card import ModelCard, UnsupportedModelError
from models.classifier import ImageClassifier
from models.zoo import list_models, load, problems, wrap

__all__ = ["ImageClassifier", "ModelCard", "UnsupportedModelError", "list_models", "load", "problems", "wrap"]
