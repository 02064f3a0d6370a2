"""Classifiers of images and texts with their cards: bundled, public, the operator's own, or any module at hand."""

from models.card import ModelCard, UnsupportedModelError
from models.classifier import Classifier, ImageClassifier
from models.text.classifier import TextClassifier
from models.zoo import list_models, load, problems, wrap

__all__ = [
    "Classifier",
    "ImageClassifier",
    "ModelCard",
    "TextClassifier",
    "UnsupportedModelError",
    "list_models",
    "load",
    "problems",
    "wrap",
]
