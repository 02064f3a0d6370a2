"""The built-in pictures: scikit-image's public-domain photographs, read from its installed package."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Example:
    """A picture to begin with, and what to look for in it."""

    name: str
    title: str
    note: str

    def read(self) -> bytes:
        return resources.files("skimage").joinpath("data", f"{self.name}.png").read_bytes()


EXAMPLES: dict[str, Example] = {
    example.name: example
    for example in (
        Example("coffee", "Espresso", "A clear case: the model is sure, and right."),
        Example("chelsea", "Cat", "A cat, and several breeds the model hesitates between."),
        Example("camera", "Camera", "Grey, no colour to go by: tripod or photographer?"),
        Example("astronaut", "Astronaut", "A case the model gets wrong. Which part misleads it?"),
    )
}
FIRST = "coffee"
