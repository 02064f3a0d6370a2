"""A text classifier as the rest of the program sees it: a string in, scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.card import ModelCard, UnsupportedModelError
from models.native import anchor
from models.text.heads import Prompts, fit_head
from models.text.networks import Sentence
from models.text.passage import Passage, Token
from models.text.reader import Reader

BATCH = 32  # texts of one length per forward


@dataclass(frozen=True, eq=False)
class TextClassifier:
    """`module` is in eval mode, takes embeddings (n, e, t), returns logits (n, classes). Threads may share it.

    All rows of a batch have the same length t. `encoder` is the part of it that makes vectors of sentences, where there
    is one: it takes other labels and other heads.
    """

    module: nn.Module
    card: ModelCard
    labels: tuple[str, ...]
    reader: Reader
    encoder: Sentence | None = None

    def prepare(self, x: str | Passage) -> Passage:
        """What the model really reads. A passage passes unchanged."""
        return x if isinstance(x, Passage) else self.reader.read(x)

    def tokens(self, text: str) -> tuple[Token, ...]:
        return self.reader.tokens(text)

    def predict(self, x: str | Sequence[str]) -> Float[np.ndarray, "n classes"]:
        """Probabilities in float32. Of texts beyond the limit only the beginning is read: `prepare` says how much."""
        texts = [x] if isinstance(x, str) else list(x)
        if not texts:
            raise ValueError("predict needs at least one text; got none")
        return self.outputs(self.module, texts).float().softmax(1).numpy()

    def outputs(self, network: nn.Module, texts: Sequence[str]) -> Float[Tensor, "n p"]:
        """What `network`, the module or a part of it, makes of each text. Texts of one length share their forwards."""
        like = anchor(network)
        lengths = [self.reader.length(text) for text in texts]
        order = sorted(range(len(texts)), key=lengths.__getitem__)
        rows = []
        with torch.inference_mode():
            for _, group in groupby(order, key=lengths.__getitem__):
                alike = list(group)
                for start in range(0, len(alike), BATCH):
                    batch = torch.stack([self.prepare(texts[k]).x for k in alike[start : start + BATCH]])
                    rows.append(network(batch.to(like)).cpu())
        return torch.cat(rows)[torch.tensor(order).argsort()].clone()

    def with_labels(self, prompts: Mapping[str, str | Sequence[str]]) -> TextClassifier:
        """The same encoder, choosing the label to whose prompts a text is closest."""
        return Prompts(prompts).on(self)

    def with_head(self, texts: Sequence[str], labels: Sequence[str], *, seed: int = 0) -> TextClassifier:
        """The same encoder under a linear head fitted to these texts. `fit_head` also says how well it does."""
        return fit_head(self, texts, labels, seed=seed).classifier

    def sentences(self) -> Sentence:
        """The encoder, or UnsupportedModelError."""
        if self.encoder is None:
            raise UnsupportedModelError(
                f"{self.card.name} is a classifier with classes of its own; other labels and heads need an encoder, "
                "such as minilm"
            )
        return self.encoder
