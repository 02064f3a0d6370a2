"""Maps beside each other as they are drawn, but for where their parts are: that differs for owners and recipients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app import comparison
from app.comparison import Tile
from app.description import labels
from app.service import Service
from app.views.names import OUTPUTS, scored
from explainers import registry


def drawn(desk: Service, tiles: Sequence[Tile], own: Mapping[str, str]) -> list[dict[str, Any]]:
    """`own` are the names of the user's classifiers."""
    return [_tile(desk, tile, parts, own) for tile, parts in zip(tiles, comparison.captions(tiles), strict=True)]


def called(tile: Tile) -> str:
    return f"{tile.explanation.id}.{tile.target}"


def _tile(desk: Service, tile: Tile, parts: list[str], own: Mapping[str, str]) -> dict[str, Any]:
    spec, look, named = tile.spec, tile.run.look, labels(tile.run.look)
    unit = registry.build(spec.method, spec.params, spec.kind).unit
    rival = None if spec.against is None else named[spec.against]
    place: dict[str, Any]
    if spec.kind == "text":
        place = {"spans": [[start, end] for _, start, end in look["words"]], "cut": look["cut"]}
    else:
        box = comparison.box(desk, tile.explanation.owner, tile)
        place = {"box": [box.left, box.top, box.right, box.bottom]}
    return place | {
        "name": called(tile),
        "title": parts[0],
        "differs": [own.get(part, part) for part in parts[1:]],
        "about": f"{tile.why} on {own.get(spec.model, spec.model)}",
        "state": tile.run.state,
        "error": tile.run.error,
        "target": tile.target,
        "signed": True if tile.run.result is None else tile.run.result["signed"],
        "unit": unit.replace("{score}", scored(spec.output, named[tile.target], rival)),
        "family": unit.replace("{score}", f"the {OUTPUTS[spec.output]} of the map's class"),
    }
