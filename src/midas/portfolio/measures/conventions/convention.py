"""What a library's way of measuring is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from midas.portfolio.measures.conventions.record import Record
from midas.portfolio.measures.measure import Number, Unit

Library = Literal["quantstats", "pyfolio", "freqtrade", "lean", "qlib"]

_FEWEST_CLOSES = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One number of a library, under the library's own name."""

    name: str
    unit: Unit
    formula: str
    compute: Callable[[Record], Number | None]


@dataclass(frozen=True, slots=True)
class Convention:
    """A library's numbers as of a version.

    fed : what the library is given of a run. frequency, day_count, open_trades : as in the measures dictionary, for all
    of its entries. source : where the formulas come from and how they were checked.
    """

    library: Library
    version: str
    fed: str
    frequency: str
    day_count: str
    open_trades: str
    source: str
    entries: tuple[Entry, ...]

    def of(self, record: Record) -> dict[str, Number | None]:
        """Return every number of a record; None where the library has none, or one that is not finite.

        Fewer than two returns have no numbers at all.
        """
        if len(record.days) < _FEWEST_CLOSES:
            return dict.fromkeys(entry.name for entry in self.entries)
        with np.errstate(divide="ignore", invalid="ignore"):
            return {entry.name: _finite(entry.compute(record)) for entry in self.entries}


def _finite(value: Number | None) -> Number | None:
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(value)
