"""What a user asks of a picture or a text, checked as far as it can be without waking a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from app.failures import RequestError
from explainers import registry
from explainers.types import Kind, Output

FIRST_METHOD = "rise"
# two zero-shot logits both rise with the topic of a text: only their contrast tells the classes apart
USUAL: Mapping[Kind, Output] = {"image": "logit", "text": "log_probability"}


@dataclass(frozen=True, kw_only=True)
class Question:
    """No model means the first one of the kind, no target the likeliest class. Raises RequestError.

    With `against`, the question is why the target and not that class.
    """

    kind: Kind = "image"
    model: str | None = None
    method: str = FIRST_METHOD
    params: Mapping[str, Any] = field(default_factory=dict)
    output: Output = None  # type: ignore[assignment]  # it becomes the usual one of the kind
    seed: int = 0
    target: int | str | None = None
    against: int | str | None = None

    def __post_init__(self) -> None:
        try:
            registry.build(self.method, self.params, self.kind)
        except ValueError as error:
            raise RequestError(str(error)) from error
        if self.output is None:
            object.__setattr__(self, "output", USUAL[self.kind])  # frozen, but equal questions must be equal
        if self.output not in get_args(Output):
            raise RequestError(f"output must be one of {', '.join(get_args(Output))}; got {self.output!r}")
        if not 0 <= self.seed < 2**31:
            raise RequestError(f"seed must lie in [0, {2**31 - 1}]; got {self.seed}")
