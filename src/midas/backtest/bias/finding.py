"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How grave a finding is: a result with a leak is worth nothing, one with a warning less than it looks."""

    FINE = "fine"
    WARNING = "warning"
    LEAK = "leak"


@dataclass(frozen=True, slots=True)
class BiasFinding:
    """The answer of one check, with a sentence that says what was done and what came of it."""

    check: str
    verdict: Verdict
    sentence: str

    def to_json(self) -> dict[str, str]:
        """Return plain JSON values."""
        return {"check": self.check, "verdict": self.verdict.value, "sentence": self.sentence}


def worst(findings: tuple[BiasFinding, ...]) -> Verdict:
    """Return the gravest verdict of all."""
    order = list(Verdict)
    return max((finding.verdict for finding in findings), key=order.index, default=Verdict.FINE)
