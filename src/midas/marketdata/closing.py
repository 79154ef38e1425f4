"""The bar that closes a trading day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from midas.marketdata.panel import Panel
from midas.venues.calendar import Calendar, Days

Stamps = NDArray[np.datetime64]


def closing_rows(panel: Panel, calendar: Calendar) -> NDArray[np.bool_]:
    """Tell which rows close their session; on a daily panel every row does.

    Of an intraday session it is the first bar at or after the close the calendar has for it, or midnight where it has
    none: nothing later is needed to know it. A session without such a bar has no row that closes it, for which bar was
    its last is known only when a later session has begun.
    """
    if panel.stamps is None or not panel.rows:
        return np.ones(panel.rows, np.bool_)
    days = panel.sessions
    begins = np.append(True, days[1:] != days[:-1])
    first = np.flatnonzero(begins)
    number = np.cumsum(begins) - 1
    late = panel.stamps >= _scheduled(days[first], calendar)[number]
    return np.asarray(late & (begins | ~np.append(False, late[:-1])))


def _scheduled(days: Days, calendar: Calendar) -> Stamps:
    # Days of the table have hours; a market without any trades around the clock, to midnight in its own zone.
    told = np.isin(days, calendar.days)
    if calendar.hours:
        told &= days >= np.datetime64(calendar.hours[0].valid_from)
    else:
        told[:] = False
    found = [
        _close(day, calendar) if hours else _midnight_after(day, calendar.timezone)
        for day, hours in zip(days.tolist(), told.tolist(), strict=True)
    ]
    return np.array(found, "datetime64[s]")


def _close(day: date, calendar: Calendar) -> np.datetime64:
    return np.datetime64(calendar.hours_utc(day)[1].astimezone(UTC).replace(tzinfo=None), "s")


def _midnight_after(day: date, timezone: str) -> np.datetime64:
    local = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone))
    return np.datetime64(local.astimezone(UTC).replace(tzinfo=None), "s")
