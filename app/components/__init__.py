"""The Python face of `static/`: one function per component, its data in, its trigger out.

Registered through the component manager's manifest, an internal of the pinned Streamlit: inline components would be
imported from `blob:` addresses, which the Content-Security-Policy forbids. A browser test covers it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

STATIC = Path(__file__).parents[2] / "static"
LOGO = STATIC / "logo.svg"
# in the page itself: an address of Streamlit's media store answers 404 once the session that named it has ended
ICON = "data:image/png;base64," + b64encode((STATIC / "icon.png").read_bytes()).decode()
NAMES = (
    "map", "tokens", "classes", "drop", "gallery", "copylink", "trust", "compare",
    "setdrop", "progress", "concepts", "strategies", "library", "batch",
)  # fmt: skip
PARTS = ("brush", "notes")  # served beside them: what a component opens when it is asked to


@cache
def _registered() -> Mapping[str, Any]:
    parts = [ComponentConfig(name=name, asset_dir=name) for name in (*NAMES, *PARTS)]
    get_bidi_component_manager().register_from_manifest(
        ComponentManifest(name="whylens", version="1", components=parts), STATIC
    )
    return {name: st.components.v2.component(f"whylens.{name}", js=f"{name}.js", css=f"{name}.css") for name in NAMES}


def _mount(name: str, key: str, data: Mapping[str, Any], triggers: Sequence[str] = ()) -> Any:
    callbacks = {f"on_{trigger}_change": _noted for trigger in triggers}  # without a callback the attribute is missing
    return _registered()[name](key=key, data=dict(data), **callbacks)


def _noted() -> None:
    """The page reads the value in the run that follows."""


def map_view(data: Mapping[str, Any], key: str) -> tuple[str | None, str | None]:
    """The map; ids of an explanation that has (finished, been asked for again) in this run."""
    event = _mount("map", key, data, ("finished", "again"))
    return event.finished, event.again


def tokens(data: Mapping[str, Any], key: str) -> tuple[str | None, str | None]:
    """The same for a text, whose words can be switched off and replaced."""
    event = _mount("tokens", key, data, ("finished", "again"))
    return event.finished, event.again


def classes(entries: Sequence[Mapping[str, Any]], target: int, key: str) -> int | None:
    """Classes with probabilities; the one just clicked."""
    clicked: int | None = _mount("classes", key, {"classes": list(entries), "target": target}, ("target",)).target
    return clicked


def drop(max_bytes: int, key: str) -> str | None:
    """Id of a picture just sent in."""
    data = {"assets": "/api/v1/assets", "max_bytes": max_bytes}
    sent: str | None = _mount("drop", key, data, ("asset",)).asset
    return sent


def gallery(pictures: Sequence[Mapping[str, str]], chosen: str | None, key: str) -> str | None:
    """Name of the picture just clicked."""
    clicked: str | None = _mount("gallery", key, {"pictures": list(pictures), "chosen": chosen}, ("chosen",)).chosen
    return clicked


def copy_link(path: str, key: str, *, shown: bool = False) -> None:
    """`shown`: the address itself too, where it cannot be read off the address bar."""
    _mount("copylink", key, {"path": path} | ({"shown": True} if shown else {}))


def trust(data: Mapping[str, Any], key: str) -> None:
    """The judgement of a map; it follows one that is still being made by itself."""
    _mount("trust", key, data)


def compare(data: Mapping[str, Any], key: str) -> str | None:
    """Maps beside each other on one scale; the tile just removed, as EXPLANATION.CLASS."""
    removed: str | None = _mount("compare", key, data, ("removed",)).removed
    return removed


def set_drop(max_bytes: int, key: str) -> str | None:
    """Id of a set of pictures just sent in."""
    data = {"sets": "/api/v1/sets", "max_bytes": max_bytes}
    sent: str | None = _mount("setdrop", key, data, ("set",)).set
    return sent


def progress(data: Mapping[str, Any], key: str) -> tuple[str | None, str | None]:
    """A run without a picture of its own; its id once it has (finished, been asked for again) in this run."""
    event = _mount("progress", key, data, ("finished", "again"))
    return event.finished, event.again


def concepts(data: Mapping[str, Any], key: str) -> int | None:
    """What the model sees; concepts are named, suspected and switched off there, and the API is told.

    The index of one that is to be taken apart.
    """
    apart: int | None = _mount("concepts", key, data, ("apart",)).apart
    return apart


def strategies(data: Mapping[str, Any], key: str) -> int | None:
    """The groups of pictures that are decided alike; the number of a picture to be explained in full."""
    chosen: int | None = _mount("strategies", key, data, ("explain",)).explain
    return chosen


def library(key: str) -> Mapping[str, str] | None:
    """Everything of the user's own; {page, id} of the thing to be opened."""
    opened: Mapping[str, str] | None = _mount("library", key, {"root": "/api/v1/"}, ("opened",)).opened
    return opened


def batch(described: Mapping[str, Any], key: str) -> int | None:
    """The pictures of a batch as a table that follows it; the number of one to be opened."""
    chosen: int | None = _mount("batch", key, {"root": "/api/v1/", "batch": dict(described)}, ("opened",)).opened
    return chosen
