"""The networks behind text classifiers: embeddings (n, e, t) in, logits out, for batches of texts of one length.

No padding, so no attention mask: each is one function of its input, which can be differentiated and followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Sentence(nn.Module):
    """A transformers encoder as sentence-transformers uses it: the mean over all tokens, scaled to length one."""

    tokenizer: Tensor

    def __init__(self, network: PreTrainedModel, tokenizer: Tensor) -> None:
        super().__init__()
        self.network = network
        self.width: int = network.config.hidden_size
        self.register_buffer("tokenizer", tokenizer)

    def forward(self, x: Float[Tensor, "n e t"]) -> Float[Tensor, "n p"]:
        hidden: Tensor = self.network(inputs_embeds=x.mT).last_hidden_state
        return F.normalize(hidden.mean(1), dim=1)


class Cosine(nn.Module):
    """Zero-shot logits: the cosine of a unit vector with that of each class, over the temperature."""

    classes: Tensor
    temperature: Tensor

    def __init__(self, classes: Float[Tensor, "k p"], temperature: float) -> None:
        super().__init__()
        self.register_buffer("classes", classes)
        self.register_buffer("temperature", torch.tensor(temperature, dtype=classes.dtype))

    def forward(self, e: Float[Tensor, "n p"]) -> Float[Tensor, "n k"]:
        return e @ self.classes.T / self.temperature


class SequenceClassifier(nn.Module):
    """A transformers sequence classifier."""

    tokenizer: Tensor

    def __init__(self, network: PreTrainedModel, tokenizer: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("tokenizer", tokenizer)

    def forward(self, x: Float[Tensor, "n e t"]) -> Float[Tensor, "n k"]:
        logits: Tensor = self.network(inputs_embeds=x.mT).logits
        return logits
