"""The methods there are. A file in `methods/` with one decorated class is a method, everywhere at once."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from explainers.params import Param, Parameters
from explainers.types import Explainer, Kind

Needs = Literal["scores", "gradients", "operators", "layers"]
T = TypeVar("T", bound=type[Parameters])


@dataclass(frozen=True)
class Method:
    """One method on one kind of input. `needs`: what a model must offer; `revision` rises when the numbers change.

    `fitted`: its map is made of the scores of copies like those by which a map's fidelity is measured, soft masks over
    half of the input, so that it promises to say nearly all that can be said of them.
    """

    name: str
    kind: Kind
    revision: int
    needs: Needs
    description: str
    parameters: type[Parameters]
    fitted: bool = False

    @property
    def schema(self) -> tuple[Param, ...]:
        return self.parameters.schema()


_methods: dict[tuple[str, Kind], Method] = {}


def register(
    name: str, kind: Kind = "image", *, revision: int = 1, needs: Needs = "scores", fitted: bool = False
) -> Callable[[T], T]:
    """The class's docstring becomes the description: write its first line for the person who chooses a method."""

    def enter(cls: T) -> T:
        known = _methods.get((name, kind))
        if known and known.parameters.__module__ != cls.__module__:
            raise ValueError(f"method {name} is registered twice: {known.parameters.__module__} and {cls.__module__}")
        description = (cls.__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " ")
        _methods[name, kind] = Method(name, kind, revision, needs, description, cls, fitted)
        return cls

    return enter


@functools.cache
def _discover() -> Mapping[tuple[str, Kind], Method]:
    package = importlib.import_module("explainers.methods")
    for module in pkgutil.iter_modules(package.__path__, "explainers.methods."):
        importlib.import_module(module.name)
    return dict(sorted(_methods.items()))


def list_methods(kind: Kind | None = None) -> tuple[Method, ...]:
    """Every method, or those that explain this kind of model."""
    return tuple(m for m in _discover().values() if kind is None or kind == m.kind)


def method(name: str, kind: Kind = "image") -> Method:
    """Raises ValueError for an unknown name, or one that does not explain this kind."""
    found = _discover()
    if (name, kind) not in found:
        names = ", ".join(m.name for m in list_methods(kind))
        raise ValueError(f"method must be one of {names} for {kind}s; got {name!r:.100}")
    return found[name, kind]


def build(name: str, params: Mapping[str, object] | None = None, kind: Kind = "image") -> Any:
    """The method with these parameters, ready to `explain`. Raises ValueError in one sentence for a wrong one."""
    chosen = method(name, kind)
    known = [param.name for param in chosen.schema]
    for given in params or {}:
        if given not in known:
            near = difflib.get_close_matches(given, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; it has {', '.join(known)}"
            raise ValueError(f"{name} has no parameter {given!r:.100}{hint}")
    explainer: Explainer = chosen.parameters(**dict(params or {}))  # type: ignore[assignment]
    return explainer
