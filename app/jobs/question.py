"""What a user asks of a picture, checked as far as it can be without waking a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from app.failures import RequestError
from explainers import registry
from explainers.types import Output

FIRST_METHOD = "rise"


@dataclass(frozen=True, kw_only=True)
class Question:
    """No model means the one shown first, no target the likeliest class. Raises RequestError.

    With `against`, the question is why the target and not that class.
    """

    model: str | None = None
    method: str = FIRST_METHOD
    params: Mapping[str, Any] = field(default_factory=dict)
    output: Output = "logit"
    seed: int = 0
    target: int | str | None = None
    against: int | str | None = None

    def __post_init__(self) -> None:
        try:
            registry.build(self.method, self.params)
        except ValueError as error:
            raise RequestError(str(error)) from error
        if self.output not in get_args(Output):
            raise RequestError(f"output must be one of {', '.join(get_args(Output))}; got {self.output!r}")
        if not 0 <= self.seed < 2**31:
            raise RequestError(f"seed must lie in [0, {2**31 - 1}]; got {self.seed}")
