"""A text model small enough to know what it answers: the mean of its words' vectors, and prompts of one word."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Replace
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from torch import Tensor, nn

from models import ModelCard, TextClassifier
from models.text.networks import Sentence
from models.text.reader import fingerprint, reader

WORDS = ("[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film", "a", "the", ".", "and")
LIMIT = 300  # tokens
PROMPTS = {"negative": ["bad"], "positive": ["good"]}


class Bag(nn.Module):
    """The words' vectors through a layer that begins as the identity."""

    config = SimpleNamespace(hidden_size=4)

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4, bias=False)
        with torch.no_grad():
            self.layer.weight.copy_(torch.eye(4))

    def forward(self, *, inputs_embeds: Tensor) -> Any:
        return SimpleNamespace(last_hidden_state=self.layer(inputs_embeds))


def wordy(name: str = "wordy", limit: int = LIMIT) -> TextClassifier:
    """ "good" and "bad" point along two axes, every other word along the two that are left, all of them slightly."""
    vocabulary = {word: k for k, word in enumerate(WORDS)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = Replace("\u200b", "")  # as BERT's leaves it out
    tokenizer.pre_tokenizer = Whitespace()
    ends = [(special, vocabulary[special]) for special in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    table = nn.Embedding(len(WORDS), 4)
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        vectors = 0.2 * torch.rand(len(WORDS), 4, generator=rng)
        vectors[vocabulary["good"], 0] = vectors[vocabulary["bad"], 1] = 1.0
        table.weight.copy_(vectors)
    table.requires_grad_(False)
    encoder = Sentence(Bag().requires_grad_(False), fingerprint(tokenizer)).eval()  # type: ignore[arg-type]
    card = ModelCard(name=name, kind="text", limit=limit, temperature=0.05)
    made = reader(tokenizer, table, vocabulary["[MASK]"], limit)
    return TextClassifier(encoder, card, (), made, encoder).with_labels(PROMPTS)
