"""Bars of a week or a month, made of the rows of a panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import DataBlocked
from midas.kernels import longer
from midas.marketdata.panel import Panel
from midas.venues.calendar import Calendar, Period
from midas.venues.catalogue import venue

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Periods:
    """Which longer bar each row belongs to.

    bar : counted from the panel's first row, without holes: a week without a session is none.
    ends : the row completes its bar. The calendar says so in advance; a row after it begins the next bar. A bar whose
        last session is missing from the data is complete when a row of the next one comes.
    """

    bar: NDArray[np.int64]
    ends: NDArray[np.bool_]

    @property
    def completed(self) -> NDArray[np.int64]:
        """The last complete bar on each row, -1 before the first."""
        return np.where(self.ends, self.bar, self.bar - 1)


def calendar_of(panel: Panel) -> Calendar:
    """Return the calendar of a panel's venue.

    Raises
    ------
    DataBlocked: the panel's bars are not days.
    """
    if not panel.timeframe.is_daily:
        raise DataBlocked(
            f"Weeks and months are made of daily bars, not of {panel.timeframe}.", hint="Use a daily dataset."
        )
    return venue(panel.venue, panel.currency).calendar


def periods_of(period: Period, calendar: Calendar, sessions: NDArray[np.datetime64]) -> Periods:
    """Return the weeks or months of rows with these dates; later rows change nothing for earlier ones."""
    ends = calendar.last_sessions(period, sessions)
    days = sessions.astype("datetime64[D]")
    number = days.astype("datetime64[M]").astype(np.int64) if period == "month" else (days.astype(np.int64) + 3) // 7
    begins = np.append(True, (number[1:] != number[:-1]) | ends[:-1])[: len(days)]
    return Periods(np.cumsum(begins) - 1, ends)


_RULES: Mapping[str, int] = MappingProxyType(
    {
        "open": longer.FIRST,
        "high": longer.HIGHEST,
        "low": longer.LOWEST,
        "close": longer.LAST,
        "volume": longer.SUM,
        "turnover": longer.SUM,
    }
)


def fold_in(field: str, tiles: Floats, bar: NDArray[np.int64], first: int, stop: int, bars: Floats) -> None:
    """Add rows first..stop of a field, (tile, row, lane), to the `bars` they belong to, (tile, bar, lane)."""
    longer.fold(_RULES.get(field.removeprefix("raw_"), longer.LAST), tiles, bar, first, stop, bars)


def longer_bars(field: str, tiles: Floats, of: Periods, first: int, stop: int) -> Floats:
    """Return a field as (tile, bar, lane), made of rows first..stop alone; NaN before them."""
    bars = np.full((tiles.shape[0], int(of.bar[stop - 1]) + 1, tiles.shape[2]), np.nan)
    fold_in(field, tiles, of.bar, first, stop, bars)
    return bars
