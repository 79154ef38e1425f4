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

Number = float | int


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: its key, how people call it, and exactly how it is computed."""

    key: str
    label: str
    unit: Unit
    formula: str
    compute: Callable[[Sample], Number | None]
    needs: tuple[Need, ...] = ()

    def of(self, sample: Sample) -> Number | None:
        """Return the measure, None where it is not defined; never NaN or infinite."""
        if any(not sample.offers(need) for need in self.needs):
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
