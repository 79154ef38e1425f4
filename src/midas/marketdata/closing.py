"""Where a trading day closes among bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from midas.marketdata.panel import Panel
from midas.venues.calendar import Calendar, Days

Stamps = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Closing:
    """What the official close of its session is to each row: that of the calendar, midnight where it has none.

    closes : the first bar of the session that ended at or after the close: nothing later is needed to know it. A
        session without such a bar has none.
    late : the bar began at or after the close.
    ends : the last bar of the session that is not late. It is known at the close, by the clock where no bar ends there:
        on the row itself if that `closes`, else once nothing else can come before the close. On the last row of a panel
        whose session was not over it is not known.
    """

    closes: NDArray[np.bool_]
    late: NDArray[np.bool_]
    ends: NDArray[np.bool_]


def closing_of(panel: Panel, calendar: Calendar) -> Closing:
    """Return where the sessions of a panel close; every row of a daily one is a session."""
    rows = panel.rows
    if panel.stamps is None or not rows:
        return Closing(np.ones(rows, np.bool_), np.zeros(rows, np.bool_), np.ones(rows, np.bool_))
    days = panel.sessions
    begins = np.append(True, days[1:] != days[:-1])
    close = _scheduled(days[begins], calendar)[np.cumsum(begins) - 1]
    after = panel.stamps >= close
    closes = after & (begins | ~np.append(False, after[:-1]))
    within = ~after | (closes & (panel.stamps - np.timedelta64(panel.timeframe.seconds, "s") < close))
    followed = np.append(begins[1:] | ~within[1:], after[-1])
    return Closing(closes, ~within, within & followed)


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
