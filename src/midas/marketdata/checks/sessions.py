"""Bars against the venue's calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.marketdata.checks.breach import Breach, error, warning
from midas.venues.calendar import Calendar


def check_sessions(bars: pl.DataFrame, calendar: Calendar, *, dated: bool) -> Iterator[Breach]:
    """Find missing sessions and bars on closed days in sorted bars (`row symbol ts`).

    Without dated rules (`dated` off) the calendar only knows weekdays, so the sessions are those the bars themselves
    have. Days beyond the calendar are not judged.
    """
    days = bars["ts"].cast(pl.Date).to_numpy().astype("datetime64[D]")
    sessions = _sessions(np.unique(days), calendar, dated=dated)
    if len(sessions) == 0:
        return
    row = bars["row"].to_numpy().astype(np.int64)
    place = np.searchsorted(sessions, days)
    known = (days >= sessions[0]) & (days <= sessions[-1])
    closed = known & (sessions[np.minimum(place, len(sessions) - 1)] != days)
    # a bar of a day without trading can only be an error, and fills would happen on it
    yield error("closed_day", row[closed], "the venue was closed that day by its calendar")
    yield from _gaps(bars, row, days, place, closed, known)


def _sessions(days: NDArray[np.datetime64], calendar: Calendar, *, dated: bool) -> NDArray[np.datetime64]:
    if not dated:
        return days
    first: date = max(days[0].item(), calendar.first)
    last: date = min(days[-1].item(), calendar.last)
    return calendar.sessions(first, last) if first <= last else days[:0]


def _gaps(
    bars: pl.DataFrame,
    row: NDArray[np.int64],
    days: NDArray[np.datetime64],
    place: NDArray[np.int64],
    closed: NDArray[np.bool_],
    known: NDArray[np.bool_],
) -> Iterator[Breach]:
    symbol = bars["symbol"].rle_id().to_numpy()
    usable = np.flatnonzero(known & ~closed)
    step = np.diff(place[usable])
    jump = np.flatnonzero((step > 1) & (symbol[usable][1:] == symbol[usable][:-1]))
    after = usable[jump + 1]
    details = [
        f"{missing} session{'s' if missing > 1 else ''} missing before it, since {days[before]}"
        for missing, before in zip(step[jump] - 1, usable[jump], strict=True)
    ]
    yield warning("gap", row[after], *details)
