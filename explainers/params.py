"""Parameters as typed fields: one declaration gives validation, web form, cache key, command line and docs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

NOUNS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


@dataclass(frozen=True)
class Range:
    """Limits of a number, both allowed, and what it does."""

    low: float
    high: float
    help: str = ""

    def holds(self, value: Any) -> bool:
        return bool(self.low <= value <= self.high)


@dataclass(frozen=True)
class Param:
    """One field as a form sees it: numbers have a `range`, choices have `choices`, switches have neither."""

    name: str
    type: type
    default: Any
    range: Range | None = None
    choices: tuple[Any, ...] = ()
    help: str = ""

    def check(self, value: Any) -> Any:
        """`value` in the field's own type. Raises ValueError naming the field, its limits and the value."""
        if self.choices:
            if value not in self.choices:
                raise ValueError(f"{self.name} must be one of {', '.join(map(str, self.choices))}; got {value!r:.100}")
            return value
        numbers = (int, float) if self.type is float else (self.type,)
        if not isinstance(value, numbers) or (isinstance(value, bool) and self.type is not bool):
            raise ValueError(f"{self.name} must be {NOUNS.get(self.type, self.type.__name__)}; got {value!r:.100}")
        # before it becomes a float, which a whole number of 400 digits cannot; NaN lies nowhere
        if self.range is not None and not self.range.holds(value):
            raise ValueError(f"{self.name} must lie in [{self.range.low:g}, {self.range.high:g}]; got {value}")
        return self.type(value)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Inherit and write fields: `n: Annotated[int, Range(8, 64, "…")] = 32`, `name: Annotated[Literal[…], "…"]`."""

    def __post_init__(self) -> None:
        for param in self.schema():
            # frozen, but 1 and 1.0 must give one cache key
            object.__setattr__(self, param.name, param.check(getattr(self, param.name)))

    @classmethod
    def schema(cls) -> tuple[Param, ...]:
        return tuple(_schema(cls))

    def as_dict(self) -> dict[str, object]:
        """JSON-able; `type(self)(**self.as_dict()) == self`."""
        return asdict(self)

    @property
    def absence(self) -> str:
        """What the score is compared with, `{baseline}` standing for the one chosen; empty where there is none."""
        return "hidden parts replaced by {baseline}" if any(p.name == "baseline" for p in self.schema()) else ""

    def reduced(self) -> Parameters:
        """The same method on the budget of a check that runs it several times; itself, unless a method says how."""
        return self


def _schema(cls: type[Parameters]) -> Iterator[Param]:
    hints = get_type_hints(cls, include_extras=True)
    for field in fields(cls):
        annotation = hints[field.name]
        notes: tuple[object, ...] = getattr(annotation, "__metadata__", ())
        kind = get_args(annotation)[0] if notes else annotation
        limits = next((note for note in notes if isinstance(note, Range)), None)
        text = limits.help if limits else next((note for note in notes if isinstance(note, str)), "")
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        default = None if field.default is MISSING else field.default
        yield Param(field.name, type(choices[0]) if choices else kind, default, limits, choices, text)
