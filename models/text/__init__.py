"""Text classifiers: MiniLM by prompts or with a head of one's own, and the operator's sequence classifiers."""

from models.text.classifier import TextClassifier
from models.text.heads import FittedHead, Head, Prompts, fit_head
from models.text.passage import Passage, Token

__all__ = ["FittedHead", "Head", "Passage", "Prompts", "TextClassifier", "Token", "fit_head"]
