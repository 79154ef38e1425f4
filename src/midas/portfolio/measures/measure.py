"""What a measure is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from midas.portfolio.measures.sample import Sample

Unit = Literal["fraction", "currency", "count", "days", "sessions", ""]
"""fraction: 0.12 is 12 %. "" is a plain number."""

Need = Literal["quarter", "trades", "benchmark"]
"""quarter: at least 90 days, since it is given per year. trades: at least one closed round trip."""

Frequency = Literal["daily closes", "ten closes", "months", "trades", "fills", "closes"]
"""What is counted: returns from close to close, over ten of them or over a calendar month; trades; fills; closes."""

DayCount = Literal["", "365.2425 days a year", "sessions of the exchange a year"]
"""How a year is counted; "" where the measure is not given per year."""

OpenTrades = Literal["at the last close", "left out", "alone", "no matter"]
"""Where trades still open at the end come in: valued at the close, left out, or nothing else counts."""

Number = float | int


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: its key, how people call it, and exactly how it is computed.

    N in a formula is the sessions of the exchange in a year, as the calendar has them. Values are net of costs.
    """

    key: str
    label: str
    unit: Unit
    formula: str
    compute: Callable[[Sample], Number | None]
    needs: tuple[Need, ...] = ()
    frequency: Frequency = "daily closes"
    day_count: DayCount = ""
    open_trades: OpenTrades = "at the last close"
    source: str = "by definition"

    def of(self, sample: Sample) -> Number | None:
        """Return the measure, None where it is not defined; never NaN or infinite."""
        if not sample.offered.issuperset(self.needs):
            return None
        value = self.compute(sample)
        if value is None or not math.isfinite(value):
            return None
        return int(value) if self.unit == "count" else float(value)


def ratio(above: float | None, below: float | None) -> float | None:
    """Return a quotient, None where a part is missing or nothing is divided by."""
    if above is None or below is None or below == 0.0:
        return None
    return above / below
