"""Sentences to begin with: praise, blame, and one that says the one in the words of the other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    title: str
    text: str


SAMPLES = (
    Sample("Praise", "A warm, funny and beautifully acted film that never once talks down to its audience."),
    Sample("Blame", "Two hours of noise: a dull plot, wooden dialogue and not a single joke that lands."),
    Sample("Not bad", "I expected the worst. It is not bad at all, and the ending even surprised me."),
)
