"""Sets that are there for everybody: shapes with a planted shortcut, and the operator's folders."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import IO, Literal

from PIL import Image

from app.sets.gathering import is_junk
from app.storage.names import displayed
from models.shapes import Shape, shapes

SHAPES = "builtin-shapes"
DRAWN = 450  # of which circles and triangles are thinned out: most pictures are taken for squares, then
MARKED = (0.2, 0.5, 0.0)  # share of circles, squares and triangles; the network takes whatever is marked for a square
SEED = 0

PREFIX = "folder-"

Source = Literal["builtin", "folder"]


@dataclass(frozen=True)
class StandingSet:
    """`files` are (name, what opens it), a label being the name's folder; `state` changes with them."""

    id: str
    name: str
    source: Source
    labels: dict[str, int]
    state: str
    files: tuple[tuple[str, Callable[[], IO[bytes]]], ...]
    created: float = 0.0


def standing(root: Path | None) -> list[StandingSet]:
    """All of them. Nothing is read but the names of files."""
    folders = _folders(root)
    read = (_folder(id, folder) for id, folder in folders.items())
    return [_shapes(), *(each for each in read if each.files)]


def named(root: Path | None, id: str) -> StandingSet | None:
    """The one with this id, if there is one."""
    if id == SHAPES:
        return _shapes()
    folder = _folders(root).get(id) if id.startswith(PREFIX) else None
    return None if folder is None else _folder(id, folder)


def drawn() -> list[Shape]:
    """The built-in pictures; whether one is marked, its name does not say."""
    return [shape for n, shape in enumerate(shapes(DRAWN, MARKED, SEED)) if shape.kind == "square" or n % 2]


@cache
def _shapes() -> StandingSet:
    files = tuple((f"{shape.kind}/{shape.kind} {n + 1}.png", partial(_png, shape)) for n, shape in enumerate(drawn()))
    labels = dict(sorted(Counter(name.partition("/")[0] for name, _ in files).items()))
    return StandingSet(
        SHAPES, "Shapes, some with a mark", "builtin", labels, f"{SHAPES} {DRAWN} {MARKED} {SEED}", files
    )


def _png(shape: Shape) -> io.BytesIO:
    out = io.BytesIO()
    Image.fromarray(shape.pixels).save(out, "PNG")
    return out


def _folders(root: Path | None) -> dict[str, Path]:
    """By id, which is minted of the name; links lead nowhere."""
    found: dict[str, Path] = {}
    for folder in sorted(root.iterdir()) if root is not None and root.is_dir() else ():
        if folder.is_dir() and not folder.is_symlink():
            slug = re.sub("[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:60] or "set"
            alike = sum(id == PREFIX + slug or id.startswith(f"{PREFIX}{slug}--") for id in found)
            found[f"{PREFIX}{slug}" if not alike else f"{PREFIX}{slug}--{alike + 1}"] = folder
    return found


def _folder(id: str, folder: Path) -> StandingSet:
    paths = [path for path in sorted(_files(folder)) if not is_junk(path.name)]
    files = tuple((path.relative_to(folder).as_posix(), partial(_opened, path)) for path in paths)
    labels = Counter(name.split("/")[-2] for name, _ in files if "/" in name)
    stats = [path.stat() for path in paths]
    told = repr([(name, stat.st_size, stat.st_mtime_ns) for (name, _), stat in zip(files, stats, strict=True)])
    return StandingSet(
        id=id,
        name=displayed(folder.name),
        source="folder",
        labels={displayed(label): count for label, count in sorted(labels.items())},
        state=hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest(),
        files=files,
        created=folder.stat().st_mtime,
    )


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _files(folder: Path) -> Iterator[Path]:
    """Neither links nor what they lead to; folders that cannot be opened are left out."""
    for here, _, names in os.walk(folder):
        for path in (Path(here, name) for name in names):
            if path.is_file() and not path.is_symlink():
                yield path
