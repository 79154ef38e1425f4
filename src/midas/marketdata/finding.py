"""What a check of market data found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a finding keeps data out."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of defect in one place.

    `code` names the defect and is stable; `symbol` and `session` say where and are empty for a whole file; `rows`
    counts the rows it stands for.
    """

    code: str
    severity: Severity
    symbol: str
    session: str
    detail: str
    rows: int = 1

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        place = " ".join(part for part in (self.symbol, self.session) if part)
        return f"{self.code}: {place + ': ' if place else ''}{self.detail}"
