"""What the panel found: checks, each with its control, and one verdict. JSON-able both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["passed", "doubtful", "failed", "not possible"]
Verdict = Literal["holds up", "mixed", "fails"]


@dataclass(frozen=True)
class Check:
    """One question put to the map. `value` is to be read against `control`; `finding` is the sentence for the user."""

    name: str
    status: Status
    value: float | None
    control: float | None
    finding: str


@dataclass(frozen=True)
class TrustReport:
    """The checks made so far, and how many forwards of the model they took."""

    checks: tuple[Check, ...]
    forwards: int

    def check(self, name: str) -> Check:
        """Raises KeyError for a check that was not made."""
        return {check.name: check for check in self.checks}[name]

    @property
    def verdict(self) -> Verdict:
        """One failure decides: each is of something that a sound explanation does not fail but by chance.

        A map holds up if nothing is in doubt and it could be made again: what could not be tried is not trusted.
        Deletion and insertion are two readings of one question, each with shapes of its own that the removed regions
        leave, so one of them may doubt.
        """
        if any(check.status == "failed" for check in self.checks):
            return "fails"
        doubted = {check.name for check in self.checks if check.status == "doubtful"}
        again = [check.status for check in self.checks if check.name == "randomisation"]
        return "holds up" if doubted in (set(), {"deletion"}, {"insertion"}) and again == ["passed"] else "mixed"

    @property
    def sentence(self) -> str:
        """The verdict and why: what failed, or what is in doubt, or what it rests on."""
        passed = [check for check in self.checks if check.status == "passed"]
        count = f"{len(passed)} of {len(self.checks)} checks passed"
        match self.verdict:
            case "fails":
                return f"Fails: {self._findings('failed')}."
            case "mixed":
                reasons = self._findings("doubtful") or self._findings("not possible")
                return f"Mixed, {count}: {reasons}." if reasons else f"Mixed, {count}."
            case "holds up":
                return f"Holds up, {count}: {self._findings('passed', 1)}."

    def _findings(self, status: Status, most: int = 2) -> str:
        found = [check.finding for check in self.checks if check.status == status][:most]
        return "; ".join(sentence[0].lower() + sentence[1:].removesuffix(".") for sentence in found)

    def as_dict(self) -> dict[str, object]:
        return {
            "verdict": self.verdict,
            "sentence": self.sentence,
            "forwards": self.forwards,
            "checks": [asdict(check) for check in self.checks],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> TrustReport:
        """Verdict and sentence follow from the checks; what is stored of them is for readers of the JSON."""
        return cls(tuple(Check(**check) for check in stored["checks"]), stored["forwards"])
