"""Bars of a week or a month, made of the rows of a panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import DataBlocked
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


def _first(so_far: Floats, value: Floats) -> Floats:
    return np.where(np.isnan(so_far), value, so_far)


def _last(so_far: Floats, value: Floats) -> Floats:
    return np.where(np.isnan(value), so_far, value)


def _sum(so_far: Floats, value: Floats) -> Floats:
    return np.where(np.isnan(so_far), value, np.where(np.isnan(value), so_far, so_far + value))


_RULES: Mapping[str, Callable[[Floats, Floats], Floats]] = MappingProxyType(
    {"open": _first, "high": np.fmax, "low": np.fmin, "close": _last, "volume": _sum, "turnover": _sum}
)


def merged(field: str, so_far: Floats, value: Floats) -> Floats:
    """Return a field of a bar with one row more; rows without a value are passed over."""
    return _RULES.get(field.removeprefix("raw_"), _last)(so_far, value)


def longer_bars(field: str, tiles: Floats, of: Periods, first: int, stop: int) -> Floats:
    """Return a field as (tile, bar, lane), made of rows first..stop alone, row after row as live; NaN before them."""
    number = of.bar[first:stop]
    starts = first + np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    lengths = np.diff(np.append(starts, stop))
    bars = np.full((tiles.shape[0], number[-1] + 1, tiles.shape[2]), np.nan)
    for nth in range(lengths.max()):
        reach = lengths > nth
        at = number[0] + np.flatnonzero(reach)
        bars[:, at] = merged(field, bars[:, at], tiles[:, starts[reach] + nth])
    return bars
