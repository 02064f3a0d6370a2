from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import torch

from explainers.types import Word

Unit = Literal["token", "word", "sentence"]


@dataclass(frozen=True)
class Units:
    words: tuple[Word, ...]
    member: torch.Tensor

    def sum(self, values):
        out = values.new_zeros(*values.shape[:-1], len(self.words) + 1)
        out.index_add_(-1, torch.where(self.member < 0, len(self.words), self.member).to(values.device), values)
        return out[..., :-1]


def words(text):
    return tuple(Word(m[0], m.start(), m.end()) for m in re.finditer(r"\w+|[^\w\s]", text))


def sentences(text):
    return tuple(Word(m[0], m.start(), m.end()) for m in re.finditer(r"[^.!?]+[.!?]*", text))


def units(text, spans, unit):
    if unit == "token":
        known = [Word(text[a:b], a, b) for a, b in spans if b > a]
    else:
        known = list(words(text) if unit == "word" else sentences(text))
    member = [next((k for k, w in enumerate(known) if w.start < b and a < w.end and b > a), -1) for a, b in spans]
    used = sorted({m for m in member if m >= 0})
    new = {m: k for k, m in enumerate(used)}
    return Units(tuple(known[m] for m in used), torch.tensor([new.get(m, -1) for m in member]))
