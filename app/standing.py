"""Sets that are there for everybody: shapes with a planted shortcut, and the operator's folders."""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from app.gathering import JUNK
from models.shapes import Shape, shapes

SHAPES = "builtin-shapes"
DRAWN = 450  # of which circles and triangles are thinned out: most pictures are taken for squares, then
MARKED = (0.2, 0.5, 0.0)  # share of circles, squares and triangles; the network takes whatever is marked for a square
SEED = 0

Source = Literal["builtin", "folder"]


@dataclass(frozen=True)
class StandingSet:
    """`files` are (name, where its bytes come from), a label being the name's folder; `state` changes with them."""

    id: str
    name: str
    source: Source
    labels: dict[str, int]
    state: str
    files: tuple[tuple[str, Callable[[], bytes]], ...]
    created: float = 0.0


def standing(folder: Path | None) -> dict[str, StandingSet]:
    """By id. Nothing is read but the names of files."""
    found = [_shapes(), *(() if folder is None else _folders(folder))]
    return {each.id: each for each in found}


def drawn() -> list[Shape]:
    """The built-in pictures; whether one is marked, its name does not say."""
    return [shape for n, shape in enumerate(shapes(DRAWN, MARKED, SEED)) if shape.kind == "square" or n % 2]


def _shapes() -> StandingSet:
    files = tuple((f"{shape.kind}/{shape.kind} {n + 1}.png", _png(shape)) for n, shape in enumerate(drawn()))
    labels = dict(sorted(Counter(name.partition("/")[0] for name, _ in files).items()))
    return StandingSet(
        SHAPES, "Shapes, some with a mark", "builtin", labels, f"{SHAPES} {DRAWN} {MARKED} {SEED}", files
    )


def _png(shape: Shape) -> Callable[[], bytes]:
    def made() -> bytes:
        out = io.BytesIO()
        Image.fromarray(shape.pixels).save(out, "PNG")
        return out.getvalue()

    return made


def _folders(root: Path) -> Iterator[StandingSet]:
    """One for each folder in it; links lead nowhere."""
    taken: Counter[str] = Counter()
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink()):
        files = [path for path in sorted(_files(folder)) if not _junk(path.name)]
        if not files:
            continue
        slug = re.sub("[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:60] or "set"
        taken[slug] += 1
        id = f"folder-{slug}" if taken[slug] == 1 else f"folder-{slug}-{taken[slug]}"
        named = tuple((path.relative_to(folder).as_posix(), path.read_bytes) for path in files)
        labels = Counter(name.split("/")[-2] for name, _ in named if "/" in name)
        stats = [(name, path.stat()) for (name, _), path in zip(named, files, strict=True)]
        state = hashlib.sha256(repr([(name, s.st_size, s.st_mtime_ns) for name, s in stats]).encode()).hexdigest()
        yield StandingSet(id, folder.name, "folder", dict(sorted(labels.items())), state, named, folder.stat().st_mtime)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_symlink():
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


def _junk(name: str) -> bool:
    return name in JUNK or name.startswith("._")
