"""Bars of a day, a week or a month, made of the rows of a panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from midas.kernels import longer
from midas.marketdata.closing import closing_of
from midas.marketdata.panel import Panel
from midas.venues.calendar import Calendar, Period
from midas.venues.catalogue import venue

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Periods:
    """Which longer bar each row belongs to.

    bar : counted from the panel's first row, without holes: a week without a session is none.
    ends : the row completes its bar. The calendar says so in advance; a row after it begins the next bar. A bar whose
        last session is missing from the data is complete when a row of the next one comes. Where several rows are one
    session, those after its close (see `Closing`) belong to the bar to come.
    """

    bar: NDArray[np.int64]
    ends: NDArray[np.bool_]

    @property
    def completed(self) -> NDArray[np.int64]:
        """The last complete bar on each row, -1 before the first."""
        return np.where(self.ends, self.bar, self.bar - 1)


def rows_a_day(panel: Panel) -> int:
    """Return the most rows a session of a panel has."""
    if panel.stamps is None or not panel.rows:
        return 1
    return int(np.diff(panel.begins, append=panel.rows).max())


def calendar_of(panel: Panel) -> Calendar:
    """Return the calendar of a panel's venue."""
    return venue(panel.venue, panel.currency).calendar


def periods_in(panel: Panel, period: Period) -> Periods:
    """Return the days, weeks or months of a panel's rows."""
    calendar = calendar_of(panel)
    closes = None if panel.stamps is None else closing_of(panel, calendar).closes
    return periods_of(period, calendar, panel.sessions, closes)


def periods_of(
    period: Period, calendar: Calendar, sessions: NDArray[np.datetime64], closes: NDArray[np.bool_] | None = None
) -> Periods:
    """Return the days, weeks or months of rows of these sessions; later rows change nothing for earlier ones.

    `closes` tells which rows close their session where several rows are one; see `Closing`.
    """
    ends = np.ones(len(sessions), np.bool_) if period == "day" else calendar.last_sessions(period, sessions)
    days = sessions.astype("datetime64[D]")
    number = period_number(period, days)
    changes = np.append(True, number[1:] != number[:-1])[: len(days)]
    if closes is None:
        return Periods(np.cumsum(changes | np.append(True, ends[:-1])[: len(days)]) - 1, ends)
    ends = ends & closes
    before: NDArray[np.int64] = np.cumsum(ends) - ends
    group = np.cumsum(changes) - 1
    return Periods(group + (before > before[np.flatnonzero(changes)][group]), ends)


def period_number(period: Period, days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return a number for each day, the same within a day, a week or a month."""
    if period == "month":
        return days.astype("datetime64[M]").astype(np.int64)
    return days.astype(np.int64) if period == "day" else (days.astype(np.int64) + 3) // 7


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
    # read-only, whoever asks: it is compiled ahead for one kind of tiles alone
    shown = tiles.view()
    shown.flags.writeable = False
    longer.fold(_RULES.get(field.removeprefix("raw_"), longer.LAST), shown, bar, first, stop, bars)


def longer_bars(field: str, tiles: Floats, of: Periods, first: int, stop: int) -> Floats:
    """Return a field as (tile, bar, lane), made of rows first..stop alone; NaN before them."""
    bars = np.full((tiles.shape[0], int(of.bar[stop - 1]) + 1, tiles.shape[2]), np.nan)
    fold_in(field, tiles, of.bar, first, stop, bars)
    return bars
