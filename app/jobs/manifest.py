"""What a set of pictures is made of, as bytes: equal sets are the same bytes, whoever sent them."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

WORDNET = re.compile(r"^n\d{8}[ _-]+")


@dataclass(frozen=True)
class Member:
    """A picture by the sha256 of its PNG, with its name and label as they are displayed."""

    sha256: str
    name: str
    label: str | None


@dataclass(frozen=True)
class Manifest:
    """`seen`: the pictures are what a model sees, and are not cropped again."""

    members: tuple[Member, ...]
    seen: bool = False

    @property
    def data(self) -> bytes:
        rows = [[member.sha256, member.name, member.label] for member in self.members]
        content = {"seen": rows} if self.seen else rows
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def inputs(self) -> list[str]:
        """Of each picture, what a model gets: the same file is another input when it is not cropped."""
        return [f"{member.sha256}-seen" if self.seen else member.sha256 for member in self.members]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def labels(self) -> dict[str, int]:
        """How many pictures carry each label, by name."""
        return dict(sorted(Counter(member.label for member in self.members if member.label is not None).items()))

    @classmethod
    def read(cls, data: bytes) -> Manifest:
        """The inverse of `data`."""
        content = json.loads(data)
        seen = isinstance(content, dict)
        return cls(tuple(Member(*row) for row in (content["seen"] if seen else content)), seen)


def classes(members: Sequence[Member], labels: Sequence[str]) -> list[int | None]:
    """The model's class that each picture is labelled with, in whatever case; None where there is none."""
    known = {plain(label): k for k, label in reversed(list(enumerate(labels)))}
    return [None if member.label is None else known.get(plain(member.label)) for member in members]


def plain(label: str) -> str:
    """Folders are seldom named with spaces, and those of ImageNet begin with a number: n01440764_tench."""
    return " ".join(WORDNET.sub("", label).replace("_", " ").split()).casefold()
