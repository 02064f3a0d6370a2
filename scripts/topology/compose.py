"""docker-compose.yml as it is read here: the services, with variables filled in as compose does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<how>[-?])(?P<rest>[^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """`after` names what must be healthy, or over, before it starts; `once` is for what ends by itself."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    health: tuple[str, ...]
    after: tuple[str, ...]
    once: bool


def services(variables: Mapping[str, str]) -> dict[str, Service]:
    """In an order in which they can start. Raises ValueError for a variable that must be given and is not."""
    read = {name: _service(name, body) for name, body in document(variables)["services"].items()}
    ordered: dict[str, Service] = {}
    while len(ordered) < len(read):
        ready = [s for s in read.values() if s.name not in ordered and set(s.after) <= set(ordered)]
        if not ready:
            raise ValueError(f"{FILE.name}: services wait for each other: {sorted(set(read) - set(ordered))}")
        ordered |= {service.name: service for service in ready}
    return ordered


def document(variables: Mapping[str, str]) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    filled: dict[str, Any] = _filled(parsed, variables)
    return filled


def _service(name: str, body: dict[str, Any]) -> Service:
    return Service(
        name=name,
        command=tuple(body["command"]),
        environment=body.get("environment", {}),
        health=tuple(body["healthcheck"].get("test", ())[1:]),
        after=tuple(body.get("depends_on", {})),
        once=body["restart"] != "unless-stopped",
    )


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    match value:
        case str():
            return VARIABLE.sub(lambda found: _variable(found, variables), value)
        case dict():
            return {key: _filled(each, variables) for key, each in value.items()}
        case list():
            return [_filled(each, variables) for each in value]
        case _:
            return value


def _variable(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if given := variables.get(found["name"]):
        return given
    if found["how"] != "-":
        raise ValueError(f"{FILE.name}: {found['name']} must be given: {found['rest']}")
    return str(found["rest"])
