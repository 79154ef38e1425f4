"""Bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from midas.core.instrument import InstrumentId


@dataclass(frozen=True, slots=True)
class Bar:
    """Prices of one instrument over one session, in the venue's currency; None where nothing traded."""

    instrument: InstrumentId
    session: date
    open: float | None
    high: float | None
    low: float | None
    close: float
    volume: float | None
    turnover: float | None = None
