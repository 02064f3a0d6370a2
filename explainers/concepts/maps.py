"""Where a picture shows a concept: its amount as the answer of a classifier, which any method explains.

Codes are differentiable by the implicit function theorem (`nnls`), as CRAFT has it: Fel et al. 2023 (arXiv:2211.10154),
section 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from explainers.concepts.bank import ConceptBank, rows
from explainers.concepts.dictionaries import Dictionary
from explainers.concepts.split import Split, reached
from explainers.types import Classifier, Prepared


class Amounts(nn.Module):
    """The mean over places of the code of every concept, in a picture."""

    def __init__(self, split: Split, dictionary: Dictionary) -> None:
        super().__init__()
        self.network = split.module
        self.split = split
        self.dictionary = dictionary

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        a = self.split.layout(reached(self.network, self.split.layer, x))
        u: Tensor = self.dictionary.encode(rows(a).float()).unflatten(0, (len(x), -1))
        return u.mean(1)


@dataclass(frozen=True, eq=False)
class ConceptClassifier:
    """A `Classifier` whose "logit" of class k is the amount of concept k: `explain("rise", this, x, target=k)`.

    Probabilities of such logits mean nothing: explain the logit. DeepLIFT refuses it, as the set of concepts that are
    present depends on the data.
    """

    module: nn.Module
    model: Classifier
    labels: tuple[str, ...]

    @property
    def card(self) -> Any:
        """The model's own: pictures are prepared alike."""
        return self.model.card

    def prepare(self, x: Any) -> Prepared:
        return self.model.prepare(x)

    def tokens(self, text: str) -> Any:
        return self.model.tokens(text)


def concept_classifier(model: Classifier, bank: ConceptBank) -> ConceptClassifier:
    """Costs a forward as far as the bank's layer for each picture; a backward of it where a method asks for slopes."""
    labels = tuple(f"concept {k}" for k in range(len(bank.D)))
    return ConceptClassifier(Amounts(bank.split, bank.dictionary).eval(), model, labels)
