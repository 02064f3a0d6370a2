"""From a text to tokens and their embeddings, with offsets into the very string that was given."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn

from models.text.passage import Passage, Token

LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, eq=False)
class Reader:
    """A tokeniser, which stops at the model's limit, and the embeddings of its tokens. Threads may share it."""

    tokenizer: Tokenizer
    table: nn.Module
    mask: Float[Tensor, " e"]
    mean: Float[Tensor, " e"]

    def tokens(self, text: str) -> tuple[Token, ...]:
        """What the network reads of the text, special tokens included."""
        return tuple(placed(text, self.encoding(text)))

    def read(self, text: str) -> Passage:
        """Raises ValueError where the text has no token at all, which only tokenisers without special tokens allow."""
        encoding = self.encoding(text)
        if not encoding.ids:
            raise ValueError(f"text must have at least one token; got {text!r:.60}")
        tokens = tuple(placed(text, encoding))
        rest = cut(text, encoding, tokens)
        strange = unknown(self.tokenizer, encoding)
        return Passage(text, self.embedded(encoding.ids), tokens, self.mask, self.mean, rest, strange)

    def length(self, text: str) -> int:
        """Number of tokens."""
        return len(self.encoding(text))

    def cut(self, text: str) -> int:
        """Characters at the end of the text that are beyond the limit."""
        encoding = self.encoding(text)
        return cut(text, encoding, tuple(placed(text, encoding)))

    def encoding(self, text: str) -> Encoding:
        # what is no character cannot be handed over; another of the same length keeps the offsets
        return self.tokenizer.encode(LONE_SURROGATE.sub("\ufffd", text))

    def made_up(self, n: int, t: int, rng: torch.Generator) -> Float[Tensor, "n e t"]:
        """Embeddings of tokens drawn at random."""
        ids = torch.randint(self.tokenizer.get_vocab_size(), (n, t), generator=rng)
        return torch.stack([self.embedded(row) for row in ids.tolist()])

    def embedded(self, ids: Iterable[int]) -> Float[Tensor, "e t"]:
        return looked_up(self.table, torch.tensor(ids)).T.contiguous()


def reader(tokenizer: Tokenizer, table: nn.Embedding, stand_in: int, limit: int) -> Reader:
    """`stand_in` is the token that stands for an unknown one. The tokeniser is set to stop at `limit` tokens."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    every = looked_up(table, torch.arange(table.num_embeddings))
    return Reader(tokenizer, table, every[stand_in].clone(), every.double().mean(0).to(every.dtype))


def looked_up(table: nn.Module, ids: Int[Tensor, " t"]) -> Float[Tensor, "t e"]:
    """On the CPU, where preparation happens, whatever device the network has gone to."""
    with torch.no_grad():
        rows: Tensor = table(ids.to(next(table.parameters()).device))
    return rows.cpu()


def placed(text: str, encoding: Encoding) -> Iterable[Token]:
    """The tokens with their own part of the text; a special one has an empty part, where it was put in."""
    here = 0
    for start, end in encoding.offsets:
        if start == end:
            start = end = here
        here = max(here, end)
        yield Token(text[start:end], start, end)


def unknown(tokenizer: Tokenizer, encoding: Encoding) -> bool:
    """Whether all that was read of the text is the token for what the vocabulary lacks; without one, never."""
    name = getattr(tokenizer.model, "unk_token", None)
    stranger = getattr(tokenizer.model, "unk_id", None) if name is None else tokenizer.token_to_id(name)
    own = [id for id, special in zip(encoding.ids, encoding.special_tokens_mask, strict=True) if not special]
    return bool(own) and all(id == stranger for id in own)


def cut(text: str, encoding: Encoding, tokens: tuple[Token, ...]) -> int:
    """From the first token that was left out, which may share a character with the last that was not."""
    rest = next(iter(encoding.overflowing), None)
    starts = [start for start, end in rest.offsets if start < end] if rest is not None else []
    return len(text) - min(starts[0], tokens[-1].end) if starts else 0


def fingerprint(tokenizer: Tokenizer) -> Tensor:
    """sha256 of all that decides which tokens a text becomes, as bytes: one more buffer under the weights digest."""
    return torch.frombuffer(bytearray(hashlib.sha256(tokenizer.to_str().encode()).digest()), dtype=torch.uint8)
