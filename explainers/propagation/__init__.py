"""DeepLIFT at the level of operators: the network as a graph of torch operators, and a rule for each of them."""

from explainers.propagation.engine import DeepLift, deeplift
from explainers.propagation.tracing import UnsupportedOperatorError

__all__ = ["DeepLift", "UnsupportedOperatorError", "deeplift"]
